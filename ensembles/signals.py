"""Ctrl-C, SIGTERM and a closed terminal ask a performance to end in order; the music's files first.

The first signal asks, later ones change nothing: until everything is silent, written and gone,
nothing else is done. Only before there is anything to stop does a second one interrupt.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

__all__ = ["StopRequest", "stopping_on_signals"]

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class StopRequest:
    """Whether somebody has asked to stop, and who is to be told."""

    def __init__(self) -> None:
        self.is_made = False
        self._tell: Callable[[], object] | None = None

    def attach(self, stop: Callable[[], None]) -> None:
        """From now on `stop` is called, on the running event loop; at once if it was asked for."""
        loop = asyncio.get_running_loop()
        self._tell = lambda: loop.call_soon_threadsafe(stop)
        if self.is_made:
            stop()

    def detach(self) -> None:
        """Nobody is told any more."""
        self._tell = lambda: None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        if self._tell is not None:
            self._tell()
        elif self.is_made:
            raise KeyboardInterrupt
        self.is_made = True


@contextlib.contextmanager
def stopping_on_signals(*, is_last: bool = False) -> Iterator[StopRequest]:
    """Turn signals into a request while the block runs; outside the main thread nothing changes.

    With `is_last` the process has nothing left to do after the block, and signals stay ignored: one
    that comes while it ends must not make a failure of it.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.signal(number, request.handle) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            after = signal.SIG_IGN if is_last else handler
            signal.signal(number, after if after is not None else signal.SIG_DFL)
