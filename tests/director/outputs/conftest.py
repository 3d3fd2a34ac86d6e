"""A small band and what it plays, for the outputs to write down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from director.outputs.base import NoteOff, NoteOn, OutputEvent
from director.score import Score, SectionTemplate, Strip, lay_out
from musebots.harmony import Key, parse_chords
from musebots.notes import Note
from musebots.timebase import MeterMap, TempoMap

STRIPS = (
    Strip("mel", "melody", channel=0, program=11, gain_db=-3.0, pan=-0.5),
    Strip("low", "bass", channel=1, program=33, gain_db=0.0, pan=0.0),
    Strip("kit", "drums", channel=9, program=0, gain_db=-6.0, pan=0.25),
)


@pytest.fixture
def make_score() -> Callable[..., Score]:
    """Build a score with the parts that a test cares about."""

    def make(
        *,
        n_bars: int = 4,
        tempo_map: TempoMap | None = None,
        meter_map: MeterMap | None = None,
        strips: tuple[Strip, ...] = STRIPS,
        keys: tuple[str, ...] = ("C major",),
        title: str = "a test",
    ) -> Score:
        meter_map = meter_map or MeterMap()
        templates = [
            SectionTemplate(name, 2, parse_chords("C | G", beats_per_bar=4), Key.parse(key))
            for name, key in zip("ABCDEFGH", keys, strict=False)
        ]
        return Score(
            title=title,
            tempo_map=tempo_map or TempoMap.constant(120),
            meter_map=meter_map,
            passages=lay_out(templates, n_bars=n_bars, meter_map=meter_map),
            n_bars=n_bars,
            strips=strips,
        )

    return make


@pytest.fixture
def played() -> Callable[..., list[OutputEvent]]:
    """Turn notes into the events of one total order: tick, offs before ons, channel, pitch."""

    def play(score: Score, notes: dict[str, list[Note]]) -> list[OutputEvent]:
        channels = {strip.bot_id: strip.channel for strip in score.strips}
        seconds_at = score.tempo_map.seconds_at
        keyed: list[tuple[tuple[int, int, int, int], OutputEvent]] = []
        for bot_id, of_bot in notes.items():
            channel = channels[bot_id]
            for note in of_bot:
                on, off = note.onset_ticks, note.onset_ticks + note.duration_ticks
                keyed.append(
                    (
                        (on, 1, channel, note.pitch),
                        NoteOn(on, seconds_at(on), bot_id, channel, note.pitch, note.velocity),
                    )
                )
                keyed.append(
                    (
                        (off, 0, channel, note.pitch),
                        NoteOff(off, seconds_at(off), bot_id, channel, note.pitch),
                    )
                )
        return [event for _, event in sorted(keyed, key=lambda pair: pair[0])]

    return play


@pytest.fixture
def two_bars() -> dict[str, list[Note]]:
    """Two bars of melody, bass and drums."""
    return {
        "mel": [Note(beat, 72 + (5 * beat) % 12, 0.9, 100) for beat in range(8)],
        "low": [Note(2 * n, 36 + 7 * (n % 2), 1.5, 100) for n in range(4)],
        "kit": [
            *(Note(n / 2, 42, 0.1, 80) for n in range(16)),
            *(Note(n, 36 if n % 2 == 0 else 38, 0.1, 110) for n in range(8)),
        ],
    }


@pytest.fixture(scope="module")
def make_score_module() -> Callable[[], Score]:
    """A score for tests that run many times on it (Hypothesis)."""
    meter_map = MeterMap()
    template = SectionTemplate("A", 2, parse_chords("C | G", beats_per_bar=4), Key())
    passages = lay_out([template], n_bars=2, meter_map=meter_map)
    score = Score("many", TempoMap.constant(120), meter_map, passages, 2, STRIPS)
    return lambda: score


@pytest.fixture
def event_loop_time() -> Callable[[], float]:
    """The clock that outputs read."""
    return lambda: asyncio.get_running_loop().time()
