"""Arithmetic that gives the same bits on every processor, BLAS and numpy. Pure.

Two things make floating-point networks differ between machines: the order in which a dot product
is summed, and `exp` and `tanh`, which every mathematics library rounds in its own way.

*Sums.* Weights lie on a grid of multiples of 2**-20, activations on one of 2**-22. Their products
are then multiples of 2**-42, and as long as no partial sum reaches 2**11 every one of them fits the
53 bits of a float64: each sum is exact, so its order does not matter.

*Functions.* `tanh` and `exp` are read from tables with linear interpolation. The entries are
multiples of 2**-30, so coarse that the last-bit differences between libraries vanish in the
rounding; everything else is ``+ - * /`` and `rint`, which IEEE 754 rounds alike everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "CELLS_PER_UNIT",
    "GRID",
    "HIDDEN_GRID",
    "MAX_SUM",
    "MAX_WEIGHT",
    "TANH_LOW",
    "Float64Array",
    "Lookup",
    "Scratch",
    "exp",
    "nearest_on_grid",
    "on_grid",
    "sigmoid",
    "tanh",
]

Float64Array = npt.NDArray[np.float64]

GRID = 2.0**-20
"""Spacing of weights."""
HIDDEN_GRID = 2.0**-22
"""Spacing of activations; a float32 holds them exactly."""
MAX_WEIGHT = 16.0
"""A float32 holds the multiples of `GRID` below this exactly."""
MAX_SUM = 2.0**11
"""Sums of products of a weight and an activation below this are exact in float64."""

_ENTRY = 2.0**-30
CELLS_PER_UNIT = 1024.0
"""Of the tables; a power of two, so that multiplying by it is exact."""


def on_grid(values: npt.ArrayLike, grid: float = GRID) -> Float64Array:
    """The nearest multiples of `grid`, in float64.

    Examples
    --------
    >>> float(on_grid(0.1) * 2**20)
    104858.0
    """
    return np.rint(np.asarray(values, dtype=np.float64) / grid) * grid


def nearest_on_grid(value: float) -> float:
    """The nearest multiple of `GRID`: `on_grid` for a single number, without numpy.

    Examples
    --------
    >>> nearest_on_grid(0.1) * 2**20
    104858.0
    """
    return round(value / GRID) * GRID


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
    `tanh` and `exp`, a ninth of the weights' grid.
    """

    def __init__(
        self, function: Callable[[Float64Array], Float64Array], low: float, high: float
    ) -> None:
        n_cells = round((high - low) * CELLS_PER_UNIT)
        at = low + np.arange(n_cells + 2, dtype=np.float64) / CELLS_PER_UNIT
        entries = np.rint(function(at) / _ENTRY) * _ENTRY
        self._offset = low * CELLS_PER_UNIT
        self._last = float(n_cells)
        self._values = entries[:-1]
        self._slopes = np.diff(entries)

    def scratch(self, size: int) -> Scratch:
        """Room for `apply` to work in."""
        return Scratch(np.zeros(size), np.empty(size, dtype=np.intp), np.empty(size))

    def apply(self, scratch: Scratch) -> None:
        """Replace ``scratch.values``, which are places in the table, by the entries there.

        The place of x is ``CELLS_PER_UNIT * (x - low)``. Asks for no memory.
        """
        x, cell, entry = scratch.values, scratch.cells, scratch.entries
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
        places = x * CELLS_PER_UNIT - self._offset
        scratch = Scratch(places, np.empty(x.shape, dtype=np.intp), np.empty(x.shape))
        self.apply(scratch)
        return places


TANH_LOW = -10.0
tanh = Lookup(np.tanh, TANH_LOW, -TANH_LOW)
"""Hyperbolic tangent; beyond +-10 it is 1 to nine digits."""

exp = Lookup(np.exp, -24.0, 0.0)
"""Exponential of a number <= 0; below -24 it is taken as ``exp(-24)``, 4e-11."""


def sigmoid(x: Float64Array) -> Float64Array:
    """Logistic function, as ``(1 + tanh(x / 2)) / 2``: one table serves both."""
    return 0.5 + 0.5 * tanh(0.5 * x)
