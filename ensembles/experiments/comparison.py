"""Two sets of pieces side by side, measure by measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ensembles.experiments.base import Cell
from musebots.arrays import FloatArray
from musebots.measures.overlap import overlap_area

__all__ = ["WANTED_OVERLAP", "Comparison", "compare", "mean_of", "quartiles"]

WANTED_OVERLAP = 0.8


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of ours against real pieces.

    Parameters
    ----------
    n_real, n_ours : int
        Pieces for which it is defined.
    real_mean, low, median, high : float
        Of the real pieces: mean and quartiles.
    ours_mean, ours_sd : float
    overlap : float
        `overlap_area`, the real pieces being the reference.
    """

    n_real: int
    n_ours: int
    real_mean: float
    low: float
    median: float
    high: float
    ours_mean: float
    ours_sd: float
    overlap: float

    COLUMNS = (
        "real n", "real mean", "real Q1", "real median", "real Q3", "ours n", "ours mean",
        "ours sd", "in IQR", "overlap", "overlap >= .8",
    )  # fmt: skip

    @property
    def is_inside(self) -> bool:
        """Whether our mean lies within the real inter-quartile range, to the last bit of a mean."""
        slack = 1e-9 * max(1.0, abs(self.high))
        return self.low - slack <= self.ours_mean <= self.high + slack

    @property
    def is_overlapping(self) -> bool:
        """Whether the overlap is what is wanted."""
        return self.overlap >= WANTED_OVERLAP

    def row(self) -> tuple[Cell, ...]:
        """As in `COLUMNS`."""
        return (
            self.n_real, self.real_mean, self.low, self.median, self.high, self.n_ours,
            self.ours_mean, self.ours_sd, self.is_inside, self.overlap, self.is_overlapping,
        )  # fmt: skip


def quartiles(values: FloatArray) -> tuple[float, float, float]:
    """First quartile, median and third, of what is not NaN (linear interpolation)."""
    known = values[np.isfinite(values)]
    if not len(known):
        return (float("nan"),) * 3
    low, median, high = np.quantile(known, (0.25, 0.5, 0.75))
    return float(low), float(median), float(high)


def mean_of(values: FloatArray) -> float:
    """The mean of what is not NaN; NaN where all is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def compare(real: FloatArray, ours: FloatArray) -> Comparison:
    """Compare a measure of two sets of pieces.

    Parameters
    ----------
    real, ours : array
        (n_pieces,), or (n_pieces, n_bins) for a histogram. A histogram is first turned into each
        piece's distance from the mean histogram of the real pieces (sum of absolute differences),
        and its overlap is that of the histograms themselves.
    """
    overlap = overlap_area(real, ours)
    if real.ndim == 2:
        centre = np.array([mean_of(column) for column in real.T])
        real, ours = (np.abs(values - centre).sum(axis=1) for values in (real, ours))
    known_real, known_ours = (values[np.isfinite(values)] for values in (real, ours))
    low, median, high = quartiles(known_real)
    return Comparison(
        len(known_real),
        len(known_ours),
        mean_of(known_real),
        low,
        median,
        high,
        mean_of(known_ours),
        float(known_ours.std(ddof=1)) if len(known_ours) > 1 else float("nan"),
        overlap,
    )
