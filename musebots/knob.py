"""What a fader is worth: how far along a direction it leads, and what that is expected to change.

Where it was measured how much each alpha changes the assessor's score, the fader is calibrated:
half of it to a side asks for half of what that side can change, whatever alpha that takes. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STILL", "Knob", "isotonic"]


@dataclass(frozen=True, slots=True)
class Knob:
    """Of one direction.

    Parameters
    ----------
    alphas : tuple of float
        Rising, with 0 among them; from the first to the last it may be followed.
    changes : tuple of float
        Of the score S at each alpha, against 0: never falling, 0 at 0. Empty where nobody measured
        it: then the fader leads as far along each side as it is moved.

    Raises
    ------
    ValueError
        If these are no such numbers.

    Examples
    --------
    >>> knob = Knob((-0.5, 0.0, 0.25, 0.5), (-0.125, 0.0, 0.375, 0.5))
    >>> knob.alpha(1.0), knob.alpha(0.75), knob.alpha(-0.5), knob.alpha(0.0)
    (0.5, 0.25, -0.25, 0.0)
    >>> knob.change(0.25)
    0.375
    """

    alphas: tuple[float, ...]
    changes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if 0.0 not in self.alphas or list(self.alphas) != sorted(set(self.alphas)):
            raise ValueError(f"alphas must rise and hold 0, got {self.alphas}")
        if not self.changes:
            return
        if len(self.changes) != len(self.alphas) or list(self.changes) != sorted(self.changes):
            raise ValueError(f"there must be a change for each alpha, none falling: {self.changes}")
        if self.changes[self.alphas.index(0.0)] != 0.0:
            raise ValueError(f"the change at 0 must be 0, got {self.changes}")

    @classmethod
    def of_range(cls, low: float, high: float) -> Knob:
        """One that nobody measured: from `low`, at most 0, to `high`."""
        return cls(tuple(sorted({float(low), 0.0, float(high)})))

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest alpha."""
        return self.alphas[0], self.alphas[-1]

    def alpha(self, value: float) -> float:
        """How far to go for a fader at -1..1: the least that is expected to change so much."""
        if not value:
            return 0.0
        low, high = self.reach
        side = self._side(value > 0)
        if side is None:
            return value * (high if value > 0 else -low)
        alphas, sizes = side
        return _between(abs(value) * sizes[-1], sizes, alphas)

    def change(self, alpha: float) -> float:
        """What S is expected to change by at an alpha; 0 where nobody measured it."""
        return _between(alpha, self.alphas, self.changes) if self.changes else 0.0

    def _side(self, is_up: bool) -> tuple[Sequence[float], Sequence[float]] | None:
        """Alphas and sizes of change from 0 outwards; None where nothing changes on that side."""
        middle = self.alphas.index(0.0)
        part = slice(middle, None) if is_up else slice(middle, None, -1)
        alphas, changes = self.alphas[part], self.changes[part]
        if not changes or not changes[-1]:
            return None
        return alphas, [abs(change) for change in changes]


STILL = Knob((0.0,))
"""Of who cannot be steered."""


def _between(x: float, at: Sequence[float], values: Sequence[float]) -> float:
    """Linear interpolation, the first value where several places fit; the ends beyond them."""
    index = bisect_left(at, x)
    if index == 0:
        return values[0]
    if index == len(at):
        return values[-1]
    share = (x - at[index - 1]) / (at[index] - at[index - 1])
    return values[index - 1] + share * (values[index] - values[index - 1])


def isotonic(values: Sequence[float]) -> list[float]:
    """The sequence nearest to `values` that never falls: least squares, by pooling neighbours.

    Examples
    --------
    >>> isotonic([1.0, 3.0, 2.0, 4.0])
    [1.0, 2.5, 2.5, 4.0]
    """
    blocks: list[tuple[float, int]] = []  # mean, how many
    for value in values:
        mean, n = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, m = blocks.pop()
            mean, n = (mean * n + before * m) / (n + m), n + m
        blocks.append((mean, n))
    return [mean for mean, n in blocks for _ in range(n)]
