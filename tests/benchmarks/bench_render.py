"""How fast a piece renders, and scheduler and MIDI file alone.

Run: ``python tests/benchmarks/bench_render.py``. It prints ratios; nothing here is a test.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from director.outputs.midifile import MidiFileOutput
from director.playback import Playback
from ensembles.config import load_piece
from ensembles.rendering import render
from musebots.clock import Clock
from musebots.notes import Note
from musebots.offline import run_offline

N_BARS = 256
N_NOTES = 100_000


def bench_render() -> None:
    """The whole trio, networks and datagrams included."""
    for name in ("trio", "waltz", "nightfall"):
        report = render(load_piece(name), bars=N_BARS, seed=1)
        print(
            f"render {name} --bars {N_BARS}: {sum(report.notes_per_bot.values())} notes, "
            f"{report.music_seconds:.0f} s of music in {report.wall_seconds:.2f} s: "
            f"{report.music_seconds / report.wall_seconds:.0f} x real time"
        )


async def schedule(path: Path) -> float:
    """Seconds for `N_NOTES` notes from `Note` to the file."""
    score = load_piece("trio").score(bars=4096)
    output = MidiFileOutput(path)
    await output.open(score)
    notes = [
        Note(onset=i * 16384 / N_NOTES, pitch=40 + i % 40, duration=0.3) for i in range(N_NOTES)
    ]
    clock = Clock()
    clock.tempo_map, clock.meter_map = score.tempo_map, score.meter_map
    playback = Playback(score, clock, [output])
    clock.start(asyncio.get_running_loop().time() + 1.0)
    playback.start()
    started = time.perf_counter()
    for start in range(0, N_NOTES, 64):
        playback.add("melody", notes[start : start + 64])
        await clock.until(notes[start].onset - 1.0)
    playback.finish(score.end_tick)
    await output.close()
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    bench_render()
    with tempfile.TemporaryDirectory() as folder:
        seconds = run_offline(schedule(Path(folder) / "out.mid"))
    print(
        f"scheduler and file alone: {N_NOTES} notes in {seconds:.2f} s: {N_NOTES / seconds:.0f}/s"
    )


if __name__ == "__main__":
    main()
