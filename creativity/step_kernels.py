"""What is computed of every new step, as machine code: residuals, bins, the individual scan."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from creativity.compiled import compiled

__all__ = ["bin_row", "project", "take_row"]

Bins = npt.NDArray[np.uint8]
Singles = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@compiled
def bin_row(x: Singles, upper: Singles, lower: Singles, bins: Bins) -> None:
    """First threshold at which each activation is significant.

    upper, lower: (n_nodes, n_thresholds), falling and rising along the thresholds, so counting
    the thresholds at which it is significant says which is the first. No activation is in both
    tails.
    """
    n = upper.shape[1]
    for j in range(x.size):
        value, n_significant = x[j], np.int32(0)
        for t in range(n):
            n_significant += np.int32(value > upper[j, t]) + np.int32(value < lower[j, t])
        bins[j] = n - n_significant


@compiled
def project(x: Singles, mean: Singles, weights: Singles, out: Singles) -> None:
    """``out = (x - mean) @ weights``, the sum of every output in the order of the nodes.

    Four nodes at a time, because the outputs are read and written once for each group.
    """
    out[:] = 0
    n_grouped = x.size - x.size % 4
    for i in range(0, n_grouped, 4):
        a, b = x[i] - mean[i], x[i + 1] - mean[i + 1]
        c, d = x[i + 2] - mean[i + 2], x[i + 3] - mean[i + 3]
        for j in range(out.size):
            out[j] = (
                out[j]
                + a * weights[i, j]
                + b * weights[i + 1, j]
                + c * weights[i + 2, j]
                + d * weights[i + 3, j]
            )
    for i in range(n_grouped, x.size):
        a = x[i] - mean[i]
        for j in range(out.size):
            out[j] += a * weights[i, j]


@compiled
def best_of_bins(bins: Bins, log_alphas: Doubles) -> tuple[float, int, int]:
    """The individual scan of one row: (score, threshold, number of nodes), exact.

    ``max over t of n_t log(1 / alpha_t)``, n_t the nodes whose bin is <= t.
    """
    n_thresholds = log_alphas.size
    counts = np.zeros(n_thresholds + 1, np.int64)
    for j in range(bins.size):
        counts[bins[j]] += 1
    best, at, n_at, n = 0.0, 0, 0, 0
    for t in range(n_thresholds):
        n += counts[t]
        score = -n * log_alphas[t]
        if score > best:
            best, at, n_at = score, t, n
    return best, at, n_at


@compiled
def take_row(
    x: Singles, mean: Singles, weights: Singles, upper: Singles, lower: Singles,
    log_alphas: Doubles, values: Singles, bins: Bins,
) -> tuple[float, int, int]:  # fmt: skip
    """All that a new step needs: residuals, bins and its individual scan; no weights: as it is.

    A score of -1 says that a value is not finite; nothing is written then.
    """
    for i in range(x.size):
        if not math.isfinite(x[i]):
            return -1.0, 0, 0
    if weights.size == 0:
        values[:] = x
    else:
        project(x, mean, weights, values)
    bin_row(values, upper, lower, bins)
    return best_of_bins(bins, log_alphas)
