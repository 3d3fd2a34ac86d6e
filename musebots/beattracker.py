"""Where the beats of a clock really fall that ticks with jitter and does not say its tempo. Pure.

Notes
-----
A Kalman filter over the beat count. State: the time of the last beat heard, the seconds a beat
takes, and how much longer each beat is than the one before; between observations the last of these
drifts at random (a white third derivative, `DRIFT`). See Bar-Shalom, Li and Kirubarajan, Estimation
with Applications to Tracking and Navigation, Wiley 2001, section 6.2 (the model is their "Wiener
process acceleration") and 11.6 for the inflation of the covariance when the target manoeuvres.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from musebots.arrays import FloatArray
from musebots.timebase import MAX_BPM, MIN_BPM

__all__ = ["BeatTracker", "Grid"]

JITTER_SECONDS = 0.002
DRIFT = 1e-3  # seconds / beat ** 2.5
UNSURE_BEAT_SECONDS = 0.15
UNSURE_CHANGE_SECONDS = 0.02
GATE = 4.0  # standard deviations; what lies beyond is no jitter
N_ASTRAY = 3
LEARNING = 1.0 / 48.0  # of the jitter, an observation
MOST_SURPRISE = 25.0
N_NEWTON = 4
N_LEARNING = 12  # observations before anything is taken for a stray


class Grid(Protocol):
    """Beats in time."""

    def seconds_at(self, beat: float) -> float:
        """When a beat falls."""

    def beat_at(self, seconds: float) -> float:
        """The (fractional) beat that is reached at `seconds`."""


class BeatTracker:
    """Follows a clock.

    Parameters
    ----------
    bpm : float
        A first guess.
    jitter_seconds : float
        Standard deviation of what is heard, at the least; a larger one is noticed.
    drift : float
        How restless its tempo is; see the module's text.
    unsure_seconds : float
        How far off the first guess at the length of a beat may be (standard deviation).

    Examples
    --------
    >>> tracker = BeatTracker(100.0)
    >>> for pulse in range(96):
    ...     tracker.hear(pulse / 24, pulse / 24 * 0.5)
    >>> round(tracker.seconds_at(5.0), 3), round(tracker.bpm)
    (2.5, 120)
    """

    def __init__(
        self,
        bpm: float = 120.0,
        *,
        jitter_seconds: float = JITTER_SECONDS,
        drift: float = DRIFT,
        unsure_seconds: float = UNSURE_BEAT_SECONDS,
    ) -> None:
        self._variance = self._least_variance = jitter_seconds**2
        self._unsure_seconds = unsure_seconds
        self._power = drift**2
        self.begin(bpm)

    def begin(self, bpm: float) -> None:
        """Forget everything but a guess at the tempo."""
        self.n_heard = 0
        self._beat = 0.0
        self._state: FloatArray = np.array([0.0, 60.0 / bpm, 0.0])
        self._covariance = np.zeros((3, 3))
        self._n_astray = 0
        self._last_off = 0.0

    @property
    def bpm(self) -> float:
        """The tempo at the last beat heard."""
        return min(MAX_BPM, max(MIN_BPM, 60.0 / max(1e-6, float(self._state[1]))))

    def hear(self, beat: float, seconds: float) -> None:
        """A beat, or a part of one, was heard at `seconds`; beats come in ascending order."""
        if self.n_heard == 0:
            self._beat = beat
            self._state[0] = seconds
            sd = (math.sqrt(self._variance), self._unsure_seconds, UNSURE_CHANGE_SECONDS)
            self._covariance = np.diag(np.square(sd))
            self.n_heard = 1
            return
        self._predict(beat)
        off = seconds - float(self._state[0])
        is_astray = self._is_astray(off)
        self._learn_jitter(off)
        if is_astray:
            return
        spread = float(self._covariance[0, 0]) + self._variance
        gain = self._covariance[:, 0] / spread
        self._state = self._state + gain * off
        self._covariance = self._covariance - np.outer(gain, self._covariance[0])
        self.n_heard += 1

    def seconds_at(self, beat: float) -> float:
        """When a beat falls."""
        ahead = beat - self._beat
        time, length, change = (float(value) for value in self._state)
        return time + ahead * (length + ahead * change / 2.0)

    def beat_at(self, seconds: float) -> float:
        """The (fractional) beat that is reached at `seconds`."""
        time, length, change = (float(value) for value in self._state)
        ahead = (seconds - time) / length
        for _ in range(N_NEWTON):
            slope = max(length / 4.0, length + ahead * change)
            ahead -= (time + ahead * (length + ahead * change / 2.0) - seconds) / slope
        return self._beat + ahead

    def _predict(self, beat: float) -> None:
        d = beat - self._beat
        move = np.array([[1.0, d, d * d / 2.0], [0.0, 1.0, d], [0.0, 0.0, 1.0]])
        noise = np.array(
            [
                [d**5 / 20.0, d**4 / 8.0, d**3 / 6.0],
                [d**4 / 8.0, d**3 / 3.0, d**2 / 2.0],
                [d**3 / 6.0, d**2 / 2.0, d],
            ]
        )
        self._state = move @ self._state
        self._covariance = move @ self._covariance @ move.T + self._power * noise
        self._beat = beat

    def _learn_jitter(self, off: float) -> None:
        """A restless clock, or a machine that is overloaded, is believed less.

        Seen is how neighbours differ: a tempo that moves is off by as much each time.
        """
        seen, self._last_off = (off - self._last_off) ** 2 / 2.0, off
        if self.n_heard >= N_LEARNING:
            seen = min(seen, MOST_SURPRISE * self._variance)
            self._variance += LEARNING * (seen - self._variance)
            self._variance = max(self._least_variance, self._variance)

    def _is_astray(self, off: float) -> bool:
        """Whether to pass over what was heard; several in a row are a new tempo."""
        sd = math.sqrt(float(self._covariance[0, 0]) + self._variance)
        if self.n_heard < N_LEARNING or abs(off) <= GATE * sd:
            self._n_astray = 0
            return False
        same_side = self._n_astray * off >= 0
        self._n_astray = (self._n_astray if same_side else 0) + (1 if off > 0 else -1)
        if abs(self._n_astray) < N_ASTRAY:
            return True
        unsure = (off, self._unsure_seconds, UNSURE_CHANGE_SECONDS)
        self._covariance = self._covariance + np.diag(np.square(unsure))
        self._n_astray = 0
        return False
