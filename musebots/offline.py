"""Offline, the event loop owns time: waiting costs nothing, and order is always the same.

`OfflineEventLoop` is a normal asyncio loop whose clock moves only when everybody waits, and then
straight to the next deadline. The same agents that play live play on it as fast as they can
compute. It has no sockets and no threads; what would hang forever raises `Stalled`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from musebots.errors import MusebotError, Stalled

__all__ = ["OfflineEventLoop", "run_offline"]

T = TypeVar("T")
RESOLUTION_SECONDS = 1e-9


class _VirtualSelector(selectors.BaseSelector):
    """A selector that never waits: it moves the clock on by the time it was to wait."""

    def __init__(self) -> None:
        self.now_seconds = 0.0
        self.failure: BaseException | None = None

    def select(self, timeout: float | None = None) -> list[Any]:
        if self.failure is not None:
            raise self.failure
        if timeout is None:
            raise Stalled(
                f"everybody waits and nothing is scheduled any more, at {self.now_seconds:.3f} s: "
                "a message or an event that somebody waits for never comes"
            )
        self.now_seconds += max(0.0, timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, -1, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, -1, 0, None)

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return {}

    def close(self) -> None:
        pass


class OfflineEventLoop(asyncio.SelectorEventLoop):
    """An asyncio event loop on virtual time, beginning at 0 seconds."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)
        self._clock_resolution = RESOLUTION_SECONDS

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now_seconds

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A callback that raised ends the run: offline, nothing may go wrong unnoticed."""
        self._virtual.failure = context.get("exception") or MusebotError(context["message"])

    def run_in_executor(  # type: ignore[override]
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[..., T],
        *args: Any,
    ) -> asyncio.Future[T]:
        """Run it inline: a thread would bring real time, and chance, back in."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # it is the caller's, through the future
            future.set_exception(error)
        return future


def run_offline(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on virtual time; like `asyncio.run`.

    Raises
    ------
    Stalled
        When everybody waits and nothing is left to wait for.

    Examples
    --------
    >>> async def nap() -> float:
    ...     await asyncio.sleep(3600)
    ...     return asyncio.get_running_loop().time()
    >>> round(run_offline(nap()))
    3600
    """
    with asyncio.Runner(loop_factory=OfflineEventLoop) as runner:
        return runner.run(main)
