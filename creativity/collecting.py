"""An agent that only writes down activations: what a background is fitted from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musebots.messages import Activations, Message
from musebots.musebot import Musebot

if TYPE_CHECKING:
    from musebots.arrays import FloatArray, IntArray

__all__ = ["Collector", "Playing"]


@dataclass(frozen=True, slots=True)
class Playing:
    """One bot's activations through one run.

    Parameters
    ----------
    network, layer : str
        Which network's, and which of its layers.
    ticks : IntArray
        (n_steps,), in order.
    hidden : FloatArray
        (n_steps, n_units).
    surprise : FloatArray
        (n_steps,), -ln p of what was played, in nats; NaN where unknown.
    """

    network: str
    layer: str
    ticks: IntArray
    hidden: FloatArray
    surprise: FloatArray


class Collector(Musebot):
    """Writes down what every bot's network does; plays nothing."""

    role = "listener"
    hears = ("activations",)

    def __init__(self) -> None:
        super().__init__()
        self._heard: dict[str, list[Activations]] = defaultdict(list)

    async def play(self) -> None:
        """Listen."""

    def hear(self, message: Message) -> None:
        """Keep what a bot tells of itself."""
        if isinstance(message, Activations):
            self._heard[message.bot_id].append(message)

    def playing(self, end_tick: int | None = None) -> dict[str, Playing]:
        """What was heard of each bot before `end_tick`, by id, steps in order."""
        return {bot_id: _joined(heard, end_tick) for bot_id, heard in sorted(self._heard.items())}


def _joined(heard: list[Activations], end_tick: int | None) -> Playing:
    ordered = sorted(heard, key=lambda message: message.first_tick)
    ticks = [
        message.first_tick + message.step_ticks * np.arange(len(message.rows))
        for message in ordered
    ]
    all_ticks = np.concatenate(ticks)
    n_steps = all_ticks.size if end_tick is None else int(np.searchsorted(all_ticks, end_tick))
    return Playing(
        ordered[0].network,
        ordered[0].layer,
        all_ticks[:n_steps],
        np.concatenate([message.rows for message in ordered])[:n_steps],
        np.concatenate([message.surprises for message in ordered])[:n_steps],
    )
