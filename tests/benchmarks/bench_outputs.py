"""What the outputs cost: notes a second into a MIDI file, punctuality, sound faster than time.

Run ``python tests/benchmarks/bench_outputs.py [midi] [deadlines] [wav]``.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from director.outputs.audio import WavOutput
from director.outputs.base import NoteOff, NoteOn, Output, OutputEvent
from director.outputs.deadline import DeadlineThread
from director.outputs.midifile import MidiFileOutput
from director.score import Score, SectionTemplate, Strip, lay_out
from musebots.errors import OutputUnavailable
from musebots.harmony import Key, parse_chords
from musebots.timebase import PPQ, MeterMap, TempoMap

BPM = 96
STRIPS = (
    Strip("melody", "melody", 0, 11, -2.0, -0.3),
    Strip("bass", "bass", 1, 33),
    Strip("drums", "drums", 9, pan=0.1),
)


def trio_score(n_bars: int) -> Score:
    """A score of `n_bars` in 4/4."""
    meter_map = MeterMap()
    template = SectionTemplate("A", 4, parse_chords("C | Am | F | G", beats_per_bar=4), Key())
    passages = lay_out([template], n_bars=n_bars, meter_map=meter_map)
    return Score("bench", TempoMap.constant(BPM), meter_map, passages, n_bars, STRIPS)


def trio_events(score: Score) -> list[OutputEvent]:
    """About 25 notes a bar on three strips, in the Director's order."""
    patterns = {
        "melody": [(step, 72 + (step * 5) % 12, 1) for step in range(0, 16, 2)],
        "bass": [(step, 36 + (step % 3) * 5, 2) for step in (0, 6, 8, 14)],
        "drums": [(step, 42, 1) for step in range(0, 16, 2)]
        + [(step, 36 if step % 8 == 0 else 38, 1) for step in (0, 4, 8, 12)]
        + [(14, 46, 1)],
    }
    keyed: list[tuple[tuple[int, int, int, int], OutputEvent]] = []
    for bar in range(score.n_bars):
        for strip in score.strips:
            for step, pitch, length in patterns[strip.bot_id]:
                on = score.meter_map.bar_tick(bar) + step * PPQ // 4
                off = on + length * PPQ // 4 - 10
                where = (strip.bot_id, strip.channel, pitch)
                seconds = score.tempo_map.seconds_at
                keyed.append(((on, 1, strip.channel, pitch), NoteOn(on, seconds(on), *where, 90)))
                keyed.append(((off, 0, strip.channel, pitch), NoteOff(off, seconds(off), *where)))
    return [event for _, event in sorted(keyed, key=lambda pair: pair[0])]


async def seconds_to_write(output: Output, score: Score, events: list[OutputEvent]) -> float:
    """Wall seconds from the first event to the finished file."""
    await output.open(score)
    output.start(0.0)
    begin = time.perf_counter()
    for event in events:
        output.send(event)
    await output.close()
    return time.perf_counter() - begin


def bench_midi(folder: Path) -> None:
    """Notes a second, from events to the file on disk."""
    score = trio_score(1024)
    events = trio_events(score)
    wall = asyncio.run(seconds_to_write(MidiFileOutput(folder / "x.mid"), score, events))
    n_notes = len(events) // 2
    print(f"midifile   {n_notes} notes in {wall:.2f} s: {n_notes / wall:,.0f} notes/s")


def bench_wav(folder: Path) -> None:
    """Seconds of music a second of rendering, from events to the mastered file on disk."""
    for n_bars in (16, 64):
        score = trio_score(n_bars)
        before = sum(os.times()[2:4])
        output = WavOutput(folder / "x.wav")
        try:
            wall = asyncio.run(seconds_to_write(output, score, trio_events(score)))
        except OutputUnavailable as error:
            print(f"wav        {error}")
            return
        cpu = sum(os.times()[2:4]) - before
        music = score.tempo_map.seconds_at(score.end_tick) + 3.0
        print(
            f"wav        {n_bars} bars, {music:.0f} s of music: {wall:.2f} s, {music / wall:.0f} x"
            f" real time by the wall, {music / cpu:.0f} x by CPU time"
        )


def lateness_ms(seconds: float = 10.0, interval_seconds: float = 0.0625) -> np.ndarray:
    """How late a deadline thread makes its calls, in ms."""
    thread, done = DeadlineThread(), threading.Event()
    late: list[float] = []
    start = time.monotonic() + 0.1
    n_calls = round(seconds / interval_seconds)
    for n in range(n_calls):
        due = start + n * interval_seconds
        thread.call_at(due, lambda due=due: late.append(time.monotonic() - due))
    thread.call_at(start + seconds, done.set)
    thread.start()
    done.wait()
    thread.stop()
    return np.array(late) * 1000


def burn(stop: multiprocessing.synchronize.Event) -> None:
    """Keep a core busy."""
    while not stop.is_set():
        sum(range(10_000))


def bench_deadlines() -> None:
    """Lateness on the machine as it is, and with a busy process on every core."""
    stop = multiprocessing.Event()
    for title, n_burners in (("as it is", 0), ("loaded", os.cpu_count() or 1)):
        burners = [multiprocessing.Process(target=burn, args=(stop,)) for _ in range(n_burners)]
        for burner in burners:
            burner.start()
        late = lateness_ms()
        stop.set()
        for burner in burners:
            burner.join()
        p50, p99 = np.percentile(late, [50, 99])
        print(
            f"deadlines  {title:8}: late by p50 {p50:.3f}, p99 {p99:.3f}, max {late.max():.3f} ms "
            f"({late.size} calls, 16 a second)"
        )


def main(wanted: list[str]) -> None:
    """Run the benchmarks named, or all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not wanted or "midi" in wanted:
            bench_midi(folder)
        if not wanted or "deadlines" in wanted:
            bench_deadlines()
        if not wanted or "wav" in wanted:
            bench_wav(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
