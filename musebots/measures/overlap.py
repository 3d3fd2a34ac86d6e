"""Two sets of pieces against each other: how much their distributions share. Pure."""

from __future__ import annotations

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["cross_distances", "density_overlap", "inner_distances", "overlap_area"]

_N_POINTS = 2048
_REACH = 5.0  # bandwidths beyond the data at which a Gaussian is over
_NARROWEST = 1e-3  # of the range: the bandwidth of values that are all the same


def overlap_area(reference: FloatArray, others: FloatArray) -> float:
    """How well other pieces fit among those of a reference set, by one measure: 0..1.

    Parameters
    ----------
    reference, others : array
        The measure of every piece: (n_pieces,), or (n_pieces, n_bins) for a histogram. Pieces for
        which it is NaN are left out.

    Returns
    -------
    float
        NaN unless there are two pieces in the reference and one other.

    Notes
    -----
    The overlapped area of L.-C. Yang and A. Lerch, On the evaluation of generative models in
    music, Neural Computing and Applications 32, 2020, section 4.2: of the densities of the
    distances within the reference (intra-set) and of those from it to the others (inter-set).
    Distances are Euclidean. It is 1 for a set against itself but for the pairs of a piece with
    itself, falls when the others lie elsewhere, and also when they are all alike or too diverse.
    """
    reference, others = _known(reference), _known(others)
    if len(reference) < 2 or not len(others):
        return float("nan")
    return density_overlap(inner_distances(reference), cross_distances(reference, others))


def _known(values: FloatArray) -> FloatArray:
    table = np.asarray(values, dtype=np.float64)
    table = table.reshape(len(table), -1 if table.size else 1)
    return table[np.isfinite(table).all(axis=1)]


def inner_distances(values: FloatArray) -> FloatArray:
    """Distances between all pairs of rows, (n (n - 1) / 2,)."""
    rows, columns = np.triu_indices(len(values), k=1)
    distances: FloatArray = cross_distances(values, values)[rows * len(values) + columns]
    return distances


def cross_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distances from every row of `a` to every row of `b`, (n_a * n_b,)."""
    squares = np.zeros((len(a), len(b)))
    for column_a, column_b in zip(a.T, b.T, strict=True):
        squares += (column_a[:, None] - column_b[None, :]) ** 2
    distances: FloatArray = np.sqrt(squares).reshape(-1)
    return distances


def density_overlap(a: FloatArray, b: FloatArray) -> float:
    """The area under both of two densities that are estimated from samples, 0..1.

    Notes
    -----
    ``integral min(f_a, f_b)`` with Gaussian kernels of Scott's bandwidth, ``sd n^(-1/5)`` (D. W.
    Scott, Multivariate Density Estimation, Wiley 1992, equation 6.44 without its constant, as in
    scipy's ``gaussian_kde``), over the whole line. mgeval differs in two ways: it stops at the
    outermost samples, and so loses what the kernels leave beyond; and each sample has its own
    bandwidth, so that two of mostly the same value (no empty bar) share next to nothing. Here the
    wider one serves both; where all are the same it is a thousandth of the common range. Samples
    are counted into 2048 bins first.
    """
    spread = max(float(np.ptp(np.concatenate([a, b]))), 1e-12)
    scotts = [float(np.std(x, ddof=1)) * len(x) ** -0.2 for x in (a, b) if len(x) > 1]
    width = max(*scotts, _NARROWEST * spread) if scotts else _NARROWEST * spread
    low = float(min(a.min(), b.min())) - _REACH * width
    high = float(max(a.max(), b.max())) + _REACH * width
    f, g = (_density(x, width, low, high) for x in (a, b))
    return float(np.minimum(f, g).sum())


def _density(samples: FloatArray, width: float, low: float, high: float) -> FloatArray:
    """The share of probability in each of `_N_POINTS` bins from `low` to `high`."""
    counts, _ = np.histogram(samples, bins=_N_POINTS, range=(low, high))
    step = (high - low) / _N_POINTS
    reach = min(_N_POINTS - 1, int(np.ceil(_REACH * width / step)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    smooth = np.convolve(counts, kernel / kernel.sum(), mode="full")[reach : reach + _N_POINTS]
    density: FloatArray = smooth / smooth.sum()
    return density
