"""Which messages of notes never came: each sender numbers its own, from 0. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from musebots.network import Address

__all__ = ["Numbering"]

MAX_GAP = 1000  # a jump in the numbers beyond this is no loss but nonsense


@dataclass(slots=True)
class Numbering:
    """Numbers of the notes messages, to see which are missing."""

    next_number: dict[tuple[str, Address], int] = field(default_factory=dict)
    n_lost: Counter[str] = field(default_factory=Counter)

    def begin(self, bot_id: str) -> None:
        """A bot has (re)joined: it counts from 0."""
        for key in [key for key in self.next_number if key[0] == bot_id]:
            del self.next_number[key]

    def take(self, bot_id: str, source: Address, number: int) -> None:
        """A message has come."""
        key = (bot_id, source)
        expected = self.next_number.get(key, 0)
        if expected < number <= expected + MAX_GAP:
            self.n_lost[bot_id] += number - expected
        elif number < expected and self.n_lost[bot_id]:  # out of order: it was counted as lost
            self.n_lost[bot_id] -= 1
        self.next_number[key] = max(expected, number + 1)
