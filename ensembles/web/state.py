"""What the page shows, as plain JSON: facts, and streams of what happens. Pure.

A *fact* has a key, and its last value holds; a *stream* is a row of items of which the end is kept.
Whoever joins gets everything (`Stage.snapshot`), and from then on each change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

__all__ = ["Added", "Change", "Dropped", "Put", "Stage"]

KEPT_ITEMS: Mapping[str, int] = {"notes": 4000, "scores": 6000, "flags": 300, "events": 500}
KEPT_OF_OTHERS = 500


@dataclass(frozen=True, slots=True)
class Put:
    """A fact has another value."""

    key: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Dropped:
    """A fact no longer holds."""

    key: str


@dataclass(frozen=True, slots=True)
class Added:
    """A stream has another item."""

    stream: str
    item: JsonValue


Change = Put | Dropped | Added


class Stage:
    """See the module's text; every change is told to those who subscribed, in order."""

    def __init__(self) -> None:
        self._facts: dict[str, JsonValue] = {}
        self._streams: dict[str, deque[JsonValue]] = {}
        self._subscribers: list[Callable[[Change], None]] = []

    def subscribe(self, tell: Callable[[Change], None]) -> Callable[[], None]:
        """Tell `tell` of every change from now on; returns how to end that."""
        self._subscribers.append(tell)
        return lambda: self._subscribers.remove(tell)

    def fact(self, key: str) -> JsonValue:
        """The value of a fact, None where there is none."""
        return self._facts.get(key)

    def facts(self, beginning: str) -> dict[str, JsonValue]:
        """All facts whose key begins so."""
        return {key: value for key, value in self._facts.items() if key.startswith(beginning)}

    def stream(self, name: str) -> tuple[JsonValue, ...]:
        """What is kept of a stream, the oldest first."""
        return tuple(self._streams.get(name, ()))

    def put(self, key: str, value: JsonValue) -> None:
        """Set a fact; told only if it has changed."""
        if key not in self._facts or self._facts[key] != value:
            self._facts[key] = value
            self._tell(Put(key, value))

    def drop(self, key: str) -> None:
        """Forget a fact."""
        if self._facts.pop(key, None) is not None:
            self._tell(Dropped(key))

    def add(self, stream: str, item: JsonValue) -> None:
        """Append to a stream."""
        if stream not in self._streams:
            self._streams[stream] = deque(maxlen=KEPT_ITEMS.get(stream, KEPT_OF_OTHERS))
        self._streams[stream].append(item)
        self._tell(Added(stream, item))

    def snapshot(self) -> dict[str, JsonValue]:
        """Everything that is known now."""
        return {
            "facts": dict(self._facts),
            "streams": {name: list(items) for name, items in self._streams.items()},
        }

    def _tell(self, change: Change) -> None:
        for tell in tuple(self._subscribers):
            tell(change)
