"""What activations and p-values must be before anything is computed from them. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musebots.arrays import FloatArray

__all__ = ["as_activations", "as_p_values", "check_alpha_max"]


def as_activations(values: npt.ArrayLike, name: str, *, n_nodes: int | None = None) -> FloatArray:
    """Finite numbers, (n_nodes,) or (n_steps, n_nodes), as they are.

    Raises
    ------
    ValueError
        If they have another shape, or a value is NaN or infinite: with its place.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold real numbers, got the type {array.dtype}")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if array.ndim not in (1, 2):
        raise ValueError(f"{name} must have 1 or 2 dimensions, got the shape {array.shape}")
    if n_nodes is not None and array.shape[-1] != n_nodes:
        raise ValueError(f"{name} has {array.shape[-1]} nodes, the background {n_nodes}")
    finite = np.isfinite(array)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name}{list(place)} is {array[place]}, not a finite number")
    return array


def as_p_values(p: npt.ArrayLike, n_dimensions: int) -> npt.NDArray[np.float64]:
    """P-values in (0, 1] of the given number of dimensions, in float64.

    Raises
    ------
    ValueError
        If they have another shape, or one is NaN or out of range: with its place.
    """
    array = np.asarray(p, dtype=np.float64)
    if array.ndim != n_dimensions:
        shape = "(n_nodes,)" if n_dimensions == 1 else "(n_rows, n_nodes)"
        raise ValueError(f"p must have the shape {shape}, got {array.shape}")
    good = (array > 0) & (array <= 1)
    if not good.all():
        place = tuple(int(i) for i in np.argwhere(~good)[0])
        raise ValueError(f"p{list(place)} must be in (0, 1], got {array[place]}")
    return array


def check_alpha_max(alpha_max: float) -> None:
    """Raise ValueError unless 0 < alpha_max < 1."""
    if not 0 < alpha_max < 1:
        raise ValueError(f"alpha_max must be in (0, 1), got {alpha_max}")
