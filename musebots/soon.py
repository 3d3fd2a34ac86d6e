"""Something that is done at once, but not too often: what a hand that moves without end causes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

__all__ = ["Soon"]


class Soon:
    """Calls a function when asked to, and again no sooner than `apart_seconds` later.

    However often it is asked meanwhile, that is one call. Needs a running event loop.

    Parameters
    ----------
    function : callable
    apart_seconds : float
    """

    def __init__(self, function: Callable[[], None], *, apart_seconds: float) -> None:
        self._function = function
        self._apart_seconds = apart_seconds
        self._called_at = -math.inf
        self._alarm: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def ask(self) -> None:
        """Call it, now or as soon as it has been long enough."""
        if self._alarm is None:
            when = max(self._loop.time(), self._called_at + self._apart_seconds)
            self._alarm = self._loop.call_at(when, self._call)

    def cancel(self) -> None:
        """Never mind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _call(self) -> None:
        self._alarm = None
        self._called_at = self._loop.time()
        self._function()
