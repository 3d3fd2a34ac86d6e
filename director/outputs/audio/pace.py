"""When to render what, where no sound card asks for it. Pure."""

from __future__ import annotations

import math

__all__ = ["AHEAD_SECONDS", "Pace"]

AHEAD_SECONDS = 0.02
MAX_BEHIND_SECONDS = 0.25


class Pace:
    """Packets of equal length on the clock of `time.monotonic`, each rendered just ahead of it.

    The time of a packet is its number times its length after the start, always: listeners can
    follow this clock for hours. Who falls far behind leaves packets out instead of shifting time.

    Parameters
    ----------
    packet_seconds : float
    start_seconds : float
        When the first frame of packet 0 is to be heard.
    ahead_seconds : float
        How long before its time a packet is rendered: less than the Director's commit horizon, so
        that its notes are known by then.
    """

    def __init__(
        self, packet_seconds: float, *, start_seconds: float, ahead_seconds: float = AHEAD_SECONDS
    ) -> None:
        self._packet_seconds = packet_seconds
        self._start_seconds = start_seconds
        self._ahead_seconds = ahead_seconds
        self.number = 0
        self.n_left_out = 0

    @property
    def seconds(self) -> float:
        """When the first frame of the next packet is to be heard."""
        return self._start_seconds + self.number * self._packet_seconds

    def wait_seconds(self, now_seconds: float) -> float:
        """How long to wait before rendering; leaves packets out that nobody could hear in time."""
        wait = self.seconds - self._ahead_seconds - now_seconds
        if wait < -MAX_BEHIND_SECONDS:
            n_missed = math.ceil(-wait / self._packet_seconds)
            self.number += n_missed
            self.n_left_out += n_missed
            wait = self.seconds - self._ahead_seconds - now_seconds
        return max(0.0, wait)

    def advance(self) -> None:
        """The packet has been rendered."""
        self.number += 1
