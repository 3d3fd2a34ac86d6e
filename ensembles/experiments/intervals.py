"""Intervals of the means of a few repetitions. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

__all__ = ["interval_of_mean"]


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of a few values (Student's t); (nan, nan) for one value.

    Examples
    --------
    >>> low, high = interval_of_mean([1.0, 1.1, 1.2])
    >>> round(low, 3), round(high, 3)
    (0.852, 1.348)
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1)) / len(values) ** 0.5
    mean = float(np.mean(values))
    return mean - half, mean + half
