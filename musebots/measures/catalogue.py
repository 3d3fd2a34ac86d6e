"""The measures of one part by name, for tables and for whoever wants to steer by them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from musebots.arrays import FloatArray
from musebots.harmony import Harmony
from musebots.measures import drums, form, harmony, pitch, rhythm
from musebots.measures.part import Part

__all__ = ["DRUM_MEASURES", "HARMONIC_MEASURES", "HISTOGRAMS", "PITCHED_MEASURES", "Measure"]

Measure = Callable[[Part], float]

_LAGS = (1, 2, 4, 8)
_BARS: dict[str, Measure] = {
    f"{what} similarity, lag {lag}": partial(form.bar_similarity, lag=lag, what=what)
    for lag in _LAGS
    for what in ("pitch", "rhythm")
}

PITCHED_MEASURES: Mapping[str, Measure] = {
    "pitch-class entropy": pitch.pitch_class_entropy,
    "pitch entropy": pitch.pitch_entropy,
    "scale consistency": pitch.scale_consistency,
    "pitch range": pitch.pitch_range,
    "distinct pitches": pitch.n_pitches,
    "mean pitch": pitch.mean_pitch,
    "mean interval": pitch.mean_abs_interval,
    "repeated notes": pitch.repeat_rate,
    "steps": pitch.step_rate,
    "leaps": pitch.leap_rate,
    "notes per bar": rhythm.notes_per_bar,
    "IOI entropy": rhythm.ioi_entropy,
    "groove consistency": rhythm.groove_consistency,
    "syncopation": rhythm.syncopation,
    "empty bars": rhythm.empty_bar_rate,
    "empty beats": rhythm.empty_beat_rate,
    "rests": rhythm.rest_step_rate,
    "exact bar repeats": form.exact_bar_repeat_rate,
    **_BARS,
}
"""Of melody and bass."""

DRUM_MEASURES: Mapping[str, Measure] = {
    "hits per bar": rhythm.notes_per_bar,
    "onset steps per bar": drums.onset_steps_per_bar,
    "polyphony": drums.polyphony,
    "drums used": drums.n_drums,
    "token entropy": drums.token_entropy,
    "kicks per bar": partial(drums.hits_per_bar_of, drum="kick"),
    "snares per bar": partial(drums.hits_per_bar_of, drum="snare"),
    "kick on 1": drums.kick_on_one_rate,
    "snare on 2 and 4": drums.backbeat_rate,
    "IOI entropy": rhythm.ioi_entropy,
    "groove consistency": rhythm.groove_consistency,
    "syncopation": drums.kick_snare_syncopation,
    "empty bars": rhythm.empty_bar_rate,
    "exact bar repeats": form.exact_bar_repeat_rate,
    **{name: measure for name, measure in _BARS.items() if name.startswith("pitch")},
}
"""Of drums in 4/4; the pitch of a hit is the drum."""

HISTOGRAMS: Mapping[str, Callable[[Part], FloatArray]] = {
    "intervals": pitch.interval_histogram,
    "IOIs": rhythm.ioi_histogram,
}

HARMONIC_MEASURES: Mapping[str, Callable[[Part, Harmony], float]] = {
    "chord tones": harmony.chord_tone_rate,
    "chord tones on beats": harmony.chord_tone_rate_on_beats,
    "root at chord change": harmony.root_at_change_rate,
}
"""Of melody and bass, against the chords."""
