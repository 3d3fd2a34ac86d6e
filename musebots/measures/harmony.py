"""A line against the chords that it is played over. Pure."""

from __future__ import annotations

import numpy as np

from musebots.harmony import Harmony
from musebots.measures.part import STEP_TICKS, BoolArray, Part

__all__ = [
    "chord_tone_rate",
    "chord_tone_rate_on_beats",
    "chord_tone_rate_on_strong_beats",
    "chords_per_bar",
    "root_at_change_rate",
]


def chord_tone_rate(part: Part, harmony: Harmony) -> float:
    """Share of notes that belong to the chord in force when they start.

    Notes
    -----
    The chord-tone term of the chord tone to non-chord tone ratio of Yeh et al., Automatic melody
    harmonization with triad chords, Journal of New Music Research 50 (1), 2021, section 4.
    """
    return _rate(part, harmony, np.ones(len(part), dtype=bool))


def chord_tone_rate_on_beats(part: Part, harmony: Harmony) -> float:
    """The same for the notes that start on a beat."""
    return _rate(part, harmony, part.steps * STEP_TICKS % part.beat_ticks == 0)


def chord_tone_rate_on_strong_beats(part: Part, harmony: Harmony) -> float:
    """The same for the notes on the first beat of a bar, and in 4/4 the third."""
    n_beats = part.time_signature.bar_ticks // part.beat_ticks
    every = 2 if n_beats % 2 == 0 and n_beats > 2 else n_beats
    return _rate(part, harmony, part.steps * STEP_TICKS % (every * part.beat_ticks) == 0)


def _rate(part: Part, harmony: Harmony, counted: BoolArray) -> float:
    if not counted.any():
        return float("nan")
    steps, pitches = part.steps[counted].tolist(), part.pitch[counted].tolist()
    is_in = [
        pitch % 12 in harmony.at_tick(step * STEP_TICKS).pitch_classes
        for step, pitch in zip(steps, pitches, strict=True)
    ]
    return float(np.mean(is_in))


def root_at_change_rate(part: Part, harmony: Harmony) -> float:
    """Share of chord changes at which the part plays the new chord's root.

    Notes
    -----
    Counted are the changes to a different chord within the part at whose step a note starts; of
    several notes on that step the lowest counts. The first chord counts as a change.
    """
    lowest: dict[int, int] = {}
    for step, pitch in zip(part.steps.tolist(), part.pitch.tolist(), strict=True):
        lowest[step] = min(pitch, lowest.get(step, pitch))
    hits = []
    before = None
    for span in harmony.spans:
        step = round(span.tick / STEP_TICKS)
        if span.chord != before and step in lowest:
            hits.append(lowest[step] % 12 == span.chord.root_pc)
        before = span.chord
    return float(np.mean(hits)) if hits else float("nan")


def chords_per_bar(part: Part, harmony: Harmony) -> float:
    """Chords that begin within the part, over its bars; a chord that is named again counts once."""
    end_tick = part.n_bars * part.time_signature.bar_ticks
    chords = [span.chord for span in harmony.spans if 0 <= span.tick < end_tick]
    n_changes = sum(a != b for a, b in zip(chords[1:], chords[:-1], strict=True))
    return (n_changes + bool(chords)) / part.n_bars
