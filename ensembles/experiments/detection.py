"""How well scores tell two groups apart, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ensembles.experiments.bootstrap import interval
from musebots.arrays import FloatArray

__all__ = ["auroc", "resampled_aurocs", "share_interval"]

Doubles = npt.NDArray[np.float64]


def auroc(normal: FloatArray, deviating: FloatArray) -> float:
    """The chance that a deviating window scores higher than a normal one, ties counting half.

    Examples
    --------
    >>> auroc(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    0.875
    """
    return float(_wins(normal, deviating).mean())


def resampled_aurocs(
    normal: Mapping[str, FloatArray],
    deviating: Mapping[str, FloatArray],
    n_resamples: int,
    seed: int,
) -> dict[str, Doubles]:
    """The AUROC of each detector in the same resamples of both groups of runs.

    Parameters
    ----------
    normal, deviating : mapping of str to array
        Scores by detector, of the same runs in the same order.

    Returns
    -------
    dict of str to array
        (n_resamples,) each: differences between detectors can be taken resample by resample.
    """
    rng = np.random.default_rng(seed)
    n, m = (len(next(iter(group.values()))) for group in (normal, deviating))
    of_normal = rng.multinomial(n, np.full(n, 1 / n), n_resamples) / n
    of_deviating = rng.multinomial(m, np.full(m, 1 / m), n_resamples) / m
    return {
        name: ((of_normal @ _wins(normal[name], scores)) * of_deviating).sum(axis=1)
        for name, scores in deviating.items()
    }


def share_interval(values: FloatArray, seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean of one number a run."""
    return interval(lambda rows: float(np.mean(rows)), values, np.random.default_rng(seed))


def _wins(normal: FloatArray, deviating: FloatArray) -> Doubles:
    """(n_normal, n_deviating): 1 where the deviating one is higher, .5 where they are tied."""
    wins: Doubles = (deviating > normal[:, None]) + 0.5 * (deviating == normal[:, None])
    return wins
