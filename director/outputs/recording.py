"""What the outputs share that write a file when the session ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from director.outputs.base import Ending, NoteOff, NoteOn, OutputEvent, TempoChange
from director.outputs.targets import check_target
from director.score import Score
from musebots.timebase import TempoMap

__all__ = ["RecordingOutput", "last_tempo_map", "missing_ends", "short"]


class RecordingOutput:
    """Keeps what is played until `close` makes a file of it.

    Parameters
    ----------
    path : Path or str
        Where to; its folder must exist. A file that is there is replaced.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._score: Score | None = None
        self._events: list[OutputEvent] = []
        self._anchor_seconds: float | None = None
        self._stop_tick: int | None = None

    def begin_with(self, events: Iterable[OutputEvent], *, stop_tick: int | None = None) -> None:
        """What was played before, and where it ended, if not at the end of the score."""
        self._events.extend(events)
        self._stop_tick = stop_tick

    async def open(self, score: Score) -> None:
        """Remember the score, and find out now whether the file can be written.

        Raises
        ------
        ConfigError
            If it cannot.
        """
        check_target(self.path)
        self._score = score

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at this time of the event loop."""
        self._anchor_seconds = anchor_seconds

    def send(self, event: OutputEvent) -> None:
        """Keep one event; of a band that ends sooner, that it does."""
        if isinstance(event, Ending):
            if self._score is not None:
                self._score = self._score.ending_at(event.tick)
            return
        self._stop_tick = None  # after a panic the music may go on
        self._events.append(short(event))

    def panic(self) -> None:
        """Forget what is still to come and end what sounds."""
        now_tick = self._now_tick()
        self._events[:] = [event for event in self._events if event.tick <= now_tick]
        self._events.extend(missing_ends(self._events, now_tick))
        self._stop_tick = now_tick

    def abort(self) -> None:
        """Give up: `close` will write nothing."""
        self._score = None

    def _now_tick(self) -> int:
        """The tick of the event loop's time, or of the last event where no loop runs."""
        last_tick = max((event.tick for event in self._events), default=0)
        if self._anchor_seconds is None or self._score is None:
            return last_tick
        try:
            now_seconds = asyncio.get_running_loop().time() - self._anchor_seconds
        except RuntimeError:  # called from outside the loop
            return last_tick
        return max(0, round(last_tempo_map(self._score, self._events).tick_at(now_seconds)))


def last_tempo_map(score: Score, events: Iterable[OutputEvent]) -> TempoMap:
    """The tempo of a whole session: the score's, and what every change has said from then on."""
    points = list(score.tempo_map.points)
    for event in events:
        if isinstance(event, TempoChange):
            while points and points[-1].tick >= event.tick - 1:
                points.pop()
            points += (p for p in event.tempo_map.points if p.tick >= event.tick - 1)
    return TempoMap(tuple(points))


def short(event: OutputEvent) -> OutputEvent:
    """A change of tempo without what was said before: its map is exact from just before it on."""
    if not isinstance(event, TempoChange):
        return event
    return replace(event, tempo_map=event.tempo_map.forgotten_before(event.tick - 1))


def missing_ends(events: list[OutputEvent], tick: int) -> list[NoteOff]:
    """An end at `tick` for every note that began and has none."""
    sounding: dict[tuple[int, int], NoteOn] = {}
    for event in events:
        if isinstance(event, NoteOn):
            sounding[event.channel, event.pitch] = event
        elif isinstance(event, NoteOff):
            sounding.pop((event.channel, event.pitch), None)
    return [
        NoteOff(max(tick, on.tick + 1), on.seconds, on.bot_id, on.channel, on.pitch)
        for on in sounding.values()
    ]
