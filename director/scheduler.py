"""The scheduler: notes come in ahead of time and out of order, events leave in one total order.

The order is (tick, note-offs before note-ons, channel, pitch). Everything is in ticks, so a change
of tempo re-times what is pending by itself. Up to the *commit horizon* events have been handed to
the outputs; a note that arrives behind it is late: it is counted and moved to the horizon.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field

from musebots.notes import Note
from musebots.timebase import swing_ticks

__all__ = ["Scheduled", "Scheduler"]

OFF, ON = 0, 1
MAX_PENDING = 20_000  # notes of one bot


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One end of a note: `is_on` tells which."""

    tick: int
    is_on: bool
    bot_id: str
    channel: int
    pitch: int
    velocity: int = 0


@dataclass(slots=True, eq=False)
class _Pending:
    """A note on its way through the scheduler."""

    bot_id: str
    channel: int
    pitch: int
    velocity: int
    on_tick: int
    off_tick: int
    has_begun: bool = False
    is_void: bool = False


@dataclass(slots=True)
class Scheduler:
    """See the module's text.

    Attributes
    ----------
    swing, swing_unit_ticks : float, int
        Playback feel, applied to both ends of every note.
    n_notes : Counter of str
        Notes that began to sound, per bot.
    n_late : Counter of str
        Notes that arrived behind the commit horizon, per bot; those that had ended by then
        (`n_missed`) could only be counted.
    n_refused : Counter of str
        Notes beyond the end of the piece, or of a bot that has too many pending already.
    n_merged : int
        Notes that another of the same pitch, channel and tick already stood for.
    """

    swing: float = 0.5
    swing_unit_ticks: int = 240
    n_notes: Counter[str] = field(default_factory=Counter)
    n_late: Counter[str] = field(default_factory=Counter)
    n_missed: Counter[str] = field(default_factory=Counter)
    n_refused: Counter[str] = field(default_factory=Counter)
    n_merged: int = 0
    end_tick: int | None = None
    _n_pending: Counter[str] = field(default_factory=Counter)
    _heap: list[tuple[int, int, int, int, int, _Pending]] = field(default_factory=list)
    _sounding: dict[tuple[int, int], _Pending] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, bot_id: str, channel: int, note: Note, *, committed_tick: int) -> None:
        """Take in a note; `committed_tick` is the last tick that has been handed out."""
        on_tick = self._swung(max(0, note.onset_ticks))
        off_tick = max(on_tick + 1, self._swung(note.onset_ticks + note.duration_ticks))
        is_beyond = self.end_tick is not None and on_tick >= self.end_tick
        if is_beyond or self._n_pending[bot_id] >= MAX_PENDING:
            self.n_refused[bot_id] += 1
            return
        if on_tick <= committed_tick:
            self.n_late[bot_id] += 1
            on_tick = committed_tick + 1
            if off_tick <= on_tick:
                self.n_missed[bot_id] += 1
                return
        pending = _Pending(bot_id, channel, note.pitch, note.velocity, on_tick, off_tick)
        self._n_pending[bot_id] += 1
        self._push(on_tick, ON, pending)

    def cancel(self, bot_id: str, from_tick: int) -> None:
        """Void a bot's notes that have not begun and would begin at `from_tick` or later."""
        for *_, kind, pending in ((e[0], e[1], e[5]) for e in self._heap):
            if kind == ON and pending.bot_id == bot_id and pending.on_tick >= from_tick:
                pending.is_void = True

    def next_tick(self) -> int | None:
        """The tick of the next event, None when nothing is pending."""
        while self._heap and self._heap[0][5].is_void:
            self._pop()
        return self._heap[0][0] if self._heap else None

    def release(self, until_tick: int) -> list[Scheduled]:
        """Hand out, in order, all events up to and including `until_tick`."""
        events: list[Scheduled] = []
        while (tick := self.next_tick()) is not None and tick <= until_tick:
            pending = self._pop()
            if pending.has_begun:
                self._end(tick, pending, events)
            else:
                self._begin(tick, pending, events)
        # A note that was cut short by one of the same pitch must end before others begin.
        events.sort(key=lambda event: (event.tick, event.is_on, event.channel, event.pitch))
        return events

    def drop_before(self, tick: int) -> None:
        """Void what has not begun and would begin before `tick`."""
        for entry in self._heap:
            if entry[1] == ON and entry[0] < tick:
                entry[5].is_void = True

    def pause(self, tick: int) -> list[Scheduled]:
        """End everything sounding at `tick`; what is pending stays."""
        events: list[Scheduled] = []
        for key in sorted(self._sounding):
            self._end(tick, self._sounding[key], events)
        return events

    def silence(self, tick: int, *, bot_id: str | None = None) -> list[Scheduled]:
        """Void everything pending and end everything sounding at `tick`; of one bot, or of all."""
        for *_, pending in self._heap:
            if bot_id is None or pending.bot_id == bot_id:
                pending.is_void = True
        events: list[Scheduled] = []
        for key in sorted(self._sounding):
            pending = self._sounding[key]
            if bot_id is None or pending.bot_id == bot_id:
                self._end(tick, pending, events)
        return events

    def _swung(self, tick: int) -> int:
        if self.swing == 0.5:
            return tick
        return swing_ticks(tick, self.swing, unit_ticks=self.swing_unit_ticks)

    def _pop(self) -> _Pending:
        _, kind, _, _, _, pending = heapq.heappop(self._heap)
        if kind == ON:
            self._n_pending[pending.bot_id] -= 1
        return pending

    def _push(self, tick: int, kind: int, pending: _Pending) -> None:
        entry = (tick, kind, pending.channel, pending.pitch, next(self._numbers), pending)
        heapq.heappush(self._heap, entry)

    def _begin(self, tick: int, pending: _Pending, events: list[Scheduled]) -> None:
        """Start a note; one that still sounds at this pitch ends first, one from now stands."""
        key = (pending.channel, pending.pitch)
        before = self._sounding.get(key)
        if before is not None and before.on_tick == tick:
            self.n_merged += 1
            return
        if before is not None:
            self._end(tick, before, events)
        pending.has_begun = True
        self._sounding[key] = pending
        self._push(pending.off_tick, OFF, pending)
        self.n_notes[pending.bot_id] += 1
        events.append(Scheduled(tick, True, pending.bot_id, *key, velocity=pending.velocity))

    def _end(self, tick: int, pending: _Pending, events: list[Scheduled]) -> None:
        """End a note, unless it has been ended before its time."""
        key = (pending.channel, pending.pitch)
        if self._sounding.get(key) is not pending:
            return
        del self._sounding[key]
        pending.is_void = True
        events.append(Scheduled(tick, False, pending.bot_id, *key))
