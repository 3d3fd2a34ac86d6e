"""Warnings of this process, told to those who watch the performance."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from director.director import Director

__all__ = ["noted"]


class _DeskHandler(logging.Handler):
    """Hands what is logged to the Director's desk, on its event loop."""

    def __init__(self, director: Director) -> None:
        super().__init__(logging.WARNING)
        self._director = director
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._director.desk.note, level, record.getMessage())


@contextlib.contextmanager
def noted(director: Director) -> Iterator[None]:
    """Tell those who watch what is logged while the block runs, warnings and worse."""
    handler = _DeskHandler(director)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
