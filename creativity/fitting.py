"""Fitting what the scan needs to know of normal playing."""

from __future__ import annotations

import numpy as np

from creativity.checks import as_activations
from creativity.residual import ConditionalResidual
from musebots.arrays import FloatArray

__all__ = ["fit_residual"]


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
