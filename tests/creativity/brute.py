"""The slow, obvious way to everything that the scan computes fast."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np


def subsets(n: int) -> Iterator[list[int]]:
    for size in range(1, n + 1):
        for chosen in combinations(range(n), size):
            yield list(chosen)


def phi(statistic: str, n_alpha: int, n: int, alpha: float) -> float:
    """The three scores as the papers write them."""
    if n_alpha <= n * alpha:
        return 0.0
    if statistic == "higher-criticism":
        return (n_alpha - n * alpha) / math.sqrt(n * alpha * (1 - alpha))
    if statistic == "kolmogorov-smirnov":
        return (n_alpha - n * alpha) / math.sqrt(n)
    share = n_alpha / n
    divergence = share * math.log(share / alpha)
    if n_alpha < n:
        divergence += (1 - share) * math.log((1 - share) / (1 - alpha))
    return n * divergence


def score(
    p: np.ndarray,
    rows: list[int],
    columns: list[int],
    statistic: str = "berk-jones",
    alpha_max: float = 0.5,
) -> float:
    """Of one subset: every alpha that occurs in it."""
    cells = p[np.ix_(rows, columns)].ravel()
    return max(
        (
            phi(statistic, int(np.sum(cells <= alpha)), cells.size, float(alpha))
            for alpha in np.unique(cells)
            if alpha <= alpha_max
        ),
        default=0.0,
    )


def optimum(p: np.ndarray, statistic: str, alpha_max: float = 0.5) -> float:
    """The best score of any subset: all sets of rows, all sets of columns."""
    n_rows, n_columns = p.shape
    every_row = np.array([[i in s for i in range(n_rows)] for s in subsets(n_rows)], float)
    every_column = np.array([[j in s for j in range(n_columns)] for s in subsets(n_columns)], float)
    n = np.outer(every_row.sum(1), every_column.sum(1))
    best = 0.0
    for alpha in np.unique(p[p <= alpha_max]):
        n_alpha = every_row @ (p <= alpha) @ every_column.T
        share = n_alpha / n
        with np.errstate(divide="ignore", invalid="ignore"):
            if statistic == "higher-criticism":
                values = (n_alpha - n * alpha) / np.sqrt(n * alpha * (1 - alpha))
            elif statistic == "kolmogorov-smirnov":
                values = (n_alpha - n * alpha) / np.sqrt(n)
            else:
                rest = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - alpha)), 0.0)
                values = n * (share * np.log(share / alpha) + rest)
        best = max(best, float(values[n_alpha > n * alpha].max(initial=0.0)))
    return best


def tied(rng: np.random.Generator, shape: tuple[int, ...], n_background: int) -> np.ndarray:
    """Uniform p-values on the grid 1/(B+1) .. 1."""
    return rng.integers(1, n_background + 2, shape) / (n_background + 1)


def planted(rng: np.random.Generator, shape: tuple[int, int], n_background: int) -> np.ndarray:
    """`tied`, with small p-values in a random block of rows and columns."""
    p = tied(rng, shape, n_background)
    rows = rng.random(shape[0]) < 0.4
    columns = rng.random(shape[1]) < 0.4
    small = np.ceil(p**3 * (n_background + 1)) / (n_background + 1)
    return np.where(np.outer(rows, columns), small, p)
