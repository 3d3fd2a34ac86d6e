"""Fitting what the scan needs to know of normal playing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from creativity.checks import as_activations
from creativity.innovation import Innovation, drive
from creativity.residual import ConditionalResidual
from musebots.arrays import FloatArray

__all__ = ["fit_innovation", "fit_residual"]

_RIDGE = 1e-3


def fit_residual(background: FloatArray) -> ConditionalResidual:
    """The conditional residual of normal playing.

    Fit it on other runs than those that the null table is made from: on its own data a residual
    is smaller than on new data.

    Parameters
    ----------
    background : array
        Activations, (n_background >= 2, n_nodes).

    Raises
    ------
    ValueError
        If there are fewer than two steps, no node ever moves, or a value is not finite.

    Notes
    -----
    Ledoit & Wolf 2004: the covariance of the standardised nodes, shrunk towards the identity, so
    that fewer steps than nodes will do. A node that never moves has residual 0.
    """
    from sklearn.covariance import ledoit_wolf

    null = as_activations(background, "background").astype(np.float64)
    if null.ndim != 2 or null.shape[0] < 2:
        raise ValueError(f"background must be (n >= 2, n_nodes), got the shape {null.shape}")
    mean, spread = null.mean(axis=0), null.std(axis=0)
    moves = spread > 1e-6 * max(1.0, float(np.abs(null).max()))
    if not moves.any():
        raise ValueError("no node of the background ever moves: there is nothing to compare with")
    standard = (null[:, moves] - mean[moves]) / spread[moves]
    covariance, _ = ledoit_wolf(standard, assume_centered=True)
    precision = np.linalg.inv(covariance)
    scaled = precision / spread[moves][:, None] / np.sqrt(np.diag(precision))
    weights = np.zeros((null.shape[1], null.shape[1]))
    weights[np.ix_(moves, moves)] = scaled
    return ConditionalResidual(mean.astype(np.float32), weights.astype(np.float32))


def fit_innovation(runs: Iterable[FloatArray], *, n_smoothed: int = 4) -> Innovation:
    """The innovation of normal playing.

    Fit it on other runs than those that the null table is made from.

    Parameters
    ----------
    runs : iterable of array
        Runs of activations in -1..1, (n_steps >= 2, n_nodes) each; steps follow one another within
        a run.
    n_smoothed : int
        >= 1, steps that are averaged.

    Raises
    ------
    ValueError
        If a run is too short, widths differ, or a value is not finite.

    Notes
    -----
    The covariance of the standardised drives and past activations, with .001 added to its
    diagonal: a ridge, so that nodes that never move or move alike do no harm.
    """
    pairs = []
    for run in runs:
        steps = as_activations(run, "run")
        if steps.ndim != 2 or len(steps) < 2:
            raise ValueError(f"a run must be (n >= 2, n_nodes), got the shape {steps.shape}")
        pairs.append(np.concatenate([drive(steps[1:]), steps[:-1]], axis=1).astype(np.float64))
    if not pairs or len({pair.shape[1] for pair in pairs}) > 1:
        raise ValueError("there must be at least one run, and all of one width")
    joined = np.concatenate(pairs)
    mean, spread = joined.mean(axis=0), joined.std(axis=0) + 1e-6
    standard = (joined - mean) / spread
    covariance = standard.T @ standard / len(standard) + _RIDGE * np.eye(standard.shape[1])
    precision = np.linalg.inv(covariance)
    scaled = precision / spread[:, None] / np.sqrt(np.diag(precision))
    weights = scaled[:, : joined.shape[1] // 2]
    return Innovation(mean.astype(np.float32), weights.astype(np.float32), n_smoothed)
