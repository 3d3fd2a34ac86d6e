"""Arithmetic that gives the same bits on every processor, BLAS and numpy. Pure.

Two things make floating-point networks differ between machines: the order in which a dot product
is summed, and `exp` and `tanh`, which every mathematics library rounds in its own way.

*Sums.* Weights and activations lie on a grid of multiples of 2**-20. Their products are then
multiples of 2**-40, and as long as no partial sum reaches 2**13 every one of them fits the 53 bits
of a float64: each sum is exact, so its order does not matter.

*Functions.* `tanh` and `exp` are read from tables with linear interpolation. The entries are
multiples of 2**-30, so coarse that the last-bit differences between libraries vanish in the
rounding; everything else is ``+ - * /`` and `rint`, which IEEE 754 rounds alike everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GRID", "MAX_SUM", "MAX_WEIGHT", "Float64Array", "Lookup", "Scratch", "exp", "on_grid",
           "sigmoid", "tanh"]  # fmt: skip

Float64Array = npt.NDArray[np.float64]

GRID = 2.0**-20
"""Spacing of weights and activations."""
MAX_WEIGHT = 16.0
"""A float32 holds the multiples of `GRID` below this exactly."""
MAX_SUM = 2.0**13
"""Sums of products of grid values below this are exact in float64."""

_ENTRY = 2.0**-30
_CELLS_PER_UNIT = 1024.0


def on_grid(values: npt.ArrayLike) -> Float64Array:
    """The nearest multiples of `GRID`, in float64.

    Examples
    --------
    >>> float(on_grid(0.1) * 2**20)
    104858.0
    """
    return np.rint(np.asarray(values, dtype=np.float64) / GRID) * GRID


@dataclass(frozen=True, slots=True)
class Scratch:
    """Arrays that `Lookup.apply` works in, of one size: the values, their cells, table entries."""

    values: Float64Array
    cells: npt.NDArray[np.intp]
    entries: Float64Array


class Lookup:
    """A function of one variable as a table with linear interpolation.

    Parameters
    ----------
    function : callable
        From float64 array to float64 array.
    low, high : float
        Where the table begins and ends; beyond, the function is taken as constant.

    Notes
    -----
    With cells of 2**-10 the interpolation is off by at most ``2**-20 / 8 * max |f''|``: 1e-7 for
    `tanh` and `exp`, a ninth of the grid.
    """

    def __init__(
        self, function: Callable[[Float64Array], Float64Array], low: float, high: float
    ) -> None:
        n_cells = round((high - low) * _CELLS_PER_UNIT)
        at = low + np.arange(n_cells + 2, dtype=np.float64) / _CELLS_PER_UNIT
        entries = np.rint(function(at) / _ENTRY) * _ENTRY
        self._offset = low * _CELLS_PER_UNIT
        self._last = float(n_cells)
        self._values = entries[:-1]
        self._slopes = np.diff(entries)

    def scratch(self, size: int) -> Scratch:
        """Room for `apply` to work in."""
        return Scratch(np.zeros(size), np.empty(size, dtype=np.intp), np.empty(size))

    def apply(self, scratch: Scratch) -> None:
        """Replace ``scratch.values`` by the function at them; asks for no memory."""
        x, cell, entry = scratch.values, scratch.cells, scratch.entries
        x *= _CELLS_PER_UNIT
        x -= self._offset
        np.maximum(x, 0.0, out=x)
        np.minimum(x, self._last, out=x)
        np.copyto(cell, x, casting="unsafe")  # cuts off the fraction
        x -= cell
        self._slopes.take(cell, out=entry, mode="clip")
        x *= entry
        self._values.take(cell, out=entry, mode="clip")
        x += entry

    def __call__(self, x: Float64Array) -> Float64Array:
        """The function at `x`, of the same shape."""
        position = x * _CELLS_PER_UNIT
        position -= self._offset
        np.maximum(position, 0.0, out=position)
        np.minimum(position, self._last, out=position)
        cell = position.astype(np.intp)
        position -= cell
        position *= self._slopes.take(cell)
        position += self._values.take(cell)
        return position


tanh = Lookup(np.tanh, -10.0, 10.0)
"""Hyperbolic tangent; beyond +-10 it is 1 to nine digits."""

exp = Lookup(np.exp, -24.0, 0.0)
"""Exponential of a number <= 0; below -24 it is taken as ``exp(-24)``, 4e-11."""

sigmoid = Lookup(lambda x: 1 / (1 + np.exp(-x)), -20.0, 20.0)
"""Logistic function; beyond +-20 it is 0 or 1 to eight digits."""
