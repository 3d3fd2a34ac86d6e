"""Who stands ready to take a bot's place at a bar line, while that bot still plays.

The one that comes has the same id. It says hello from another address, is told all that the other
knows, and takes over at the first bar line that it announces to play; until then it is not heard,
from then on the other is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from musebots.network import Address

__all__ = ["Understudies"]

MAX_RETIRED = 100


@dataclass(slots=True)
class _Understudy:
    """One that waits; `tick` is the bar line at which it takes over, once that is known."""

    address: Address
    tick: int | None = None


class Understudies:
    """See the module's text."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._waiting: dict[str, _Understudy] = {}
        self._retired: list[Address] = []

    def expect(self, bot_id: str) -> None:
        """Somebody was started to take this bot's place."""
        self._expected.add(bot_id)

    def cancel(self, bot_id: str) -> None:
        """It will not come, or has gone before its time."""
        self._expected.discard(bot_id)
        self._waiting.pop(bot_id, None)

    def hello(self, bot_id: str, source: Address, current: Address) -> bool:
        """Whether the one that says hello is an understudy of the one at `current`."""
        if bot_id in self._expected and source != current:
            self._expected.discard(bot_id)
            self._waiting[bot_id] = _Understudy(source)
        return self.is_waiting(bot_id, source)

    def is_waiting(self, bot_id: str, source: Address) -> bool:
        """Whether this is an understudy that has not taken over yet."""
        waiting = self._waiting.get(bot_id)
        return waiting is not None and waiting.address == source

    def is_retired(self, source: Address) -> bool:
        """Whether this is one whose place was taken: it has no say any more."""
        return source in self._retired

    def appoint(self, bot_id: str, tick: int) -> None:
        """The understudy takes over at `tick`, at the latest."""
        waiting = self._waiting[bot_id]
        waiting.tick = tick if waiting.tick is None else min(tick, waiting.tick)

    def takeover_tick(self, bot_id: str) -> int | None:
        """When the understudy takes over, if that is known."""
        waiting = self._waiting.get(bot_id)
        return None if waiting is None else waiting.tick

    def may_play(self, bot_id: str, source: Address, onset_ticks: int) -> bool:
        """Whether a note is the part of whoever sends it."""
        if source in self._retired:
            return False
        waiting = self._waiting.get(bot_id)
        if waiting is None:
            return True
        is_after = waiting.tick is not None and onset_ticks >= waiting.tick
        return is_after == (waiting.address == source)

    def take_over(self, bot_id: str, current: Address) -> Address:
        """The understudy's address; the one at `current` is retired."""
        self.retire(current)
        return self._waiting.pop(bot_id).address

    def retire(self, address: Address) -> None:
        """Whoever is at this address has no say any more."""
        self._retired = [*self._retired[-MAX_RETIRED:], address]
