"""What is done meanwhile: tasks that nobody waits for, and whose faults are told all the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

__all__ = ["Chores"]

log = logging.getLogger("ensembles.supervision")


class Chores:
    """Runs coroutines, until `end`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[None, None, None]) -> None:
        """Do something meanwhile; what goes wrong there is told."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def end(self) -> None:
        """Leave off; returns when all have."""
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("looking after a bot failed", exc_info=outcome)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("looking after a bot failed: %s", error)
