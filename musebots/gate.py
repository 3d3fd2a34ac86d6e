"""The gate: how far steering may lead from what a network learned, watched while it plays. Pure.

Two numbers of every step are known exactly, since the hidden state itself is never steered: the
Kullback-Leibler divergence of the steered choice from the unsteered one, and how surprising the
steered choice is to the network as learned, relative to the unsteered one: in nats over all bars
together, for a bar of rests or repetition is hardly ever surprising, and twice hardly is no more.
Where eight bars (four at least) leave the gate, or one bar does by twice as much, alpha is halved.
Half as much again is tried after eight bars if it should be well within, and well below where it
was refused in the last 64 bars. A fader that is taken back starts afresh.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["MAX_COST", "MAX_KL_NATS", "BarSteered", "Gate", "SteeredStep"]

MAX_KL_NATS = 0.15
MAX_COST = 1.5
BARS_JUDGED = 8
FEWEST_BARS = 4
FAR_OUT = 2.0
BARS_BEFORE_MORE = 8
MORE = 1.5
REFUSAL_BARS = 64
WELL_WITHIN = 0.8
WELL_BELOW = 0.9
LEAST_USUAL_NATS = 0.05
"""Where less is usual a step, in rests, this is what counts."""
LEAST_SHARE = 1 / 16
GRID = 2.0**-16
UNREFUSED = 16.0

SteeredStep: TypeAlias = tuple[float, float, float, float, float]
"""Fader, alpha, nats of divergence, expected surprise steered and unsteered."""


@dataclass(frozen=True, slots=True)
class BarSteered:
    """What steering did to a bar: means over its steps.

    Parameters
    ----------
    value : float
        The fader, -1..1.
    alpha : float
        What was applied of it.
    kl : float
        Nats a step.
    surprise, usual : float
        Expected surprise of the choice under the network as learned, and of the unsteered one:
        nats a step.
    """

    value: float
    alpha: float
    kl: float
    surprise: float
    usual: float

    @property
    def cost(self) -> float:
        """How many times as surprising as unsteered."""
        return round(_ratio(self.surprise, self.usual) / GRID) * GRID

    @classmethod
    def of(cls, steps: Sequence[SteeredStep]) -> BarSteered:
        """The mean of (value, alpha, kl, surprise, usual surprise) of steps.

        On a grid, so that what is decided on it is the same on every machine.
        """
        n = len(steps)
        sums = map(math.fsum, zip(*steps, strict=True))
        return cls(*(round(x / n / GRID) * GRID for x in sums))


def _ratio(surprise: float, usual: float) -> float:
    return surprise / usual if usual > 0 else 1.0


class Gate:
    """See the module's text.

    Attributes
    ----------
    share : float
        How much of alpha may be applied.
    """

    def __init__(self) -> None:
        self.share = 1.0
        self._bars: deque[BarSteered] = deque(maxlen=BARS_JUDGED)
        self._n_quiet = 0
        self._refused = UNREFUSED
        self._n_since = 0

    def judge(self, bar: BarSteered) -> str:
        """Take in a bar; what was found out of the gate, or nothing. `share` may change."""
        if not bar.value and not bar.kl:
            self.share, self._n_quiet, self._refused, self._n_since = 1.0, 0, UNREFUSED, 0
            self._bars.clear()
            return ""
        self._bars.append(bar)
        self._n_since += 1
        if self._n_since > REFUSAL_BARS:
            self._refused = UNREFUSED
        kl = sum(b.kl for b in self._bars) / len(self._bars)
        usual = max(LEAST_USUAL_NATS, sum(b.usual for b in self._bars) / len(self._bars))
        cost = _ratio(sum(b.surprise for b in self._bars) / len(self._bars), usual)
        bar_cost = _ratio(bar.surprise, max(bar.usual, usual))
        if bar.kl > FAR_OUT * MAX_KL_NATS or bar_cost > FAR_OUT * MAX_COST:
            kl, cost = bar.kl, bar_cost
        elif len(self._bars) < FEWEST_BARS:
            return ""
        if kl > MAX_KL_NATS or cost > MAX_COST:
            self._refused = min(self._refused, abs(bar.value) * self.share)
            self._n_since = 0
            self.share = max(LEAST_SHARE, self.share / 2)
            self._bars.clear()
            self._n_quiet = 0
            if kl > MAX_KL_NATS:
                return f"{kl:.2f} nats a step from what it learned, {MAX_KL_NATS:g} are allowed"
            return f"{cost:.2f} times as surprising as usual, {MAX_COST:g} are allowed"
        more = min(1.0, MORE * self.share)
        by = more / self.share
        would_be = by**2 * kl < WELL_WITHIN * MAX_KL_NATS and (
            by * (cost - 1) < WELL_WITHIN * (MAX_COST - 1)
        )
        is_new = abs(bar.value) * more < WELL_BELOW * self._refused
        self._n_quiet = self._n_quiet + 1 if would_be and is_new and self.share < 1 else 0
        if self._n_quiet >= BARS_BEFORE_MORE:
            self.share, self._n_quiet = more, 0
            self._bars.clear()
        return ""

    def snapshot(self) -> tuple[float, int, float, int, tuple[tuple[float, ...], ...]]:
        """All of it, as plain values."""
        bars = tuple((b.value, b.alpha, b.kl, b.surprise, b.usual) for b in self._bars)
        return self.share, self._n_quiet, self._refused, self._n_since, bars

    def restore(
        self, snapshot: tuple[float, int, float, int, tuple[tuple[float, ...], ...]]
    ) -> None:
        """Go back to what `snapshot` gave."""
        self.share, self._n_quiet, self._refused, self._n_since, bars = snapshot
        self._bars = deque((BarSteered(*bar) for bar in bars), maxlen=BARS_JUDGED)
