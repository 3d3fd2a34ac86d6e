"""The page's place in a performance: its process, its address, and what it is told of the session.

The music never waits for it: it is started when the bots have been, nobody waits for its hello, and
when it dies it comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import JsonValue

from director.director import Casting, Director
from ensembles.processes import BotProcess, how_it_ended
from musebots.network import LOOPBACK_HOST, Address

__all__ = [
    "DEFAULT_PAGE_PORT", "PAGE_ID", "PageOptions", "PageProcess", "casting_of_page", "free_port",
    "url_of",
]  # fmt: skip

log = logging.getLogger(__name__)

PAGE_ID = "page"
DEFAULT_PAGE_PORT = 4748
GRACE_SECONDS = 0.5
LOOK_SECONDS = 0.05
ANSWER_SECONDS = 20.0
MAX_LIVES = 5
RETURN_SECONDS = 1.0
TOKEN_VARIABLE = "MUSEBOTS_PAGE_TOKEN"  # not an argument: others can read those


@dataclass(frozen=True, slots=True)
class PageOptions:
    """Where the page is served, and whether a browser is opened on it.

    A `host` that other machines can reach takes a token, which is part of the address.
    """

    host: str = LOOPBACK_HOST
    port: int = DEFAULT_PAGE_PORT
    opens_browser: bool = False


def casting_of_page(values: Mapping[str, JsonValue], seed: int) -> Casting:
    """What the page is told when it joins: facts of the session that it shows."""
    return Casting("listener", seed, json.dumps(values, sort_keys=True))


class PageProcess:
    """The page, from `start` on.

    Parameters
    ----------
    options : PageOptions
    director : Director
        Must know the page's casting.
    address : Address
        Of the Director.
    on_notice : callable
        Hears where the page is, once it can be opened.
    environment : mapping of str to str
        What its process is told besides, such as where the sound is.
    """

    def __init__(
        self,
        options: PageOptions,
        director: Director,
        address: Address,
        on_notice: Callable[[str], None],
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._environment = dict(environment)
        self._options = options
        self._director = director
        self._address = address
        self._on_notice = on_notice
        self._token = "" if options.host == LOOPBACK_HOST else secrets.token_urlsafe(16)
        self._port = options.port
        self._process: BotProcess | None = None
        self._task = asyncio.create_task(self._live())

    @property
    def url(self) -> str:
        """Where the page is, for people."""
        return url_of(self._options.host, self._port, self._token)

    async def end(self) -> None:
        """Let it go; no process is left afterwards."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._process is not None:
            await self._process.end(GRACE_SECONDS)

    async def _live(self) -> None:
        """Start it, say where it is, and bring it back when it dies."""
        self._port = free_port(self._options.host, self._options.port)
        for life in range(MAX_LIVES):
            self._process = await BotProcess.start(
                self._command(), environment={TOKEN_VARIABLE: self._token, **self._environment}
            )
            if life == 0 and await self._answers():
                self._tell()
            code = await self._process.wait()
            if self._director.is_over:
                return
            self._director.bot_gone(PAGE_ID)
            lines = self._process.last_lines
            said = lines[-1] if lines else "it said nothing"
            log.error("the page has died (%s): %s; the music goes on", how_it_ended(code), said)
            await asyncio.sleep(RETURN_SECONDS * (life + 1))

    def _command(self) -> list[str]:
        host, port = self._address
        return [
            sys.executable, "-P", "-m", "ensembles.web", "--director", f"{host}:{port}",
            "--host", self._options.host, "--port", str(self._port),
        ]  # fmt: skip

    async def _answers(self) -> bool:
        """Wait until a browser would be answered; False if the process ends before."""
        host = self._options.host
        there = LOOPBACK_HOST if host == "0.0.0.0" else "::1" if host == "::" else host
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while self._process is not None and self._process.is_running:
                    try:
                        _, writer = await asyncio.open_connection(there, self._port)
                    except OSError:
                        await asyncio.sleep(LOOK_SECONDS)
                    else:
                        writer.close()
                        return True
        return False

    def _tell(self) -> None:
        self._on_notice(f"the page is at {self.url}")
        if self._options.opens_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, self.url)


def url_of(host: str, port: int, token: str = "") -> str:
    """Where something is served, for people and browsers."""
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def free_port(host: str, port: int) -> int:
    """This port, or, where it is taken, any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (port, 0):
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((host, candidate))
            except OSError:
                continue
            return int(sock.getsockname()[1])
    return port
