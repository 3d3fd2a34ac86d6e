"""From the p-values of a window to planes of bits, as machine code.

A cell is *significant* at threshold t when its bin is <= t. For every threshold there are two
planes of bits: by rows, 64 nodes a word, and by columns, 64 steps a word.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from creativity.compiled import compiled

__all__ = ["bin_p_values", "count_distinct", "fill_planes", "largest_of_bins", "put_row"]

Bins = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Doubles = npt.NDArray[np.float64]

_ONE = np.uint64(1)
_LOW_SIX = np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def count_distinct(p: Doubles, alpha_max: float, found: Doubles) -> int:
    """The different p-values <= alpha_max, sorted, into `found`; `found.size + 1` if too many."""
    n = 0
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            value = p[i, j]
            if value > alpha_max:
                continue
            at = n
            while at > 0 and found[at - 1] > value:
                at -= 1
            if at > 0 and found[at - 1] == value:
                continue
            if n == found.size:
                return n + 1
            for later in range(n, at, -1):
                found[later] = found[later - 1]
            found[at] = value
            n += 1
    return n


@compiled
def bin_p_values(p: Doubles, alphas: Doubles, bins: Bins) -> None:
    """Index of the first alpha >= p, for every cell of a window: how many alphas are smaller."""
    for i in range(p.shape[0]):
        bins[i] = 0
        for t in range(alphas.size):
            alpha = alphas[t]
            for j in range(p.shape[1]):
                bins[i, j] += np.uint8(alpha < p[i, j])


@compiled
def largest_of_bins(p: Doubles, bins: Bins, largest: Doubles) -> None:
    """The largest p-value of every bin and of those before it; 0 where there is none."""
    found = np.zeros(256)
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            t, value = bins[i, j], p[i, j]
            found[t] = value if value > found[t] else found[t]
    largest[:] = found[: largest.size]
    for t in range(1, largest.size):
        largest[t] = max(largest[t], largest[t - 1])


@compiled
def fill_planes(bins: Bins, by_row: Words, by_column: Words) -> None:
    """Both planes of a window (n_rows, n_columns), for every threshold."""
    n_thresholds = by_row.shape[0]
    by_row[:] = 0
    by_column[:] = 0
    for i in range(bins.shape[0]):
        row_word, row_bit = i >> 6, _ONE << (np.uint64(i) & _LOW_SIX)
        for j in range(bins.shape[1]):
            t = bins[i, j]
            if t < n_thresholds:
                by_row[t, i, j >> 6] |= _ONE << (np.uint64(j) & _LOW_SIX)
                by_column[t, j, row_word] |= row_bit
    for t in range(1, n_thresholds):
        by_row[t] |= by_row[t - 1]
        by_column[t] |= by_column[t - 1]


@compiled
def put_row(bins: Bins, slot: int, by_row: Words, by_column: Words) -> None:
    """Write one row of bins (n_columns,) over row `slot` of both planes."""
    n_thresholds = by_row.shape[0]
    by_row[:, slot] = 0
    for j in range(bins.size):
        t = bins[j]
        if t < n_thresholds:
            by_row[t, slot, j >> 6] |= _ONE << (np.uint64(j) & _LOW_SIX)
    for t in range(1, n_thresholds):
        by_row[t, slot] |= by_row[t - 1, slot]
    word, bit = slot >> 6, _ONE << (np.uint64(slot) & _LOW_SIX)
    others = _ALL ^ bit
    for t in range(n_thresholds):
        for j in range(bins.size):
            kept = by_column[t, j, word] & others
            by_column[t, j, word] = kept | bit if bins[j] <= t else kept
