"""Intervals by resampling. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["N_RESAMPLES", "interval"]

N_RESAMPLES = 2000


def interval(
    statistic: Callable[[FloatArray], float],
    values: FloatArray,
    rng: np.random.Generator,
    *,
    share: float = 0.95,
) -> tuple[float, float]:
    """The percentile bootstrap interval of a statistic of independent rows.

    Parameters
    ----------
    statistic : callable
        From (n, ...) to a number; called `N_RESAMPLES` times.
    values : array
        (n, ...): one row for each independent case, what belongs together (pairs) in one row.
    rng : numpy.random.Generator
    share : float
        In (0, 1): how much of the resamples lies within.

    Notes
    -----
    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, Chapman and Hall 1993, chapter
    13. Resamples without a value are left out; NaN without any row.
    """
    if not len(values):
        return float("nan"), float("nan")
    found = np.array(
        [statistic(values[rng.integers(len(values), size=len(values))]) for _ in range(N_RESAMPLES)]
    )
    found = found[np.isfinite(found)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, ((1 - share) / 2, (1 + share) / 2))
    return float(low), float(high)
