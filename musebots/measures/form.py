"""What returns: bars like earlier bars. Pure."""

from __future__ import annotations

from typing import Literal

import numpy as np

from musebots.measures.part import Part

__all__ = ["bar_similarity", "distinct_bar_rate", "exact_bar_repeat_rate"]


def bar_similarity(part: Part, lag: int, what: Literal["pitch", "rhythm"] = "pitch") -> float:
    """How much of a bar is in the one `lag` bars later: mean Jaccard index, 0..1.

    Parameters
    ----------
    part : Part
    lag : int
        >= 1; 4 and 8 show phrases, 1 shows ostinati.
    what : {"pitch", "rhythm"}
        Compare (place in the bar, pitch) of every onset, or the places alone. For drums the pitch
        is the instrument.

    Returns
    -------
    float
        ``mean_b |A_b & A_(b+lag)| / |A_b | A_(b+lag)|`` over the pairs of bars in which something
        starts; NaN where there are none.

    Notes
    -----
    The self-similarity matrix of J. Foote, Visualizing music and audio using self-similarity, ACM
    Multimedia 1999, on symbols, averaged along its diagonal `lag`.
    """
    if lag < 1:
        raise ValueError(f"lag must be >= 1, got {lag}")
    bars: list[frozenset[object]] = (
        [frozenset(bar) for bar in part.bar_contents]
        if what == "pitch"
        else [frozenset(np.flatnonzero(bar).tolist()) for bar in part.onset_grid]
    )
    found = [
        len(a & b) / len(a | b) for a, b in zip(bars[:-lag], bars[lag:], strict=True) if a and b
    ]
    return float(np.mean(found)) if found else float("nan")


def exact_bar_repeat_rate(part: Part) -> float:
    """Share of bars that came before, note for note (onsets and pitches), the empty ones aside."""
    bars = [bar for bar in part.bar_contents if bar]
    return 1.0 - len(set(bars)) / len(bars) if bars else float("nan")


def distinct_bar_rate(part: Part) -> float:
    """Share of the bars that is new when it comes: 1 - `exact_bar_repeat_rate`."""
    return 1.0 - exact_bar_repeat_rate(part)
