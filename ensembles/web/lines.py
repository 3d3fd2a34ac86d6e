"""The way to one browser: bounded, so that a slow one loses telemetry and holds nobody up. Pure.

Of a fact only the last value waits, so facts are never lost; of streams and frames of activations
the oldest make room.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque

from pydantic import JsonValue

from ensembles.web.state import Added, Change, Dropped, Put

__all__ = ["Line"]

MAX_ITEMS = 4000
MAX_FRAMES = 512


class Line:
    """What waits to be sent to one browser."""

    def __init__(self) -> None:
        self.n_lost = 0
        self._put: dict[str, JsonValue] = {}
        self._drop: set[str] = set()
        self._items: deque[tuple[str, JsonValue]] = deque(maxlen=MAX_ITEMS)
        self._frames: deque[bytes] = deque(maxlen=MAX_FRAMES)
        self._answers: list[JsonValue] = []
        self._waiting = asyncio.Event()

    def tell(self, change: Change) -> None:
        """A change waits to be sent."""
        match change:
            case Put(key, value):
                self._put[key] = value
                self._drop.discard(key)
            case Dropped(key):
                self._put.pop(key, None)
                self._drop.add(key)
            case Added(stream, item):
                self.n_lost += len(self._items) == MAX_ITEMS
                self._items.append((stream, item))
        self._waiting.set()

    def frame(self, frame: bytes) -> None:
        """A binary frame waits to be sent."""
        self.n_lost += len(self._frames) == MAX_FRAMES
        self._frames.append(frame)
        self._waiting.set()

    def answer(self, answer: JsonValue) -> None:
        """An answer to what this browser asked; as many wait as it has asked."""
        self._answers.append(answer)
        self._waiting.set()

    async def next(self) -> tuple[str, list[bytes]]:
        """Wait for something to send: a text (empty if there is none) and binary frames."""
        await self._waiting.wait()
        self._waiting.clear()
        said: dict[str, JsonValue] = {}
        if self._put:
            said["put"], self._put = self._put, {}
        if self._drop:
            said["drop"], self._drop = list[JsonValue](sorted(self._drop)), set()
        if self._items:
            said["add"] = [[stream, item] for stream, item in self._items]
            self._items.clear()
        if self._answers:
            said["answers"], self._answers = self._answers, []
        if said:
            said["lost"] = self.n_lost
        frames = list(self._frames)
        self._frames.clear()
        return json.dumps(said, separators=(",", ":")) if said else "", frames
