"""One browser's WebSocket: a snapshot, then differences; what is touched there goes to the band."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from ensembles.web.controls import message_of
from ensembles.web.lines import Line
from ensembles.web.serving import MAX_TEXT_BYTES
from ensembles.web.state import Stage
from musebots.messages import Message

__all__ = ["Sockets"]

log = logging.getLogger(__name__)

MAX_BROWSERS = 32
KEPT_FRAMES = 256  # of activations, for who joins late; a frame is a bar or less of one bot
MAX_ASKED = 200  # a second, of one browser
STALLED_SECONDS = 10.0
TOO_MUCH, FULL, BAD = 1008, 1013, 1007


class Sockets:
    """All browsers that look at the page.

    Parameters
    ----------
    stage : Stage
    send : callable
        Sends a message to the Director.
    """

    def __init__(self, stage: Stage, send: Callable[[Message], None]) -> None:
        self._stage = stage
        self._send = send
        self._lines: set[Line] = set()
        self._frames: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._loop = asyncio.get_running_loop()

    @property
    def n_browsers(self) -> int:
        """How many look."""
        return len(self._lines)

    def frame(self, frame: bytes) -> None:
        """Show activations to everybody, and to who comes soon."""
        self._frames.append(frame)
        for line in self._lines:
            line.frame(frame)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one browser until it goes."""
        if len(self._lines) >= MAX_BROWSERS:
            await socket.close(FULL, "too many browsers")
            return
        await socket.accept()
        line = Line()
        line.answer({"snapshot": self._stage.snapshot(), "now": self._loop.time()})
        for frame in self._frames:
            line.frame(frame)
        self._lines.add(line)
        unsubscribe = self._stage.subscribe(line.tell)
        speaking = asyncio.create_task(self._speak(socket, line))
        hearing = asyncio.create_task(self._hear(socket, line))
        try:
            await asyncio.wait([speaking, hearing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            unsubscribe()
            self._lines.discard(line)
            for task in (speaking, hearing):
                task.cancel()
            for outcome in await asyncio.gather(speaking, hearing, return_exceptions=True):
                _check(outcome)

    async def _speak(self, socket: WebSocket, line: Line) -> None:
        """Send what waits; a browser that takes nothing for long is let go."""
        while True:
            text, frames = await line.next()
            async with asyncio.timeout(STALLED_SECONDS):
                if text:
                    await socket.send_text(text)
                for frame in frames:
                    await socket.send_bytes(frame)

    async def _hear(self, socket: WebSocket, line: Line) -> None:
        """Take what is touched; who says too much, or nonsense, is let go."""
        n_asked, since = 0, self._loop.time()
        while True:
            text = await socket.receive_text()
            now = self._loop.time()
            if now - since >= 1.0:
                n_asked, since = 0, now
            n_asked += 1
            if n_asked > MAX_ASKED or len(text) > MAX_TEXT_BYTES:
                await socket.close(TOO_MUCH, "too much at once")
                return
            try:
                asked = json.loads(text)
                if not isinstance(asked, dict):
                    raise ValueError("not an object")
            except ValueError:
                await socket.close(BAD, "not a JSON object")
                return
            self._take(asked, line)

    def _take(self, asked: dict[str, Any], line: Line) -> None:
        """Answer a question for the time, or send what was touched to the Director."""
        if "ping" in asked:
            line.answer({"pong": asked["ping"], "now": self._loop.time()})
            return
        values = asked.get("values", [])
        try:
            self._send(message_of(str(asked.get("do")), values if isinstance(values, list) else []))
        except ValueError as error:
            line.answer({"refused": str(error)})


def _check(outcome: object) -> None:
    """How a browser went: most ways are no news."""
    if isinstance(outcome, Exception) and not isinstance(
        outcome, WebSocketDisconnect | TimeoutError | OSError | RuntimeError | KeyError
    ):
        log.error("a browser's connection failed", exc_info=outcome)
