"""Keep a Director's clock on another conductor's pulses.

Every beat, and whenever the grid has changed, the tempo of the next stretch is set so that it ends
where the other conductor's beat is expected.
"""

from __future__ import annotations

from director.director import Director
from musebots.phaselock import PhaseLock
from musebots.timebase import MAX_BPM, MIN_BPM, PPQ, PULSES_PER_BEAT, TICKS_PER_PULSE

__all__ = ["SlavedClock"]

GRID_TICKS = PPQ // 4
BAR_TICKS = 4 * PPQ
SLACK_SECONDS = 0.0003
MAX_STRETCH = 2.0  # how much faster or slower than asked, to catch up


class SlavedClock:
    """See the module's text.

    Parameters
    ----------
    lock : PhaseLock
        What is known of the conductor's pulses.
    """

    def __init__(self, lock: PhaseLock) -> None:
        self._lock = lock
        self._first_pulse = 0
        self._target = 0

    def anchor_for(self, earliest_seconds: float) -> float:
        """When tick 0 is to fall: on the conductor's next bar line (of four beats)."""
        bar_pulses = 4 * PULSES_PER_BEAT
        pulse = int(-(-self._lock.pulse_at(earliest_seconds) // bar_pulses)) * bar_pulses
        self._first_pulse = pulse
        return self._lock.seconds_at(pulse)

    def seconds_at(self, tick: float) -> float:
        """When a tick falls by the conductor's clock."""
        return self._lock.seconds_at(self._first_pulse + tick / TICKS_PER_PULSE)

    def steer(self, director: Director, *, is_urgent: bool = False) -> None:
        """Turn the Director's tempo so that it meets the conductor's again, within a beat.

        What was begun is carried through, unless `is_urgent`: the grid is another one.
        """
        first_open = director.playback.committed_tick() + 1
        tick = max(0, -(-first_open // GRID_TICKS) * GRID_TICKS)
        if tick < self._target and not is_urgent:
            return
        target = self._target = -(-(tick + GRID_TICKS) // PPQ) * PPQ
        error = director.clock.seconds_at(target) - self.seconds_at(target)
        beat_seconds = self.seconds_at(target + PPQ) - self.seconds_at(target)
        nominal = _in_range(60.0 / beat_seconds)
        if abs(error) > 2.5 * beat_seconds:  # it has been elsewhere: take up its nearest bar line
            n_bars = round(error / (4 * beat_seconds))
            self._first_pulse += n_bars * BAR_TICKS // TICKS_PER_PULSE
        elif abs(error) < SLACK_SECONDS and director.clock.tempo_map.bpm_at(target) == nominal:
            return
        seconds = self.seconds_at(target) - director.clock.seconds_at(tick)
        beats = (target - tick) / PPQ
        fastest, slowest = nominal * MAX_STRETCH, nominal / MAX_STRETCH
        bpm = fastest if seconds <= 0 else min(fastest, max(slowest, 60.0 * beats / seconds))
        director.steer([(tick, _in_range(bpm)), (target, nominal)])


def _in_range(bpm: float) -> float:
    return min(MAX_BPM, max(MIN_BPM, bpm))
