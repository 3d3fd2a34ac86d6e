"""Keep a Director's clock on another grid of beats.

The tempo of each short stretch is set so that it ends where the other grid's beat is expected.
"""

from __future__ import annotations

from director.director import Director
from musebots.beattracker import Grid
from musebots.timebase import MAX_BPM, MIN_BPM, PPQ

__all__ = ["SlavedClock"]

GRID_TICKS = PPQ // 4
SLACK_SECONDS = 0.0003
MAX_STRETCH = 2.0  # how much faster or slower than asked, to catch up
LOST_BEATS = 2.5


class SlavedClock:
    """See the module's text.

    Parameters
    ----------
    grid : Grid
        The beats to keep on.
    stretch_ticks : int
        At multiples of this the two shall meet; what was begun is carried through until then.
    """

    def __init__(self, grid: Grid, *, stretch_ticks: int = GRID_TICKS) -> None:
        self._grid = grid
        self._stretch_ticks = stretch_ticks
        self._target = 0
        self.first_beat = 0.0
        """The grid's beat on which tick 0 falls."""

    def anchor_for(self, earliest_seconds: float, *, bar_beats: float = 4.0) -> float:
        """When tick 0 is to fall: on the grid's next bar line."""
        n_bars = -(-self._grid.beat_at(earliest_seconds) // bar_beats)
        self.first_beat = n_bars * bar_beats
        return self.seconds_at(0)

    def seconds_at(self, tick: float) -> float:
        """When a tick falls by the grid."""
        return self._grid.seconds_at(self.first_beat + tick / PPQ)

    def forget(self) -> None:
        """The music has leapt: nothing is being carried through."""
        self._target = 0

    def steer(self, director: Director, *, is_urgent: bool = False, bar_beats: float = 4.0) -> None:
        """Turn the Director's tempo so that it meets the grid again.

        What was begun is carried through, unless `is_urgent`: the grid is another one.
        """
        first_open = director.playback.committed_tick() + 1
        tick = max(0, -(-first_open // GRID_TICKS) * GRID_TICKS)
        if tick < self._target and not is_urgent:
            return
        target = self._target = -(-(tick + GRID_TICKS) // self._stretch_ticks) * self._stretch_ticks
        error = director.clock.seconds_at(target) - self.seconds_at(target)
        beat_seconds = self.seconds_at(target + PPQ) - self.seconds_at(target)
        nominal = _in_range(60.0 / beat_seconds) if beat_seconds > 0 else MAX_BPM
        if abs(error) > LOST_BEATS * beat_seconds:
            # It has been elsewhere: take up its nearest bar line.
            self.first_beat += bar_beats * round(error / (bar_beats * beat_seconds))
        elif abs(error) < SLACK_SECONDS:
            drift = director.clock.seconds_at(target + PPQ) - self.seconds_at(target + PPQ)
            if abs(drift) < 2 * SLACK_SECONDS:
                return
        seconds = self.seconds_at(target) - director.clock.seconds_at(tick)
        beats = (target - tick) / PPQ
        fastest, slowest = nominal * MAX_STRETCH, nominal / MAX_STRETCH
        bpm = fastest if seconds <= 0 else min(fastest, max(slowest, 60.0 * beats / seconds))
        director.steer([(tick, _in_range(bpm)), (target, nominal)])


def _in_range(bpm: float) -> float:
    return min(MAX_BPM, max(MIN_BPM, bpm))
