"""The subset of steps and nodes that deviates most from normal playing. Pure.

Cintas et al., *Towards Creativity Characterization of Generative Models via Group-based Subset
Scanning*, IJCAI 2022; McFowland, Speakman & Neill, *Fast Generalized Subset Scan*, JMLR 14, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import plane_kernels
from creativity.checks import as_p_values, check_alpha_max
from creativity.planes import Planes, Preference, no_columns, pack, random_starts
from creativity.scores import Statistic, check_statistic, score_cells, score_counts
from musebots.arrays import IntArray

__all__ = ["ScanResult", "nothing_found", "scan_group", "scan_individual"]

N_THRESHOLDS = 24
_MANY_STARTS, _FEW_STARTS = 8, 0
_LARGE_WINDOW = 4096
_RISE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class ScanResult:
    """The most deviating subset of a window and how much it deviates.

    Attributes
    ----------
    score : float
        >= 0, comparable only between windows of one shape. It is not a probability.
    rows, columns : array of int
        The subset: steps and nodes, sorted. Empty where nothing deviates.
    alpha : float
        The p-value up to which cells count as significant; 0 where nothing deviates.
    n_alpha : int
        Significant cells of the subset.
    statistic : str
        Which score it is.
    """

    score: float
    rows: IntArray
    columns: IntArray
    alpha: float
    n_alpha: int
    statistic: Statistic


def nothing_found(statistic: Statistic) -> ScanResult:
    """What a scan returns where no p-value is small: score 0 and the empty subset."""
    empty = np.zeros(0, dtype=np.intp)
    return ScanResult(0.0, empty, empty, 0.0, 0, statistic)


def scan_individual(
    p: npt.ArrayLike, *, statistic: Statistic = "berk-jones", alpha_max: float = 0.5
) -> ScanResult:
    """The nodes of one step that deviate most, exactly.

    Parameters
    ----------
    p : array
        P-values of one step, (n_nodes,), in (0, 1].
    statistic, alpha_max
        As in `scan_group`.

    Returns
    -------
    ScanResult
        Its only row is 0. Score 0 and no rows where no p-value is <= `alpha_max`.

    Raises
    ------
    ValueError
        If `p` has another shape or a value is NaN or out of range.

    Notes
    -----
    With one row the best subset for an alpha is all nodes with p <= alpha, hence for Berk-Jones
    ``max over k of k log(1 / p_(k))``. Even for normal playing that is about ``n_nodes / e``:
    a single step says little, scan windows.

    Examples
    --------
    >>> scan_individual([0.01, 0.9, 0.02]).columns.tolist()
    [0, 2]
    """
    check_statistic(statistic)
    check_alpha_max(alpha_max)
    values = as_p_values(p, 1)
    ordered = np.sort(values)
    ordered = ordered[ordered <= alpha_max]
    if not ordered.size:
        return nothing_found(statistic)
    n = np.arange(1, ordered.size + 1)
    scores = score_counts(n, n, ordered, statistic=statistic)
    best = int(np.argmax(scores))
    alpha = float(ordered[best])
    columns = np.flatnonzero(values <= alpha)
    return ScanResult(
        float(scores[best]), np.zeros(1, np.intp), columns, alpha, columns.size, statistic
    )


def scan_group(
    p: npt.ArrayLike,
    *,
    statistic: Statistic = "berk-jones",
    alpha_max: float = 0.5,
    n_starts: int | None = None,
    rng: np.random.Generator,
    preference: Preference | None = None,
) -> ScanResult:
    """The steps and nodes of a window that together deviate most.

    Parameters
    ----------
    p : array
        P-values, (n_steps, n_nodes), in (0, 1]. One step is as good as many.
    statistic : {"berk-jones", "higher-criticism", "kolmogorov-smirnov"}
        What is maximised.
    alpha_max : float
        In (0, 1): p-values above it are never significant.
    n_starts : int, optional
        >= 0; random sets of nodes to start from at every threshold, besides four fixed starts. By
        default 8, and none in windows of more than 4096 cells, where they hardly ever find better.
    rng : numpy.random.Generator
        Where the random starts come from. One seed gives one result, and a permuted window the
        permuted result.
    preference : Preference, optional
        Penalties on the size of the subset; the score returned is without them.

    Returns
    -------
    ScanResult
        Score 0 and the empty subset where no p-value is <= `alpha_max`, no subset has more small
        p-values than chance gives it, or the window has no rows or no columns.

    Raises
    ------
    ValueError
        If `p` is not two-dimensional, a value is NaN or outside (0, 1], or an argument is out of
        range.

    Notes
    -----
    ``F(S) = max over alpha <= alpha_max of phi(alpha, N_alpha(S), N(S))`` by ascent in turn over
    rows and columns, each half-step exact (linear-time subset scanning). Where the window has
    more than 24 different p-values <= alpha_max, 24 of them, geometrically spaced, are searched,
    and the best subset then climbs on with alpha free. The ascent may end in a local maximum.

    Examples
    --------
    >>> p = np.full((4, 6), 0.9)
    >>> p[1:3, 2:5] = 0.01
    >>> found = scan_group(p, rng=np.random.default_rng(0))
    >>> found.rows.tolist(), found.columns.tolist()
    ([1, 2], [2, 3, 4])
    """
    check_statistic(statistic)
    check_alpha_max(alpha_max)
    values = as_p_values(p, 2)
    if n_starts is None:
        n_starts = _FEW_STARTS if values.size > _LARGE_WINDOW else _MANY_STARTS
    if n_starts < 0:
        raise ValueError(f"n_starts must be >= 0, got {n_starts}")
    alphas, bins = _binned(values, alpha_max)
    if not alphas.size:
        return nothing_found(statistic)
    preference = preference or Preference()
    planes = Planes(values.shape[0], values.shape[1], alphas)
    planes.fill(bins)
    found = planes.search(
        random_starts(bins, n_starts, rng), no_columns(values.shape[1]), statistic, preference
    )
    if not found.rows.size:
        return nothing_found(statistic)
    return _refined(values, found.rows, found.columns, statistic, alpha_max, preference)


def _binned(
    p: npt.NDArray[np.float64], alpha_max: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """Thresholds, and for every cell the index of the first that is >= p.

    All different p-values <= alpha_max or, of more than `N_THRESHOLDS`, so many, geometrically
    spaced; where none lies between two of them, both are the same.
    """
    cells = np.require(p, np.float64, ["C", "W"])
    bins = np.empty(p.shape, np.uint8)
    alphas = np.empty(N_THRESHOLDS)
    n_distinct = plane_kernels.count_distinct(cells, alpha_max, alphas)
    if n_distinct <= N_THRESHOLDS:
        alphas = alphas[:n_distinct]
        plane_kernels.bin_p_values(cells, alphas, bins)
        return alphas, bins
    plane_kernels.bin_p_values(cells, np.geomspace(cells.min(), alpha_max, N_THRESHOLDS), bins)
    plane_kernels.largest_of_bins(cells, bins, alphas)
    return alphas, bins


def _refined(
    p: npt.NDArray[np.float64],
    rows: IntArray,
    columns: IntArray,
    statistic: Statistic,
    alpha_max: float,
    preference: Preference,
) -> ScanResult:
    """Climb on with alpha free, from a subset that was found with alpha on a grid."""

    def judged(rows: IntArray, columns: IntArray) -> tuple[float, ScanResult]:
        cells = p[np.ix_(rows, columns)]
        score, alpha, n_alpha = score_cells(cells, statistic=statistic, alpha_max=alpha_max)
        cost = preference.row_penalty * rows.size + preference.column_penalty * columns.size
        return score - cost, ScanResult(score, rows, columns, alpha, n_alpha, statistic)

    objective, result = judged(rows, columns)
    while True:
        planes = Planes(p.shape[0], p.shape[1], np.array([result.alpha]))
        planes.fill((p > result.alpha).astype(np.uint8, order="C"))
        start = np.zeros(p.shape[1], np.bool_)
        start[result.columns] = True
        found = planes.climb(pack(start), statistic, preference)
        if found.objective <= objective + _RISE:
            return result
        objective, result = judged(found.rows, found.columns)
