"""Bots as processes: launch them, notice when one dies, and leave none behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Callable

from ensembles.config import BotSpec
from musebots.network import Address

__all__ = ["Supervisor"]

log = logging.getLogger(__name__)

PIECE_BYTES = 4096
KEPT_LINES = 20
MAX_LINE_LENGTH = 500
FORCE = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows no other
GRACE_SECONDS = 0.3


class Supervisor:
    """Keeps one process per bot.

    Parameters
    ----------
    on_gone : callable
        Hears of a process that has ended: the bot's id, its exit code, and its last lines.
    """

    def __init__(self, on_gone: Callable[[str, int, list[str]], None]) -> None:
        self._on_gone = on_gone
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._is_ending = False

    async def launch(self, bot: BotSpec, director: Address) -> None:
        """Start a bot's process, in a group of its own: Ctrl-C is the Director's to handle."""
        host, port = director
        environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "musebots.run",  # -P: nothing here shadows a library
            "--bot", bot.bot, "--id", bot.id, "--director", f"{host}:{port}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )  # fmt: skip
        self._processes[bot.id] = process
        self._watchers.append(asyncio.create_task(self._watch(bot.id, process)))

    async def end(self) -> None:
        """Let everybody go, those who do not want to as well; no process is left afterwards."""
        self._is_ending = True
        await self._all_gone(GRACE_SECONDS)
        for number in (signal.SIGTERM, FORCE):
            for process in self._processes.values():
                if process.returncode is None:
                    _signal_group(process.pid, number)
            if await self._all_gone(GRACE_SECONDS):
                break
        for outcome in await asyncio.gather(*self._watchers, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("a watcher of a bot failed", exc_info=outcome)

    async def _all_gone(self, seconds: float) -> bool:
        """Wait up to `seconds` for all processes to end; whether they have."""
        waiting = [
            asyncio.ensure_future(process.wait())
            for process in self._processes.values()
            if process.returncode is None
        ]
        if waiting:
            _, pending = await asyncio.wait(waiting, timeout=seconds)
            for task in pending:
                task.cancel()
            return not pending
        return True

    async def _watch(self, bot_id: str, process: asyncio.subprocess.Process) -> None:
        """Pass a bot's words on, and tell when its process has ended."""
        last_lines = await _listen(process.stderr)
        code = await process.wait()
        _signal_group(process.pid, FORCE)  # what it has started goes with it
        if not self._is_ending:
            self._on_gone(bot_id, code, last_lines)


async def _listen(words: asyncio.StreamReader | None) -> list[str]:
    """Log what a bot says, line by line, and return the last lines.

    It is read in pieces, not by `readline`: a line without end must not hold the bot up.
    """
    unfinished, last_lines = "", deque[str](maxlen=KEPT_LINES)
    while words is not None and (piece := await words.read(PIECE_BYTES)):
        *lines, unfinished = (unfinished + piece.decode(errors="replace")).split("\n")
        for line in filter(None, (line.rstrip() for line in lines)):
            log.info("%s", line)
            last_lines.append(line[:MAX_LINE_LENGTH])
        unfinished = unfinished[-MAX_LINE_LENGTH:]
    return [*last_lines, *([unfinished.rstrip()] if unfinished.rstrip() else [])]


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a bot and whatever it has started, where the system has process groups."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
