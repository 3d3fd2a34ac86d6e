"""The last yard to what sounds now: a thread that does things at absolute times, to a millisecond.

An event loop wakes up a millisecond late, more when it is busy. Work that is ahead does not mind; a
MIDI port does.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from functools import partial

__all__ = ["DeadlineThread"]

log = logging.getLogger(__name__)

SPIN_SECONDS = 0.0005


class DeadlineThread:
    """Calls what it is given when its time has come.

    Calls for the same time are made in the order given; one that is late is made at once. A call
    must be short, for the next one waits for it; what it raises is logged and ends nothing.

    Parameters
    ----------
    name : str
        For people who look at threads.
    clock : callable
        Seconds, never going back; the deadlines are on it.
    wait : callable, optional
        Sleeps at most so many seconds, less when `notify` is called. By default a condition
        variable's; a test gives its own together with its own clock.
    spin_seconds : float
        The thread wakes this much early and spins the rest, because waking up is not punctual.
    """

    def __init__(
        self,
        name: str = "deadlines",
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float | None], object] | None = None,
        spin_seconds: float = SPIN_SECONDS,
    ) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._wait = wait or self._condition.wait
        self._spin_seconds = spin_seconds
        self._pending: list[tuple[float, int, Callable[[], object]]] = []
        self._counter = itertools.count()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; what was given before is kept."""
        self._thread.start()

    def call_at(
        self, deadline_seconds: float, function: Callable[..., object], /, *args: object
    ) -> None:
        """Have ``function(*args)`` called at this time of the clock. Never blocks for long."""
        number = next(self._counter)
        call: Callable[[], object] = partial(function, *args)
        with self._condition:
            heapq.heappush(self._pending, (deadline_seconds, number, call))
            if self._pending[0][1] == number:  # earlier than all that is awaited
                self._condition.notify()

    def clear(self) -> None:
        """Forget every call that was not made yet."""
        with self._condition:
            self._pending.clear()
            self._condition.notify()

    def stop(self) -> None:
        """Forget what is pending and end the thread; returns when it has ended."""
        with self._condition:
            self._is_stopping = True
            self._pending.clear()
            self._condition.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            call = self._next_call()
            if call is None:
                return
            try:
                call()
            except Exception:  # the thread belongs to many; one caller's fault must not end it
                log.exception("a call at its deadline failed")

    def _next_call(self) -> Callable[[], object] | None:
        """Wait for the earliest deadline; None when it is time to end."""
        while True:
            with self._condition:
                if self._is_stopping:
                    return None
                if not self._pending:
                    self._wait(None)
                    continue
                remaining = self._pending[0][0] - self._clock()
                if remaining <= 0:
                    return heapq.heappop(self._pending)[2]
                if remaining > self._spin_seconds:
                    self._wait(remaining - self._spin_seconds)
            # The rest is spun without the lock, so that others can still put an earlier call in.
