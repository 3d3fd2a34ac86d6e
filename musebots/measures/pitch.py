"""Which pitches a line uses, and how it moves from one to the next. Pure.

MusPy: H.-W. Dong et al., MusPy: A Toolkit for Symbolic Music Generation, ISMIR 2020, section 5 and
its ``muspy.metrics``. mgeval: L.-C. Yang and A. Lerch, On the evaluation of generative models in
music, Neural Computing and Applications 32, 2020, section 3.
"""

from __future__ import annotations

import numpy as np

from musebots.arrays import FloatArray, IntArray
from musebots.measures.part import Part

__all__ = [
    "INTERVAL_BINS",
    "entropy_bits",
    "interval_histogram",
    "intervals",
    "leap_rate",
    "mean_abs_interval",
    "mean_pitch",
    "n_pitch_classes",
    "n_pitches",
    "pitch_class_entropy",
    "pitch_entropy",
    "pitch_range",
    "repeat_rate",
    "scale_consistency",
    "step_rate",
]

INTERVAL_BINS = ("0", "1-2", "3-4", "5-7", "8-11", "12+")
_BIN_STARTS = np.array([1, 3, 5, 8, 12])
_MAJOR_SCALE = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], dtype=bool)


def entropy_bits(counts: FloatArray | IntArray) -> float:
    """Shannon entropy of a histogram, in bits; NaN when it is empty.

    Examples
    --------
    >>> entropy_bits(np.array([1, 1, 2]))
    1.5
    """
    total = counts.sum()
    if total == 0:
        return float("nan")
    share = counts[counts > 0] / total
    return float(-(share * np.log2(share)).sum()) + 0.0


def pitch_entropy(part: Part) -> float:
    """How evenly the pitches are used: ``-sum_p P(p) log2 P(p)``, in bits.

    Notes
    -----
    MusPy ``pitch_entropy``: over MIDI pitches, each note counted once.
    """
    return entropy_bits(np.bincount(part.pitch, minlength=128))


def pitch_class_entropy(part: Part) -> float:
    """How evenly the twelve pitch classes are used, in bits; 12 equally: 3.585.

    Notes
    -----
    MusPy ``pitch_class_entropy``, after Wu and Yang, The Jazz Transformer on the Front Line, ISMIR
    2020, section 4.1 (there over bars); here over the whole part.
    """
    return entropy_bits(np.bincount(part.pitch % 12, minlength=12))


def n_pitches(part: Part) -> float:
    """How many different pitches occur (MusPy ``n_pitches_used``; mgeval, pitch count)."""
    return float(len(np.unique(part.pitch)))


def n_pitch_classes(part: Part) -> float:
    """How many different pitch classes occur (MusPy ``n_pitch_classes_used``)."""
    return float(len(np.unique(part.pitch % 12)))


def pitch_range(part: Part) -> float:
    """Highest minus lowest pitch, in semitones (MusPy, mgeval: pitch range)."""
    return float(np.ptp(part.pitch)) if len(part) else float("nan")


def mean_pitch(part: Part) -> float:
    """Where the line lies: its mean MIDI pitch."""
    return float(part.pitch.mean()) if len(part) else float("nan")


def scale_consistency(part: Part) -> float:
    """The largest share of notes that one diatonic scale holds, 0..1.

    Notes
    -----
    MusPy ``scale_consistency``: the largest pitch-in-scale rate over all major and (natural) minor
    scales, which are the same twelve sets; after Mogren, C-RNN-GAN, 2016, section 4.
    """
    if not len(part):
        return float("nan")
    classes = np.bincount(part.pitch % 12, minlength=12)
    return float(max(np.roll(_MAJOR_SCALE, tonic) @ classes for tonic in range(12)) / len(part))


def intervals(part: Part) -> IntArray:
    """Semitones from each note of a line to the next, up positive, (n_notes - 1,)."""
    return np.diff(part.pitch)


def interval_histogram(part: Part) -> FloatArray:
    """Share of steps between notes by size in semitones, (6,): `INTERVAL_BINS`; NaN if none."""
    sizes = np.abs(intervals(part))
    counts = np.bincount(np.searchsorted(_BIN_STARTS, sizes, side="right"), minlength=6)
    return counts / counts.sum() if len(sizes) else np.full(6, np.nan)


def mean_abs_interval(part: Part) -> float:
    """Mean size of a step between notes, in semitones (mgeval: average pitch interval)."""
    return _mean(np.abs(intervals(part)))


def repeat_rate(part: Part) -> float:
    """Share of notes that repeat the one before."""
    return _mean(intervals(part) == 0)


def step_rate(part: Part) -> float:
    """Share of moves by one or two semitones."""
    sizes = np.abs(intervals(part))
    return _mean((sizes == 1) | (sizes == 2))


def leap_rate(part: Part) -> float:
    """Share of moves by more than a fifth (7 semitones)."""
    return _mean(np.abs(intervals(part)) > 7)


def _mean(values: FloatArray | IntArray | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(values.mean()) if len(values) else float("nan")
