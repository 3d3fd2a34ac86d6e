"""When a stream of scores deserves a flag: once per peak, and never twice within a block. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Peaks"]

Seen = TypeVar("Seen")


@dataclass(slots=True)
class _Peak(Generic[Seen]):
    score: float
    seen: Seen
    age: int = 0


class Peaks(Generic[Seen]):
    """Finds the peaks of a stream of scores that rise above a threshold.

    Parameters
    ----------
    threshold : float
        A score must be above it.
    patience_steps : int
        A peak is told when so many steps have brought nothing higher.
    block_steps : int
        From one crossing that is told to the next at least so many steps pass.
    """

    def __init__(self, threshold: float, *, patience_steps: int, block_steps: int) -> None:
        self.threshold = threshold
        self._patience = patience_steps
        self._block = block_steps
        self._until_free = 0
        self._peak: _Peak[Seen] | None = None

    def add(self, score: float, seen: Seen) -> Seen | None:
        """Take in the next step; returns what was seen at a peak, when one is complete."""
        self._until_free = max(0, self._until_free - 1)
        if self._peak is None:
            if score > self.threshold and self._until_free == 0:
                self._until_free = self._block
                self._peak = _Peak(score, seen)
            return None
        if score > self._peak.score and self._until_free > 0:
            self._peak = _Peak(score, seen)
            return None
        self._peak.age += 1
        if self._peak.age < self._patience:
            return None
        return self.finish()

    def finish(self) -> Seen | None:
        """The peak that is still open, if one is: the music is over, or the bot has gone."""
        peak, self._peak = self._peak, None
        return None if peak is None else peak.seen
