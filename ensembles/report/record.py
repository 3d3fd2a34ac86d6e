"""What the monitor scanned, step by step, kept for a report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from director.steering import SteeringNews
from musebots.arrays import FloatArray
from musebots.messages import Assessed, Steered

if TYPE_CHECKING:
    from creativity.ears import Scanned

__all__ = ["Record", "Track"]


@dataclass(slots=True)
class Track:
    """One bot, or the band: the windows that end on `ticks`."""

    ticks: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    innovations: list[FloatArray] = field(default_factory=list)

    def deviations(self) -> FloatArray:
        """How far each unit was from what was expected, in its own sd, (n_steps, n_units)."""
        steps = np.stack(self.innovations).astype(np.float32)
        spread = np.median(np.abs(steps), axis=0) * 1.4826 + 1e-6
        scaled: FloatArray = steps / spread
        return scaled


class Record:
    """Keeps every scanned window; of the band, whose units are those of the bots, only scores."""

    def __init__(self) -> None:
        self.tracks: dict[str, Track] = defaultdict(Track)
        self.steered: dict[str, dict[int, Steered]] = {}
        self.assessed: dict[str, dict[int, Assessed]] = {}

    def steer(self, news: SteeringNews) -> None:
        """Keep how a bar was steered, how creative it was, and what was done; the last word."""
        if isinstance(news, Steered):
            self.steered.setdefault(news.bot_id, {})[news.first_tick] = news
        elif isinstance(news, Assessed):
            self.assessed.setdefault(news.bot_id, {})[news.first_tick] = news

    def take(self, scanned: Scanned, innovation: FloatArray) -> None:
        """Keep one window and the innovations of its newest step."""
        track = self.tracks[scanned.bot_id]
        track.ticks.append(scanned.tick)
        track.scores.append(scanned.result.score)
        track.thresholds.append(scanned.threshold)
        if scanned.bot_id:
            track.innovations.append(innovation.astype(np.float16))
