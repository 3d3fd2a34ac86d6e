"""The band's sound for browsers: from the sound process's packets to a WebSocket for each listener.

While somebody listens, the sound process is asked for packets; each listener has a short queue. Who
is slow loses packets, the oldest first; neither the band nor another listener ever waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Sequence

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from director.outputs.audio.packets import ASK_SECONDS, StreamAddress
from ensembles.web.listening import stream_of_environment
from musebots.network import LOOPBACK_HOST

__all__ = ["Listening", "sound_routes"]

log = logging.getLogger(__name__)

MAX_LISTENERS = 8
QUEUED_PACKETS = 43  # half a second
STALLED_SECONDS = 5.0
MAX_QUESTIONS = 20  # a second, of one listener
FULL, NO_SOUND, TOO_MUCH = 1013, 4404, 1008


def sound_routes(stage: object = None) -> Sequence[BaseRoute]:
    """The part of the page that sounds; see `Part` of the application."""
    return [WebSocketRoute("/audio", Listening(stream_of_environment()).serve)]


class _Listener:
    """What waits for one browser."""

    def __init__(self) -> None:
        self._packets: deque[bytes] = deque(maxlen=QUEUED_PACKETS)
        self._texts: deque[str] = deque(maxlen=MAX_QUESTIONS)
        self._has_some = asyncio.Event()

    def take(self, packet: bytes) -> None:
        """Queue a packet."""
        self._packets.append(packet)
        self._has_some.set()

    def answer(self, **values: object) -> None:
        """Queue an answer."""
        self._texts.append(json.dumps(values))
        self._has_some.set()

    async def speak(self, socket: WebSocket) -> None:
        """Send what waits; who takes nothing for long is let go."""
        while True:
            await self._has_some.wait()
            async with asyncio.timeout(STALLED_SECONDS):
                while self._texts:
                    await socket.send_text(self._texts.popleft())
                while self._packets and not self._texts:
                    await socket.send_bytes(self._packets.popleft())
            if not (self._texts or self._packets):
                self._has_some.clear()

    async def hear(self, socket: WebSocket) -> None:
        """Answer what time it is; who asks for anything else, or too often, is let go."""
        n_asked, since = 0, time.monotonic()
        while True:
            text = await socket.receive_text()
            now = time.monotonic()
            if now - since >= 1.0:
                n_asked, since = 0, now
            n_asked += 1
            asked = _number_asked(text)
            if n_asked > MAX_QUESTIONS or asked is None:
                await socket.close(TOO_MUCH, "only pings, and not too many")
                return
            self.answer(pong=asked, now=now)


class Listening(asyncio.DatagramProtocol):
    """All who listen.

    Parameters
    ----------
    stream : StreamAddress or None
        Of the sound process; None where the band does not sound here.
    """

    def __init__(self, stream: StreamAddress | None) -> None:
        self._stream = stream
        self._listeners: set[_Listener] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._asking: asyncio.Task[None] | None = None
        self.n_packets = 0

    @property
    def n_listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A packet of sound: for everybody."""
        if self._stream is not None and addr[1] == self._stream.port:
            self.n_packets += 1
            for listener in self._listeners:
                listener.take(data)

    def error_received(self, exc: Exception) -> None:
        """The sound process is not there at the moment; it comes back."""

    async def serve(self, socket: WebSocket) -> None:
        """Serve one listener until it goes."""
        await socket.accept()
        if self._stream is None:
            await socket.close(NO_SOUND, "the band does not sound here (--audio browser)")
            return
        if len(self._listeners) >= MAX_LISTENERS:
            await socket.close(FULL, f"{MAX_LISTENERS} listen already")
            return
        listener = _Listener()
        self._listeners.add(listener)
        tasks = []
        try:
            await self._begin(self._stream)
            tasks = [
                asyncio.create_task(listener.speak(socket)),
                asyncio.create_task(listener.hear(socket)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._listeners.discard(listener)
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(
                    outcome, WebSocketDisconnect | TimeoutError | OSError | RuntimeError
                ):
                    log.error("a listener's connection failed", exc_info=outcome)
            if not self._listeners:
                self._end()

    async def _begin(self, stream: StreamAddress) -> None:
        """The first listener has come: ask the sound process for packets."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(stream))

    async def _ask(self, stream: StreamAddress) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=(LOOPBACK_HOST, 0)
        )
        try:
            while True:
                transport.sendto(stream.token.encode(), (LOOPBACK_HOST, stream.port))
                await asyncio.sleep(ASK_SECONDS)
        finally:
            transport.close()

    def _end(self) -> None:
        """The last listener has gone."""
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None


def _number_asked(text: str) -> float | None:
    """The number in ``{"ping": number}``; None for anything else."""
    if len(text) > 100:
        return None
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return float(json.loads(text)["ping"])
    return None
