"""How parts go together. All parts of a piece have the same bars. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musebots.arrays import IntArray
from musebots.drumkit import KICK
from musebots.measures.part import STEP_TICKS, BoolArray, Part

__all__ = [
    "bars_with_at_least",
    "clash_rate",
    "density_complementarity",
    "kick_on_bass_rate",
    "melody_bass_consonance",
    "onset_coincidence",
    "onset_jaccard",
    "onset_on_kick_rate",
    "pitch_class_cosine",
    "unison_rate",
]

CONSONANT = (0, 3, 4, 5, 7, 8, 9)
"""Pitch classes above the bass that do not rub: unison, thirds, fourth, fifth, sixths."""


def onset_coincidence(part: Part, other: Part) -> float:
    """Share of a part's onsets at which another one starts a note, too."""
    own, others = _onsets(part), _onsets(other)
    return float((own & others).sum() / own.sum()) if own.any() else float("nan")


def onset_jaccard(part: Part, other: Part) -> float:
    """Onsets that two parts share, over the onsets that any of them has."""
    own, others = _onsets(part), _onsets(other)
    n_any = int((own | others).sum())
    return float((own & others).sum() / n_any) if n_any else float("nan")


def onset_on_kick_rate(part: Part, drums: Part) -> float:
    """Share of a part's onsets that fall on a bass drum: how the bass locks to it."""
    return onset_coincidence(part, _kicks(drums))


def kick_on_bass_rate(bass: Part, drums: Part) -> float:
    """Share of bass drum strokes, in bars in which the bass plays, that a bass note goes with."""
    kicks, bass_onsets = _onsets(_kicks(drums)), _onsets(bass)
    plays = np.repeat(bass.onset_grid.any(axis=1), bass.steps_per_bar)
    counted = kicks & plays
    return float((counted & bass_onsets).sum() / counted.sum()) if counted.any() else float("nan")


def melody_bass_consonance(melody: Part, bass: Part) -> float:
    """Share of melody onsets over a sounding bass note that are consonant with it.

    Notes
    -----
    Melody minus bass, modulo 12, in `CONSONANT`; the fourth counts, as it does above a pedal.
    """
    above = _above_bass(melody, bass, np.ones(len(melody), dtype=bool))
    return float(np.isin(above, CONSONANT).mean()) if len(above) else float("nan")


def clash_rate(melody: Part, bass: Part) -> float:
    """Share of melody notes on a beat that rub against the bass: a minor second, or its inversion.

    Notes
    -----
    Melody minus bass, modulo 12, is 1 or 11; counted are onsets on a beat over a sounding bass.
    """
    on_beat = melody.steps * STEP_TICKS % melody.beat_ticks == 0
    above = _above_bass(melody, bass, on_beat)
    return float(np.isin(above, (1, 11)).mean()) if len(above) else float("nan")


def unison_rate(melody: Part, bass: Part) -> float:
    """Share of melody onsets over a sounding bass that double its pitch class."""
    above = _above_bass(melody, bass, np.ones(len(melody), dtype=bool))
    return float((above == 0).mean()) if len(above) else float("nan")


def pitch_class_cosine(part: Part, other: Part) -> float:
    """How alike the pitch classes of two parts are: cosine of their histograms, 0..1."""
    a, b = (np.bincount(p.pitch % 12, minlength=12).astype(float) for p in (part, other))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b / norm) if norm else float("nan")


def density_complementarity(part: Part, other: Part) -> float:
    """Whether one plays less where the other plays more: minus the correlation over bars, -1..1.

    Notes
    -----
    Pearson's correlation of onsets per bar, with its sign turned: 1 is taking turns, -1 is rising
    and falling together, about 0 is not caring. NaN where a part has the same density throughout.
    """
    a, b = (p.onset_grid.sum(axis=1).astype(float) for p in (part, other))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return -float(np.corrcoef(a, b)[0, 1])


def bars_with_at_least(parts: Sequence[Part], n_playing: int) -> float:
    """Share of bars in which at least `n_playing` parts start a note."""
    playing = np.array([part.onset_grid.any(axis=1) for part in parts]).sum(axis=0)
    return float((playing >= n_playing).mean())


def _onsets(part: Part) -> BoolArray:
    return part.onset_grid.reshape(-1)


def _kicks(drums: Part) -> Part:
    return drums.only(drums.pitch == KICK)


def _above_bass(melody: Part, bass: Part, counted: BoolArray) -> IntArray:
    """Pitch classes above the sounding bass at the melody's onsets that are `counted`."""
    sounding = _sounding_pitch(bass)
    below = sounding[melody.steps[counted]]
    above = (melody.pitch[counted] - below) % 12
    return above[below >= 0]


def _sounding_pitch(part: Part) -> IntArray:
    """The pitch that sounds on every step, -1 in silence; a later note replaces an earlier one."""
    pitch = np.full(part.n_steps, -1, dtype=np.int64)
    ends = part.onset_ticks + part.duration_ticks
    lasts = np.maximum((ends + STEP_TICKS // 2) // STEP_TICKS, part.steps + 1)
    rows = zip(part.steps.tolist(), lasts.tolist(), part.pitch.tolist(), strict=True)
    for first, last, value in rows:
        pitch[first:last] = value
    return pitch
