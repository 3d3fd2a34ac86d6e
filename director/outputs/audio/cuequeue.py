"""Cues in order of time, between the thread that reads them and the one that plays."""

from __future__ import annotations

import heapq
import itertools
import threading

from director.outputs.audio.jobs import ON, PANIC, Cue

__all__ = ["CueQueue"]

MISSED_SECONDS = 0.25


class CueQueue:
    """Filled by one thread and emptied by the other; neither ever waits long.

    A note that should have begun a quarter of a second ago or longer is left out: it comes from
    before a crash or from a machine that was asleep, and all such notes at once would be a bang.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int, Cue]] = []
        self._counter = itertools.count()

    def put(self, cue: Cue) -> None:
        """Add a cue; a panic drops all that wait."""
        with self._lock:
            if cue.kind == PANIC:
                self._waiting.clear()
            heapq.heappush(self._waiting, (cue.seconds, next(self._counter), cue))

    def due(self, before_seconds: float) -> list[Cue]:
        """Take out the cues whose time is before this."""
        taken = []
        with self._lock:
            while self._waiting and self._waiting[0][0] < before_seconds:
                seconds, _, cue = heapq.heappop(self._waiting)
                if cue.kind != ON or before_seconds - seconds < MISSED_SECONDS:
                    taken.append(cue)
        return taken
