"""MIDI clock as a leader: 24 clocks a beat, start, stop, continue, song position.

Notes
-----
MIDI 1.0 Detailed Specification 4.2, "System Real Time Messages" and "Song Position Pointer": the
first clock after a start or continue is the place that it starts from; a song position counts
sixteenths (six clocks). The count of clocks is the truth, their times are noisy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from musebots.beattracker import BeatTracker

__all__ = ["CLOCKS_PER_BEAT", "CLOCKS_PER_SIXTEENTH", "ClockWord", "MidiClockLeader"]

log = logging.getLogger(__name__)

ClockWord = Literal["clock", "start", "continue", "stop", "songpos"]

CLOCKS_PER_BEAT = 24
CLOCKS_PER_SIXTEENTH = 6
LOST_SECONDS = 0.5  # without a clock, beyond four of them: it is gone
STALE_SECONDS = 2.0
N_TEMPO_KNOWN = 24
LONG_GAP = 1.6  # intervals
N_WITNESSES = 12  # clocks after a gap
SAME_INTERVALS = 0.4


class MidiClockLeader:
    """What another program's MIDI clock says.

    Parameters
    ----------
    name : str
        For people.
    bpm : float
        A first guess at its tempo.
    now : callable
        The event loop's time.

    Attributes
    ----------
    n_mended : int
        Clocks that were lost on the way and have been counted all the same.
    """

    bar_beats = None

    def __init__(self, name: str, bpm: float, *, now: Callable[[], float]) -> None:
        self.name = name
        self.grid = BeatTracker(bpm)
        self.changed = asyncio.Event()
        self.origin_beat: float | None = 0.0
        self.n_mended = 0
        self._now = now
        self._n_clocks = 0  # heard so far; the grid counts them
        self._song_clocks = 0  # where its song goes on when it is started
        self._state: Literal["stopped", "armed", "started"] = "stopped"
        self._last_seconds: float | None = None
        self._gap: tuple[int, float, float] | None = None
        self._late: list[float] = []
        self._was_lost = False

    @property
    def is_playing(self) -> bool:
        """Whether it has been started, and its clocks come."""
        is_lost = self._state == "started" and self._silence(self._now()) > self._patience()
        if is_lost and not self._was_lost:
            log.warning("%s has fallen silent: the band waits for it", self.name)
        self._was_lost = is_lost
        return self._state == "started" and not is_lost

    @property
    def knows_tempo(self) -> bool:
        """Whether enough of its clocks have been heard."""
        return self.grid.n_heard >= N_TEMPO_KNOWN and self._silence(self._now()) < STALE_SECONDS

    def ask_tempo(self, bpm: float) -> bool:
        """MIDI clock cannot be asked for anything."""
        return False

    def hear(self, word: ClockWord, seconds: float, *, position: int = 0) -> None:
        """Take in a message.

        Parameters
        ----------
        word : {"clock", "start", "continue", "stop", "songpos"}
        seconds : float
            When it arrived.
        position : int
            Of a song position: sixteenths from the start of the song.
        """
        match word:
            case "clock":
                self._hear_clock(seconds)
            case "start":
                self._song_clocks = 0
                self._state = "armed"
            case "continue":
                self._stop()
                self._state = "armed"
            case "stop":
                self._stop()
                self.changed.set()
            case "songpos":
                self._song_clocks = position * CLOCKS_PER_SIXTEENTH
                if self._state == "started":  # some leap without stopping
                    self._state = "armed"

    def _stop(self) -> None:
        if self._state == "started":
            self._song_clocks = self._n_clocks - self._origin_clocks
        self._state = "stopped"

    def _hear_clock(self, seconds: float) -> None:
        gap_seconds = self._silence(seconds)
        if self._state == "armed" and gap_seconds > LONG_GAP * self._usual_seconds:
            self.grid.begin(self.grid.bpm)  # it starts whenever it likes
            self._gap = None
        elif gap_seconds > self._patience():
            self.grid.begin(self.grid.bpm)
            self._gap = None
        else:
            self._mend(gap_seconds, seconds)
        self.grid.hear(self._n_clocks / CLOCKS_PER_BEAT, seconds)
        self._last_seconds = seconds
        if self._state == "armed":
            self._state = "started"
            self._origin_clocks = self._n_clocks - self._song_clocks
            self.origin_beat = self._origin_clocks / CLOCKS_PER_BEAT
            self.changed.set()
        elif self._was_lost:
            self.changed.set()
        self._n_clocks += 1

    def _mend(self, gap_seconds: float, seconds: float) -> None:
        """Count clocks that were lost: after a gap, those to come are late by whole intervals.

        A clock that is merely late is caught up with, and a slower tempo falls behind more and
        more; both are left alone.
        """
        if self._gap is None:
            is_long = gap_seconds > LONG_GAP * self._usual_seconds
            if not is_long or self.grid.n_heard < N_TEMPO_KNOWN or self._last_seconds is None:
                return
            self._gap = (self._n_clocks - 1, self._last_seconds, self._usual_seconds)
            self._late = []
        clock, at_seconds, usual = self._gap
        self._late.append((seconds - at_seconds) / usual - (self._n_clocks - clock))
        if len(self._late) < N_WITNESSES:
            return
        n_lost = round(sorted(self._late)[N_WITNESSES // 2])
        n_agree = sum(abs(late - n_lost) < SAME_INTERVALS for late in self._late)
        if n_lost > 0 and n_agree >= N_WITNESSES - 1:
            self.n_mended += n_lost
            self._n_clocks += n_lost
        self._gap = None

    @property
    def _usual_seconds(self) -> float:
        """Between two clocks."""
        return 60.0 / (self.grid.bpm * CLOCKS_PER_BEAT)

    def _silence(self, seconds: float) -> float:
        """Seconds since the last clock."""
        return float("inf") if self._last_seconds is None else seconds - self._last_seconds

    def _patience(self) -> float:
        return LOST_SECONDS + 4 * self._usual_seconds
