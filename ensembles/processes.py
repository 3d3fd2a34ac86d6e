"""A bot's process: started in a group of its own, heard out, and ended with all it has started."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from musebots.network import Address

__all__ = ["BotProcess", "Process", "command_of", "how_it_ended"]

log = logging.getLogger(__name__)

KEPT_LINES = 20
MAX_LINE_LENGTH = 500
FORCE = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows no other
LAST_WORDS_SECONDS = 0.2
GROUP_SECONDS = 0.05


def command_of(
    reference: str, bot_id: str, director: Address, *, version: Path | None = None
) -> list[str]:
    """The command that runs one of our bots, or another version of its file; start it tied."""
    host, port = director
    other = [] if version is None else ["--version", str(version)]
    return [
        sys.executable, "-P", "-m", "musebots.run",  # -P: nothing here shadows a library
        "--bot", reference, "--id", bot_id, "--director", f"{host}:{port}", "--supervised",
        "--tied", *other,
    ]  # fmt: skip


class _Ears(asyncio.SubprocessProtocol):
    """Hears what a process says, line by line, and when it ends.

    Its words come in pieces: a line without end must not hold the bot up.
    """

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.is_finished = asyncio.Event()
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._unfinished = ""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, unfinished = (self._unfinished + data.decode(errors="replace")).split("\n")
        self._take(lines)
        self._unfinished = unfinished[-MAX_LINE_LENGTH:]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._take([self._unfinished])
        self._unfinished = ""

    def process_exited(self) -> None:
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_finished.set()

    def _take(self, lines: Sequence[str]) -> None:
        for line in filter(None, (line.rstrip() for line in lines)):
            log.info("%s", line)
            self.last_lines.append(line[:MAX_LINE_LENGTH])


class Process(Protocol):
    """A bot's process, here or elsewhere."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""

    @property
    def last_lines(self) -> list[str]:
        """The last that it said."""

    async def wait(self) -> int:
        """Wait for its end; its exit code."""

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it, unless it has ended."""

    async def end(self, grace_seconds: float, *, leave_seconds: float | None = None) -> None:
        """Let it go by itself for a while (`leave_seconds`), then tell it to, then make it."""


class BotProcess:
    """One process, from `start` on.

    A *launcher* may end while what it has started goes on: then its group is the bot.
    """

    def __init__(
        self, transport: asyncio.SubprocessTransport, ears: _Ears, *, is_launcher: bool = False
    ) -> None:
        self._transport = transport
        self._ears = ears
        self._is_launcher = is_launcher

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        is_launcher: bool = False,
        is_tied: bool = False,
    ) -> BotProcess:
        """Start it, in a group of its own: Ctrl-C is the Director's to handle.

        One that `is_tied` finds its standard input closed when this process is gone, however it
        went: the system sees to that, at once.

        Raises
        ------
        OSError
            When the system refuses.
        """
        transport, ears = await asyncio.get_running_loop().subprocess_exec(
            _Ears,
            *command,
            stdin=asyncio.subprocess.PIPE if is_tied else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env={"OPENBLAS_NUM_THREADS": "1", **os.environ, **(environment or {})},
            start_new_session=True,
        )
        return cls(transport, ears, is_launcher=is_launcher)

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group as well."""
        return self._transport.get_pid()

    def step_back(self, niceness: int) -> None:
        """Let others have the processor first, where the system knows such a thing."""
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):  # it has just ended
                os.setpriority(os.PRIO_PROCESS, self._transport.get_pid(), niceness)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._transport.get_returncode() is None

    @property
    def last_lines(self) -> list[str]:
        """The last that it said."""
        return list(self._ears.last_lines)

    async def wait(self) -> int:
        """Wait for its end, end all that it has started, and hear it out; its exit code."""
        await self._ears.exited.wait()
        if not (self._is_launcher and self._transport.get_returncode() == 0):
            self._signal_group(FORCE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ears.is_finished.wait(), LAST_WORDS_SECONDS)
        self._transport.close()
        code = self._transport.get_returncode()
        return -FORCE if code is None else code

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it and whatever it has started, unless it has ended."""
        if self.is_running or self._is_launcher:
            self._signal_group(number)

    async def end(self, grace_seconds: float, *, leave_seconds: float | None = None) -> None:
        """Let it go by itself for a while (`leave_seconds`), then tell it to, then make it."""
        first = grace_seconds if leave_seconds is None else leave_seconds
        for number, seconds in ((None, first), (signal.SIGTERM, grace_seconds), (FORCE, 1.0)):
            if number is not None:
                self.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ears.exited.wait()
                    while self._is_launcher and self._has_group():
                        await asyncio.sleep(GROUP_SECONDS)  # nobody tells when a group is empty
            if not (self.is_running or (self._is_launcher and self._has_group())):
                return

    def _has_group(self) -> bool:
        """Whether anything that it has started still runs."""
        if not hasattr(os, "killpg"):
            return False
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal_group(self, number: signal.Signals) -> None:
        """Where the system has no process groups, only the process itself."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, number)
            elif self.is_running:
                os.kill(self.pid, number)


def how_it_ended(code: int) -> str:
    """An exit code in words.

    Examples
    --------
    >>> how_it_ended(1), how_it_ended(-9)
    ('exit code 1', 'killed by SIGKILL')
    """
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
