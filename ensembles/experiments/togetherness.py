"""How well melody, bass and drums go together, as numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from musebots.harmony import ChordSpan, Harmony
from musebots.hearing.estimate import chroma_of, estimate_chords, estimate_key
from musebots.measures import Part, band, harmony
from musebots.timebase import PPQ

__all__ = ["MEASURES", "estimated", "moved", "together"]

MEASURES = (
    "melody chord tones on strong beats",
    "bass root at chord change",
    "melody chord tones on strong beats, chords estimated alike",
    "bass root at chord change, chords estimated alike",
    "melody-bass consonance",
    "unisons of melody and bass",
    "clashes on beats",
    "pitch-class cosine of melody and bass",
    "bass onsets on a kick",
    "kicks with a bass onset",
    "onset Jaccard of melody and bass",
    "onset Jaccard of bass and drums",
    "complementarity of melody and bass",
    "complementarity of melody and drums",
    "bars with all three",
    "bars with at least two",
)
"""In the order of the tables."""


def together(
    parts: Mapping[str, Part], melody_chords: Harmony, bass_chords: Harmony
) -> dict[str, float]:
    """Every measure of one piece.

    Parameters
    ----------
    parts : mapping of str to Part
        melody, bass and drums, equally long.
    melody_chords, bass_chords : Harmony
        What each is measured against.
    """
    melody, bass, drums = parts["melody"], parts["bass"], parts["drums"]
    alike = estimated(melody, bass)
    values = (
        harmony.chord_tone_rate_on_strong_beats(melody, melody_chords),
        harmony.root_at_change_rate(bass, bass_chords),
        harmony.chord_tone_rate_on_strong_beats(melody, alike),
        harmony.root_at_change_rate(bass, alike),
        band.melody_bass_consonance(melody, bass),
        band.unison_rate(melody, bass),
        band.clash_rate(melody, bass),
        band.pitch_class_cosine(melody, bass),
        band.onset_on_kick_rate(bass, drums),
        band.kick_on_bass_rate(bass, drums),
        band.onset_jaccard(melody, bass),
        band.onset_jaccard(bass, drums),
        band.density_complementarity(melody, bass),
        band.density_complementarity(melody, drums),
        band.bars_with_at_least([melody, bass, drums], 3),
        band.bars_with_at_least([melody, bass, drums], 2),
    )
    return dict(zip(MEASURES, values, strict=True))


def estimated(*parts: Part) -> Harmony:
    """The chords that the notes of these parts suggest, beat by beat."""
    n_beats = parts[0].n_bars * parts[0].time_signature.bar_ticks // PPQ
    notes = [
        (float(t), float(length), int(pitch))
        for part in parts
        for t, length, pitch in zip(part.onset_ticks, part.duration_ticks, part.pitch, strict=True)
    ]
    chroma = chroma_of(notes, np.arange(n_beats + 1, dtype=np.float64) * PPQ)
    key = estimate_key(chroma.sum(axis=0))
    spans = [
        ChordSpan(beat * PPQ, PPQ, chord) for beat, chord in enumerate(estimate_chords(chroma, key))
    ]
    return Harmony(key, tuple(spans))


def moved(part: Part, semitones: int) -> Part:
    """The part in another key, moved by -6..5 semitones."""
    shift = (semitones + 6) % 12 - 6
    return Part(
        part.onset_ticks,
        part.pitch + shift,
        part.duration_ticks,
        part.velocity,
        part.n_bars,
        part.time_signature,
    )
