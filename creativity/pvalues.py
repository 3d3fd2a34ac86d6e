"""How unusual each activation is, node by node, against a background of normal playing. Pure."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from creativity.checks import as_activations
from musebots.arrays import FloatArray, IntArray

__all__ = ["Tail", "empirical_p_values"]

Tail = Literal["two-sided", "upper", "lower"]


def empirical_p_values(
    x: FloatArray, background: FloatArray, *, tail: Tail = "two-sided"
) -> FloatArray:
    """Empirical p-values of activations: the share of normal playing that is as extreme.

    Parameters
    ----------
    x : array
        Activations, (n_nodes,) or (n_steps, n_nodes). No steps give no p-values.
    background : array
        Activations while the generator plays normally, (n_background, n_nodes), at least one row.
    tail : {"two-sided", "upper", "lower"}
        Which activations count as extreme: far from the middle, high, or low.

    Returns
    -------
    array
        float64 of the shape of `x`, in [1 / (n_background + 1), 1].

    Raises
    ------
    ValueError
        If a value is NaN or infinite, the widths differ, or the background is empty.

    Notes
    -----
    ``p_up = (1 + #{b: Z[b, j] >= x}) / (B + 1)``, `p_low` likewise with <=, and two-sided
    ``min(1, 2 min(p_up, p_low))``: Cintas et al. 2022, section 3. A value tied with the whole
    background has p = 1, so a node that never moves is never unusual.

    Examples
    --------
    >>> background = np.arange(9.0)[:, None]
    >>> empirical_p_values(np.array([7.5]), background, tail="upper").tolist()
    [0.2]
    """
    check_tail(tail)
    null = as_activations(background, "background")
    if null.ndim != 2 or not len(null):
        raise ValueError(f"background must be (n >= 1, n_nodes), got the shape {null.shape}")
    values = as_activations(x, "x", n_nodes=null.shape[1])
    n_background = len(null)
    rows = np.atleast_2d(values)
    n_at_least = np.empty(rows.shape, dtype=np.int64)
    n_at_most = np.empty(rows.shape, dtype=np.int64)
    for node, column in enumerate(np.sort(null, axis=0).T):
        n_at_least[:, node] = n_background - np.searchsorted(column, rows[:, node], side="left")
        n_at_most[:, node] = np.searchsorted(column, rows[:, node], side="right")
    return _p_values(n_at_least, n_at_most, n_background, tail).reshape(values.shape)


def _p_values(
    n_at_least: IntArray, n_at_most: IntArray, n_background: int, tail: Tail
) -> FloatArray:
    if tail == "upper":
        p: FloatArray = (1 + n_at_least) / (n_background + 1)
    elif tail == "lower":
        p = (1 + n_at_most) / (n_background + 1)
    else:
        p = np.minimum(1.0, 2 * (1 + np.minimum(n_at_least, n_at_most)) / (n_background + 1))
    return p


def check_tail(tail: str) -> None:
    """Raise ValueError if there is no such tail."""
    if tail not in get_args(Tail):
        raise ValueError(f"tail must be one of {', '.join(get_args(Tail))}, got {tail!r}")
