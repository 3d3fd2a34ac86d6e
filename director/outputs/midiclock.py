"""MIDI clock out: 24 clocks a beat, start, stop, continue and song position, for other machines.

Clocks run from the count-in on, so that others can find the tempo; the start comes just before the
first downbeat. A session that is taken up in the middle says its song position and continues, and
so does music that was held.
"""

from __future__ import annotations

import math
import time
from typing import Any

import mido

from director.outputs.base import Ending, OutputEvent, TempoChange
from director.outputs.deadline import DeadlineThread
from director.ports import open_output
from director.score import Score
from director.sync.midiclock import CLOCKS_PER_BEAT, CLOCKS_PER_SIXTEENTH
from musebots.timebase import PPQ, TempoMap

__all__ = ["MidiClockOutput"]

CLOCK_TICKS = PPQ // CLOCKS_PER_BEAT
START_AHEAD_SECONDS = 0.002
MAX_SONG_POSITION = 16383


class MidiClockOutput:
    """Sends the band's clock to a MIDI port.

    Parameters
    ----------
    port : str, optional
        A part of the port's name, in any case, that no other port has; by default the only port.
    backend : str, optional
        Name of a mido backend.
    """

    def __init__(self, port: str | None = None, *, backend: str | None = None) -> None:
        self._wanted = port
        self._backend = backend
        self._port: Any = None
        self._port_name = port or ""
        self._thread: DeadlineThread | None = None
        self._tempo_map = TempoMap.constant(120.0)
        self._first_tick = 0
        self._last_clock = 0
        self._anchor_seconds: float | None = None
        self._next_clock = 0
        self._is_playing = False

    @property
    def name(self) -> str:
        """``midiclock IAC Driver Bus 1``."""
        return f"midiclock {self._port_name}".rstrip()

    async def open(self, score: Score) -> None:
        """Open the port.

        Raises
        ------
        OutputUnavailable
            If there is no such port, or more than one.
        """
        self._port_name, self._port = open_output(self._wanted, self._backend)
        self._tempo_map = score.tempo_map
        self._first_tick = score.first_tick
        self._next_clock = score.start_tick // CLOCK_TICKS
        self._last_clock = score.end_tick // CLOCK_TICKS
        self._thread = DeadlineThread("midi clock")
        self._thread.start()

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at this time of `time.monotonic`; the clocks begin, or go on."""
        if self._thread is None:
            return
        is_again = self._anchor_seconds is not None
        self._anchor_seconds = anchor_seconds
        now_tick = self._tempo_map.tick_at(time.monotonic() - anchor_seconds)
        if is_again:
            self._next_clock = math.ceil(now_tick / CLOCK_TICKS)
        self._thread.clear()
        self._await_clock()

    def send(self, event: OutputEvent) -> None:
        """Follow the tempo, and stop where the band ends; nothing else concerns a clock."""
        if isinstance(event, TempoChange):
            self._tempo_map = event.tempo_map
        elif isinstance(event, Ending):
            self._last_clock = event.tick // CLOCK_TICKS

    def panic(self) -> None:
        """The music is held, or over: stop."""
        if self._thread is not None:
            self._thread.clear()
            self._thread.call_at(time.monotonic(), self._stop)

    async def close(self) -> None:
        """Stop, and free the port."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
        if self._port is not None:
            try:
                self._stop()
            finally:
                self._port.close()
                self._port = None

    def _await_clock(self) -> None:
        """Have the next clock sent at its time, and before it whatever it needs."""
        if self._thread is None or self._anchor_seconds is None:
            return
        tick = self._next_clock * CLOCK_TICKS
        when = self._anchor_seconds + self._tempo_map.seconds_at(tick)
        if tick >= self._first_tick and not self._is_playing:
            self._thread.call_at(when - START_AHEAD_SECONDS, self._begin)
        self._thread.call_at(when, self._clock)

    def _clock(self) -> None:
        self._port.send(mido.Message("clock"))
        self._next_clock += 1
        if self._next_clock < self._last_clock:
            self._await_clock()

    def _begin(self) -> None:
        """Say where the next clock is, if that is a sixteenth; until then clocks alone go out."""
        if self._is_playing or self._next_clock % CLOCKS_PER_SIXTEENTH:
            return
        self._is_playing = True
        if self._next_clock <= 0:
            self._port.send(mido.Message("start"))
            return
        position = self._next_clock // CLOCKS_PER_SIXTEENTH
        self._port.send(mido.Message("songpos", pos=min(MAX_SONG_POSITION, position)))
        self._port.send(mido.Message("continue"))

    def _stop(self) -> None:
        if self._is_playing:
            self._is_playing = False
            self._port.send(mido.Message("stop"))
