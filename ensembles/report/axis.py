"""The time axis that all rows of a report's figure share. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from director.score import Score

__all__ = ["LEFT", "Axis"]

LEFT = 84
BAR_PIXELS, LEAST_PIXELS = 34, 900


@dataclass(frozen=True, slots=True)
class Axis:
    """From ticks to pixels."""

    end_tick: int
    width: float

    @classmethod
    def of(cls, score: Score) -> Axis:
        """An axis with room for every bar."""
        return cls(score.end_tick, max(LEAST_PIXELS, BAR_PIXELS * score.n_bars))

    def x(self, tick: float) -> float:
        """Where a tick lies."""
        return round(LEFT + self.width * tick / self.end_tick, 1)
