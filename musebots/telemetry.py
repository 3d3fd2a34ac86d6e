"""A bot's inner life as messages: the activations of each step, gathered and sent in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from musebots.generators import STEP_TICKS
from musebots.messages.listening import Activations, steps_per_message

if TYPE_CHECKING:
    from musebots.arrays import FloatArray

__all__ = ["Telemetry"]


class Telemetry:
    """Steps that wait to be told; what is told is numbered, so that a loss shows.

    Parameters
    ----------
    bot_id : str
        Whose.
    network : str
        Identity of the network; see `musebots.messages.Activations`.
    layer : str
    """

    def __init__(self, bot_id: str, network: str, *, layer: str = "hidden") -> None:
        self._bot_id = bot_id
        self._network = network
        self._layer = layer
        self._number = 0
        self._steps: list[tuple[int, FloatArray, float]] = []

    def add(self, tick: int, hidden: FloatArray, surprise: float) -> None:
        """Keep a step: its tick, its activations, and -ln p of what it plays (NaN: unknown)."""
        self._steps.append((tick, hidden, surprise))

    def forget_from(self, tick: int) -> None:
        """Steps from there on are decided anew."""
        self._steps = [step for step in self._steps if step[0] < tick]

    def messages(self, until_tick: int | None = None) -> Iterator[Activations]:
        """What was kept, in as few datagrams as it takes; it is kept no longer.

        With `until_tick`, only the steps before it.
        """
        import numpy as np

        steps = self._steps
        if until_tick is not None:
            steps = [step for step in steps if step[0] < until_tick]
        self._steps = self._steps[len(steps) :]
        start = 0
        while start < len(steps):
            first_tick, hidden, _ = steps[start]
            most = min(start + steps_per_message(len(hidden)), len(steps))
            end = start + 1
            while end < most and steps[end][0] == first_tick + (end - start) * STEP_TICKS:
                end += 1
            part = steps[start:end]
            yield Activations.of(
                self._bot_id,
                self._number,
                np.stack([row for _, row, _ in part]),
                first_tick=first_tick,
                step_ticks=STEP_TICKS,
                layer=self._layer,
                network=self._network,
                surprise=[nats for _, _, nats in part],
            )
            self._number += 1
            start = end
