"""When notes start, and where there is silence. Pure; sources as in `musebots.measures.pitch`."""

from __future__ import annotations

from functools import cache

import numpy as np

from musebots.arrays import FloatArray, IntArray
from musebots.measures.part import STEP_TICKS, Part
from musebots.measures.pitch import entropy_bits
from musebots.timebase import TimeSignature

__all__ = [
    "IOI_BINS",
    "empty_bar_rate",
    "empty_beat_rate",
    "groove_consistency",
    "inter_onset_steps",
    "ioi_entropy",
    "ioi_histogram",
    "metrical_weights",
    "notes_per_active_bar",
    "notes_per_bar",
    "rest_step_rate",
    "silent_bar_rate",
    "syncopation",
]

IOI_BINS = ("1", "2", "3", "4", "6", "8", "other")
_BINNED = (1, 2, 3, 4, 6, 8)
_LONGEST_IOI = 17


def notes_per_bar(part: Part) -> float:
    """Note density: notes, drum hits each counted, over bars."""
    return len(part) / part.n_bars


def notes_per_active_bar(part: Part) -> float:
    """Notes over those bars in which any starts."""
    n_active = int(part.onset_grid.any(axis=1).sum())
    return len(part) / n_active if n_active else float("nan")


def inter_onset_steps(part: Part) -> IntArray:
    """16ths from each onset to the next, (n_onsets - 1,); notes on one step are one onset."""
    return np.diff(np.flatnonzero(part.onset_grid))


def ioi_histogram(part: Part) -> FloatArray:
    """Share of inter-onset intervals by length in 16ths, (7,): `IOI_BINS`; NaN if there are none.

    Notes
    -----
    mgeval counts them in seconds; on a grid, steps say the same without the tempo.
    """
    found = inter_onset_steps(part)
    if not len(found):
        return np.full(len(IOI_BINS), np.nan)
    known = np.array([(found == steps).mean() for steps in _BINNED])
    return np.append(known, max(0.0, 1.0 - known.sum()))


def ioi_entropy(part: Part) -> float:
    """How varied the rhythm is: entropy of inter-onset intervals, in bits.

    Notes
    -----
    In 16ths, all that are longer than a bar of 4/4 counted as one length.
    """
    return entropy_bits(np.bincount(np.minimum(inter_onset_steps(part), _LONGEST_IOI)))


def groove_consistency(part: Part) -> float:
    """How much each bar's rhythm is like the one before: 1 - mean Hamming distance, 0..1.

    Notes
    -----
    ``1 - 1/(T-1) sum_b d(G_b, G_(b+1))`` with `G_b` the bar's binary onset vector and `d` the
    share of its steps that differ: MusPy ``groove_consistency`` with a resolution of four steps a
    quarter; after Wu and Yang, ISMIR 2020, section 4.2.
    """
    grid = part.onset_grid
    return float(1.0 - (grid[1:] != grid[:-1]).mean()) if len(grid) > 1 else float("nan")


def empty_bar_rate(part: Part) -> float:
    """Share of bars in which nothing starts: also those through which a long note goes on."""
    return float(1.0 - part.onset_grid.any(axis=1).mean())


def silent_bar_rate(part: Part) -> float:
    """Share of bars in which nothing sounds.

    Notes
    -----
    MusPy ``empty_measure_rate``, but for two things: MusPy lets a note sound up to and including
    the tick on which it ends, and has the piece end with its last note, counting one bar more
    where that is on a bar line; here the bars are given.
    """
    return float(1.0 - part.sounding.reshape(part.n_bars, -1).any(axis=1).mean())


def empty_beat_rate(part: Part) -> float:
    """Share of beats on which nothing sounds: MusPy ``empty_beat_rate``, as `silent_bar_rate`."""
    beat = part.beat_ticks // STEP_TICKS
    if part.steps_per_bar % beat:
        raise ValueError(f"{part.time_signature} has no whole number of beats")
    return float(1.0 - part.sounding.reshape(-1, beat).any(axis=1).mean())


def rest_step_rate(part: Part) -> float:
    """Share of 16ths in which nothing sounds."""
    return float(1.0 - part.sounding.mean())


@cache
def metrical_weights(time_signature: TimeSignature) -> tuple[int, ...]:
    """How strong each 16th of a bar is: 0 for the bar line, one less for every level below.

    Notes
    -----
    The tree of Longuet-Higgins and Lee (1984), figure 3: the bar, then what it is divided into.

    Examples
    --------
    >>> metrical_weights(TimeSignature(4, 4))[:9]
    (0, -4, -3, -4, -2, -4, -3, -4, -1)
    >>> metrical_weights(TimeSignature(6, 8))
    (0, -3, -2, -3, -2, -3, -1, -3, -2, -3, -2, -3)
    """
    n_steps = time_signature.bar_ticks // STEP_TICKS
    weights = np.full(n_steps, 1)
    span, level = n_steps, 0
    for divisor in _divisors(time_signature):
        weights[::span] = np.where(weights[::span] == 1, level, weights[::span])
        span, level = span // divisor, level - 1
    weights[::span] = np.where(weights[::span] == 1, level, weights[::span])
    return tuple(int(weight) for weight in weights)


def _divisors(signature: TimeSignature) -> list[int]:
    """Into how many a bar is divided, level by level, down to 16ths."""
    if signature.is_compound:
        divisors, steps = [signature.numerator // 3, 3], 16 // signature.denominator
    else:
        divisors, steps = [signature.numerator], 16 // signature.denominator
    if divisors[0] == 4:
        divisors[:1] = [2, 2]
    while steps > 1:
        divisors.append(2)
        steps //= 2
    return [divisor for divisor in divisors if divisor > 1]


def syncopation(part: Part) -> float:
    """How much the rhythm leans against the beat: Longuet-Higgins and Lee, a bar.

    Notes
    -----
    Every onset on a step of weight `N` (`metrical_weights`) lasts, as a sound or a rest, until the
    next; if a step in between has a weight ``R > N``, the pair is a syncopation of strength
    ``R - N``, with the largest such `R`. The sum over the part is divided by its bars. C.
    Longuet-Higgins and C. Lee, The rhythmic interpretation of monophonic music, Music Perception
    1 (4), 1984; summed as in W. T. Fitch and A. J. Rosenfeld, Perception and production of
    syncopated rhythms, Music Perception 25 (1), 2007. After the last onset the part is silent up
    to its end; nothing wraps around.

    Examples
    --------
    >>> from musebots.notes import Note
    >>> syncopation(Part.of([Note(0, 60), Note(1.5, 60), Note(3, 60)], n_bars=1))
    2.0
    """
    weights = np.tile(metrical_weights(part.time_signature), part.n_bars)
    onsets = np.flatnonzero(part.onset_grid)
    ends = np.append(onsets, part.n_steps)[1:]
    total = 0
    for onset, end in zip(onsets.tolist(), ends.tolist(), strict=True):
        if end > onset + 1:
            total += max(0, int(weights[onset + 1 : end].max()) - int(weights[onset]))
    return total / part.n_bars
