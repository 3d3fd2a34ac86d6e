"""How much more significant cells a subset holds than chance would give it. Pure.

Cintas et al. 2022, section 3; Berk & Jones 1979; Donoho & Jin 2004 for Higher Criticism.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from creativity.checks import as_p_values, check_alpha_max
from musebots.arrays import IntArray

__all__ = ["Statistic", "check_statistic", "score_cells", "score_counts", "score_subset"]

Statistic = Literal["berk-jones", "higher-criticism", "kolmogorov-smirnov"]


def score_counts(
    n_alpha: npt.ArrayLike, n: npt.ArrayLike, alpha: npt.ArrayLike, *, statistic: Statistic
) -> npt.NDArray[np.float64]:
    """The score of a subset of `n` cells of which `n_alpha` have p <= `alpha`.

    Parameters
    ----------
    n_alpha, n : int or array of int
        Significant cells and all cells; n >= 1.
    alpha : float or array
        In (0, 1).
    statistic : {"berk-jones", "higher-criticism", "kolmogorov-smirnov"}
        Which of the three.

    Returns
    -------
    array
        Scores >= 0; 0 wherever there are no more significant cells than ``n alpha``.

    Notes
    -----
    Berk-Jones ``n KL(n_alpha / n || alpha)``, Higher Criticism ``(n_alpha - n alpha) /
    sqrt(n alpha (1 - alpha))``, Kolmogorov-Smirnov ``(n_alpha - n alpha) / sqrt(n)``.

    Examples
    --------
    >>> round(float(score_counts(3, 3, 0.5, statistic="berk-jones") / np.log(2)), 9)
    3.0
    """
    check_statistic(statistic)
    hits, cells, level = np.broadcast_arrays(
        np.asarray(n_alpha, np.float64), np.asarray(n, np.float64), np.asarray(alpha, np.float64)
    )
    excess = hits - cells * level
    if statistic == "higher-criticism":
        scores = excess / np.sqrt(cells * level * (1 - level))
    elif statistic == "kolmogorov-smirnov":
        scores = excess / np.sqrt(cells)
    else:
        scores = _x_log_ratio(hits, cells * level)
        scores = scores + _x_log_ratio(cells - hits, cells * (1 - level))
    return np.where(excess > 0, scores, 0.0)


def score_subset(
    p: npt.ArrayLike,
    rows: IntArray,
    columns: IntArray,
    *,
    statistic: Statistic = "berk-jones",
    alpha_max: float = 0.5,
) -> tuple[float, float, int]:
    """The score of a given subset, maximised over alpha: (score, alpha, n_alpha).

    Parameters
    ----------
    p : array
        P-values, (n_rows, n_nodes).
    rows, columns : array of int
        The subset: all cells of these rows in these columns.
    statistic, alpha_max
        As in `creativity.scan_group`.

    Returns
    -------
    tuple of float, float and int
        (0, 0, 0) where no alpha <= alpha_max has more significant cells than chance gives.
    """
    check_alpha_max(alpha_max)
    cells = as_p_values(p, 2)[np.ix_(rows, columns)]
    return score_cells(cells, statistic=statistic, alpha_max=alpha_max)


def score_cells(
    cells: npt.NDArray[np.float64], *, statistic: Statistic, alpha_max: float
) -> tuple[float, float, int]:
    """As `score_subset`, of the p-values of the subset's cells."""
    ordered = np.sort(cells[cells <= alpha_max], axis=None)
    is_last = np.diff(ordered, append=np.inf) > 0
    alphas, n_alpha = ordered[is_last], 1 + np.flatnonzero(is_last)
    if not alphas.size:
        return 0.0, 0.0, 0
    scores = score_counts(n_alpha, cells.size, alphas, statistic=statistic)
    best = int(np.argmax(scores))
    if scores[best] <= 0:
        return 0.0, 0.0, 0
    return float(scores[best]), float(alphas[best]), int(n_alpha[best])


def check_statistic(statistic: str) -> None:
    """Raise ValueError if there is no such statistic."""
    if statistic not in get_args(Statistic):
        choices = ", ".join(get_args(Statistic))
        raise ValueError(f"statistic must be one of {choices}, got {statistic!r}")


def _x_log_ratio(
    x: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """``x log(x / expected)``, 0 where x is 0."""
    positive = np.where(x > 0, x, 1.0)
    return np.where(x > 0, x * (np.log(positive) - np.log(expected)), 0.0)
