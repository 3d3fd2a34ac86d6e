"""The band as one bot: a step of it is complete when every bot has told its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from creativity.background import BAND, Norm, Setup, Voice, joined_table
from creativity.ears import LOST, Ear, Sighting
from musebots.arrays import FloatArray

__all__ = ["BandWindow"]

MAX_WAITING_STEPS = 512
INCOMPLETE = "not everybody told it"


class BandWindow:
    """Puts the innovations of all bots side by side, step by step, for an ear of its own.

    Parameters
    ----------
    norm : Norm
        Of the band.
    voices : mapping of str to Voice
        The bots that belong to it, by id, in the order of their nodes.
    setup : Setup
    """

    def __init__(self, norm: Norm, voices: Mapping[str, Voice], setup: Setup) -> None:
        table = joined_table([voice.table for voice in voices.values()])
        self.ear = Ear(BAND, norm, table, setup)
        self._members = tuple(voices)
        self._waiting: dict[int, dict[str, tuple[FloatArray, float]]] = {}
        self._last_tick = -1

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the bots that belong to it."""
        return self._members

    def needs(self, bot_id: str) -> bool:
        """Whether the band cannot be listened to without this bot, and still is."""
        return bot_id in self._members and not self.ear.is_silenced

    def tell(
        self, bot_id: str, tick: int, innovation: FloatArray, surprise: float
    ) -> tuple[FloatArray, float] | None:
        """Take in one step of one bot.

        Returns
        -------
        tuple of array and float, or None
            When everybody has told this step: all innovations, (n_nodes of the band,), and the
            mean surprise, nats.
        """
        if self.ear.is_silenced:
            if tick > self._last_tick:
                self._last_tick = tick
                self.ear.skip(self.ear.silence_reason)
            return None
        if bot_id not in self._members:
            return None
        told = self._waiting.setdefault(tick, {})
        told[bot_id] = innovation, surprise
        if len(told) < len(self._members):
            if len(self._waiting) > MAX_WAITING_STEPS:
                self._waiting.pop(min(self._waiting))
                self.ear.skip(INCOMPLETE)
            return None
        del self._waiting[tick]
        self._last_tick = tick
        together = np.concatenate([told[member][0] for member in self._members])
        return together, float(np.mean([told[member][1] for member in self._members]))

    def forget(self, n_missing: int) -> Sighting | None:
        """Begin a new window: steps of a bot are missing. What was to be flagged is returned."""
        if self.ear.is_silenced:
            return None
        self._waiting.clear()
        self.ear.skip(LOST, n_missing)
        return self.ear.forget()

    def silence(self, reason: str) -> Sighting | None:
        """Listen no more; what was to be flagged is returned."""
        sighting = self.ear.silence(reason)
        self.ear.skip(reason, len(self._waiting))
        self._last_tick = max(self._waiting, default=self._last_tick)
        self._waiting.clear()
        return sighting
