"""One stream of innovations, listened to: its sliding window, its p-values, its peaks.

An ear belongs to one bot, or to the band as a whole. It counts what it scanned and, by reason,
what it did not. Pure: time and messages are the monitor's.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity.background import Norm, Setup
from creativity.flagging import Peaks
from creativity.scan import ScanResult
from creativity.streaming import StreamingScanner
from creativity.tables import NullTable
from musebots.arrays import FloatArray

__all__ = ["BEHIND", "FILLING", "LOST", "Ear", "Scanned", "Sighting"]

FILLING = "its window is filling"
BEHIND = "the monitor was behind the music"
LOST = "it was lost on the way"
PATIENCE_STEPS = 4
ONE_SD_ALPHA = 0.317  # of a normal variable, so much lies beyond one standard deviation
TINY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """One window, scanned.

    Parameters
    ----------
    bot_id : str
        Empty for the band.
    tick : int
        Of the window's last step.
    result : ScanResult
    p_value : float
    threshold : float
        The score above which a flag is raised.
    """

    bot_id: str
    tick: int
    result: ScanResult
    p_value: float
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A window that deserves a flag.

    Parameters
    ----------
    scanned : Scanned
    ticks : tuple of int
        Of the steps of the subset.
    effect : float
        How far the subset's units are from normal on the average of its steps, in standard
        deviations of normal playing, on the average of the units.
    surprise : float
        Nats a step on the subset's steps; NaN where unknown.
    """

    scanned: Scanned
    ticks: tuple[int, ...]
    effect: float
    surprise: float


class Ear:
    """See the module's text.

    Parameters
    ----------
    bot_id : str
        Empty for the band.
    norm : Norm
    table : NullTable
        Of innovations.
    setup : Setup
    """

    def __init__(self, bot_id: str, norm: Norm, table: NullTable, setup: Setup) -> None:
        self.bot_id = bot_id
        self.n_scanned = 0
        self.n_skipped: Counter[str] = Counter()
        self.silence_reason = ""
        self._norm = norm
        self._peaks: Peaks[Sighting | None] = Peaks(
            float("inf"), patience_steps=PATIENCE_STEPS, block_steps=setup.block_steps
        )
        self._scanner = StreamingScanner(
            table, setup.window_steps, statistic=setup.statistic, preference=setup.preference
        )
        at = int(np.argmin(np.abs(table.alphas - ONE_SD_ALPHA)))
        self._spread = (table.upper[:, at] - table.lower[:, at]) / 2 + TINY
        self._steps: deque[tuple[int, float]] = deque(maxlen=setup.window_steps)

    @property
    def n_nodes(self) -> int:
        """Width of a step."""
        return self._scanner.n_nodes

    @property
    def is_silenced(self) -> bool:
        """Whether nothing more is listened to."""
        return bool(self.silence_reason)

    def promise(self, flags_per_hour: float, seconds_per_step: float) -> float:
        """Set the threshold that keeps this promise; returns it, infinite where none does."""
        self._peaks.threshold = self._norm.rate.threshold(flags_per_hour, seconds_per_step)
        return self._peaks.threshold

    def silence(self, reason: str) -> Sighting | None:
        """Listen no more; what was about to be flagged is returned."""
        self.silence_reason = reason
        return self._peaks.finish()

    def skip(self, reason: str, n_steps: int = 1) -> None:
        """Count steps that are not scanned."""
        self.n_skipped[reason] += n_steps

    def forget(self) -> Sighting | None:
        """Begin a new window: steps are missing. What was about to be flagged is returned."""
        self._scanner.reset()
        self._steps.clear()
        return self._peaks.finish()

    def hear(
        self, tick: int, innovation: FloatArray, surprise: float, *, is_behind: bool = False
    ) -> tuple[Scanned | None, Sighting | None]:
        """Take in one step; what the window came to, and what is to be flagged, if anything."""
        self._scanner.push(innovation)
        self._steps.append((tick, surprise))
        if not self._scanner.is_full:
            self.skip(FILLING)
            return None, None
        if is_behind:
            self.skip(BEHIND)
            return None, None
        self.n_scanned += 1
        result = self._scanner.scan()
        threshold = self._peaks.threshold
        scanned = Scanned(
            self.bot_id, tick, result, self._norm.windows.p_value(result.score), threshold
        )
        seen = self._sighting(scanned) if result.score > threshold else None
        return scanned, self._peaks.add(result.score, seen)

    def finish(self) -> Sighting | None:
        """The music is over: what was about to be flagged."""
        return self._peaks.finish()

    def _sighting(self, scanned: Scanned) -> Sighting:
        result = scanned.result
        steps = list(self._steps)
        cells = self._scanner.values()[np.ix_(result.rows, result.columns)]
        shift: npt.NDArray[np.float64] = cells.astype(np.float64).mean(axis=0)
        shift = shift / self._spread[result.columns]
        nats = [steps[row][1] for row in result.rows]
        return Sighting(
            scanned,
            tuple(steps[row][0] for row in result.rows),
            float(np.abs(shift).mean()),
            float(np.mean(nats)),
        )
