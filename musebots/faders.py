"""A bot's place between calmer and bolder: who asks for how much, from which tick on. Pure.

Three add up, each -1..1: the performer's faders (the band's and the bot's own), what a policy
adds, and what the section asks for; the sum stays within -1..1. 0 is the music as learned.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping

__all__ = ["BAND", "OWN", "POLICY", "Faders"]

BAND, OWN, POLICY = "band", "own", "policy"
SOURCES = (BAND, OWN, POLICY)
MAX_POINTS = 64

Points = tuple[tuple[int, float], ...]


class Faders:
    """Where each fader of one bot stands, by tick; the last word on a tick counts."""

    def __init__(self) -> None:
        self._points: dict[str, Points] = dict.fromkeys(SOURCES, ())
        self._switch: Points = ()

    def move(self, source: str, value: float, from_tick: int) -> bool:
        """Move a fader from a tick on, for good; whether that is news."""
        if math.isnan(value):
            raise ValueError("a fader is a number in -1..1")
        value = min(1.0, max(-1.0, value))
        before = self._points[source]
        is_news = _at(before, from_tick, 0.0) != value or before[-1:] > ((from_tick, 1.0),)
        if is_news:
            self._points[source] = _moved(before, value, from_tick)
        return is_news

    def switch(self, is_on: bool, from_tick: int) -> bool:
        """Heed the faders from a tick on, or play as learned; whether that is news."""
        before = _at(self._switch, from_tick, 1.0)
        self._switch = _moved(self._switch, float(is_on), from_tick)
        return before != float(is_on)

    def value_at(self, tick: int, written: float = 0.0) -> float:
        """All of them together at a tick, -1..1; `written` is what the section asks for."""
        asked = written + sum(_at(points, tick, 0.0) for points in self._points.values())
        return min(1.0, max(-1.0, asked)) * _at(self._switch, tick, 1.0)

    def is_on_at(self, tick: int) -> bool:
        """Whether the faders are heeded at a tick."""
        return _at(self._switch, tick, 1.0) > 0

    def snapshot(self) -> tuple[dict[str, Points], Points]:
        """All of it, as plain values."""
        return dict(self._points), self._switch

    def restore(self, snapshot: tuple[Mapping[str, Points], Points]) -> None:
        """Go back to what `snapshot` gave."""
        points, switch = snapshot
        self._points = {source: tuple(points[source]) for source in SOURCES}
        self._switch = tuple(switch)


def _moved(points: Points, value: float, from_tick: int) -> Points:
    kept = tuple(point for point in points if point[0] < from_tick)
    return (*kept, (from_tick, value))[-MAX_POINTS:]


def _at(points: Points, tick: int, default: float) -> float:
    index = bisect_right(points, tick, key=lambda point: point[0])
    return points[index - 1][1] if index else default
