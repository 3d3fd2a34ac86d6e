"""A steady clock from jittered pulses: when each pulse of another conductor really falls. Pure.

Notes
-----
Since the last change of tempo, arrival times are fitted with a straight line over the pulse
number: least squares in which a pulse counts ``FORGETTING`` times what the next one does, and with
the announced tempo as a Gaussian prior on the slope (ridge regression). What was known of the time
of the first pulse of a new tempo is carried over as if `CARRIED_PULSES` had been heard there.
"""

from __future__ import annotations

import math

from musebots.timebase import MAX_BPM, MIN_BPM, PULSES_PER_BEAT

__all__ = ["PhaseLock"]

FORGETTING = 1.0 - 1.0 / 256.0
CARRIED_PULSES = 64.0
SLOPE_SD = 0.002  # how far conductors stray from the tempo they announce: 0.2 %
JITTER_SECONDS = 0.0034  # of the original conductor, measured
LOST_SECONDS = 0.08  # pulses that far off, several in a row, are another grid
N_LOST = 4
MAX_GAP_PULSES = 16 * 64


class PhaseLock:
    """Follows one conductor's `/mc/time`.

    Examples
    --------
    >>> lock = PhaseLock()
    >>> for pulse in range(64):
    ...     _ = lock.hear(pulse, bpm=120.0, seconds=10.0 + pulse * 0.03125)
    >>> round(lock.seconds_at(160), 6)
    15.0
    """

    def __init__(self) -> None:
        self.bpm = 120.0
        self.is_locked = False
        self._last_pulse = 0
        self._n_strays = 0
        self._begin(0, 0.0, 0.0)

    def _begin(self, pulse: int, seconds: float, weight: float) -> None:
        """A new line from `pulse` on, which falls at `seconds` as surely as so many pulses say."""
        self._origin, self._origin_seconds = pulse, seconds
        self._n, self._x, self._xx, self._y, self._xy = weight, 0.0, 0.0, 0.0, 0.0

    @property
    def pulse_seconds(self) -> float:
        """Length of a pulse at the announced tempo."""
        return 60.0 / (self.bpm * PULSES_PER_BEAT)

    def hear(self, pulse: int, *, bpm: float, seconds: float) -> bool:
        """Take in a pulse that arrived at `seconds`; whether the grid has changed with it.

        Parameters
        ----------
        pulse : int
            The conductor's counter; some may be missing, none may come twice.
        bpm : float
            The tempo that it announces; one that cannot be is passed over.
        seconds : float
            When it arrived.
        """
        if not (math.isfinite(bpm) and MIN_BPM <= bpm <= MAX_BPM):
            return False
        gap = pulse - self._last_pulse
        is_new = not self.is_locked or gap <= -MAX_GAP_PULSES or gap > MAX_GAP_PULSES
        if self.is_locked and not is_new and gap <= 0:
            if gap > -PULSES_PER_BEAT:
                return False  # it comes twice, or too late
            is_new = True  # the conductor counts anew
        if is_new:
            self.bpm, self.is_locked, self._n_strays = bpm, True, 0
            self._begin(pulse, seconds, 0.0)
        elif abs(bpm - self.bpm) > 1e-3:
            # The pulse that brings the tempo is where it begins; its time is known already.
            expected = self.seconds_at(pulse)
            self.bpm = bpm
            self._begin(pulse, expected, min(self._n, CARRIED_PULSES))
            is_new = True
        elif self._strays(pulse, seconds):
            self._begin(pulse, seconds, 0.0)
            is_new = True
        self._last_pulse = pulse
        self._add(pulse - self._origin, seconds)
        return is_new

    def seconds_at(self, pulse: float) -> float:
        """When a pulse falls."""
        x = pulse - self._origin
        level, slope = self._line()
        return self._origin_seconds + x * self.pulse_seconds + level + slope * x

    def pulse_at(self, seconds: float) -> float:
        """The (fractional) pulse that is reached at `seconds`."""
        level, slope = self._line()
        ahead = seconds - self._origin_seconds - level
        return self._origin + ahead / (self.pulse_seconds + slope)

    def _add(self, x: float, seconds: float) -> None:
        residual = seconds - self._origin_seconds - x * self.pulse_seconds
        self._n = FORGETTING * self._n + 1.0
        self._x = FORGETTING * self._x + x
        self._xx = FORGETTING * self._xx + x * x
        self._y = FORGETTING * self._y + residual
        self._xy = FORGETTING * self._xy + x * residual

    def _line(self) -> tuple[float, float]:
        """Level and slope of the residuals: seconds, and seconds a pulse."""
        if self._n <= 0.0:
            return 0.0, 0.0
        ridge = (JITTER_SECONDS / (SLOPE_SD * self.pulse_seconds)) ** 2
        mean_x, mean_y = self._x / self._n, self._y / self._n
        spread = self._xx - self._n * mean_x**2 + ridge
        slope = (self._xy - self._n * mean_x * mean_y) / spread
        return mean_y - slope * mean_x, slope

    def _strays(self, pulse: int, seconds: float) -> bool:
        """Whether pulses have been far off the line several times in a row."""
        is_off = abs(seconds - self.seconds_at(pulse)) > LOST_SECONDS
        self._n_strays = self._n_strays + 1 if is_off else 0
        if self._n_strays >= N_LOST:
            self._n_strays = 0
            return True
        return False
