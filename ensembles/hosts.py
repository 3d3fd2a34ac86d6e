"""Bots that are started on other machines, over ssh, and play from there.

The key goes to `musebots join` through its standard input: no list of processes shows it. A bot
there ends by itself when it no longer hears its Director.
"""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musebots.errors import ConfigError, NetworkError
from musebots.network import Address

if TYPE_CHECKING:
    import asyncssh

    from ensembles.config import BotSpec
    from ensembles.lan import LanOptions

__all__ = ["HostSpec", "Hosts", "RemoteProcess", "joins_by_itself"]

KEPT_LINES = 20
CONNECT_SECONDS = 10.0
SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A machine that bots of a piece play on.

    Parameters
    ----------
    name : str
        In the piece.
    ssh : str or None
        ``user@machine:port``, user and port as you like; None: its bots join by themselves.
    command : str
        How `musebots` is called there.
    """

    name: str
    ssh: str | None = None
    command: str = "musebots"


class Hosts:
    """Starts bots elsewhere.

    Parameters
    ----------
    director : Address
        Where the other machines reach the Director.
    phrase : str
        The key of the band.
    """

    def __init__(self, director: Address, phrase: str) -> None:
        self._director = director
        self._phrase = phrase

    async def start(self, bot: BotSpec) -> RemoteProcess:
        """Have a bot join from its host.

        Raises
        ------
        ConfigError
            When asyncssh is missing.
        NetworkError
            When the host cannot be reached or lets nobody in.
        """
        host = bot.host
        assert host is not None
        assert host.ssh is not None
        try:
            import asyncssh
        except ImportError as error:
            raise ConfigError(
                f'{bot.id} is to be started on {host.name} by ssh: pip install "musebots[ssh]"'
            ) from error
        user, machine, port = _parts(host.ssh)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await asyncssh.connect(
                    machine, port, **({"username": user} if user else {})
                )
            process = await connection.create_process(
                self._command(bot, host), stderr=asyncssh.STDOUT
            )
        except (OSError, asyncssh.Error) as error:
            reason = str(error) or type(error).__name__
            raise NetworkError(f"{bot.id} cannot play on {host.name} ({host.ssh}): {reason}") from (
                error
            )
        process.stdin.write(self._phrase + "\n")
        return RemoteProcess(connection, process)

    def _command(self, bot: BotSpec, host: HostSpec) -> str:
        director = f"{self._director[0]}:{self._director[1]}"
        words = ["join", bot.bot, "--id", bot.id, "--director", director, "--key", "-", "-q"]
        return f"{host.command} {shlex.join(words)}"


class RemoteProcess:
    """A bot's process on another machine; see `ensembles.processes.Process`."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[str]
    ) -> None:
        self._connection = connection
        self._process = process
        self._last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._code: int | None = None
        self._ending = asyncio.ensure_future(self._hear_out())

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ending.done()

    @property
    def last_lines(self) -> list[str]:
        """The last that it said."""
        return list(self._last_lines)

    async def wait(self) -> int:
        """Wait for its end; its exit code, or minus the number of the signal that ended it."""
        return await asyncio.shield(self._ending)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal it, as far as the server there does."""
        if self.is_running:
            with contextlib.suppress(OSError):
                self._process.send_signal(number.name.removeprefix("SIG"))

    async def end(self, grace_seconds: float, *, leave_seconds: float | None = None) -> None:
        """Let it go by itself for a while (`leave_seconds`), then tell it to, then hang up."""
        first = grace_seconds if leave_seconds is None else leave_seconds
        for number, seconds in ((None, first), (signal.SIGTERM, grace_seconds)):
            if number is not None:
                self.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._ending), seconds)
                return
        self._connection.abort()
        await asyncio.shield(self._ending)

    async def _hear_out(self) -> int:
        async for line in self._process.stdout:
            self._last_lines.append(line.rstrip("\n"))
        await self._process.wait_closed()
        self._connection.close()
        if self._process.exit_signal:
            name = f"SIG{self._process.exit_signal[0]}"
            return -int(getattr(signal, name, signal.SIGTERM))
        status = self._process.exit_status
        return -int(signal.SIGHUP) if status is None else status  # the line was cut


def _parts(ssh: str) -> tuple[str, str, int]:
    """User (may be empty), machine and port.

    Examples
    --------
    >>> _parts("ana@pi.local:2222"), _parts("pi")
    (('ana', 'pi.local', 2222), ('', 'pi', 22))
    """
    user, _, place = ssh.rpartition("@")
    machine, _, port = place.partition(":")
    if not machine or not (port or "22").isdigit():
        raise ConfigError(f"ssh looks like user@machine or user@machine:port, got {ssh!r}")
    return user, machine, int(port or SSH_PORT)


def joins_by_itself(bot: BotSpec, lan: LanOptions | None) -> bool:
    """Whether a bot is started by people on another machine; `ConfigError` if it cannot join."""
    if lan is None and bot.host is not None:
        raise ConfigError(
            f"{bot.id} plays on {bot.host.name}: say where that reaches this machine, "
            "--listen ADDRESS"
        )
    is_elsewhere = lan is not None and bot.id in lan.elsewhere
    return is_elsewhere or (bot.host is not None and bot.host.ssh is None)
