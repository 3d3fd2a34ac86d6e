"""Whether bots behave: how much they send, whether they answer, and how far they say they are.

A heartbeat alone says little: a thread of its own may send it while all else hangs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from director.roster import Member
from musebots.messages import DONE_TICK, Progress
from musebots.network import Address

__all__ = ["Verdict", "Watch"]

MAX_DATAGRAMS = 1000  # of one sender in a second
MAX_BYTES = 4_000_000
MAX_SENDERS = 1000
PATIENCE_SECONDS = 5.0  # without an answer
DUE_SECONDS = 3.0  # behind what a bot itself has announced


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bot that does not behave, and how."""

    bot_id: str
    words: str


@dataclass(slots=True)
class _Meter:
    """What a sender has sent in the second that began at `since`."""

    since: float
    n_datagrams: int = 0
    n_bytes: int = 0
    is_over: bool = False


class Watch:
    """See the module's text; times are those of the event loop."""

    def __init__(self) -> None:
        self._meters: dict[Address, _Meter] = {}
        self._answered: dict[str, float] = {}
        self._due_ticks: dict[str, int] = {}
        self.n_dropped = 0

    def admits(self, n_bytes: int, source: Address, now: float) -> bool:
        """Whether to read a datagram; not once its sender has sent too much this second."""
        meter = self._meters.get(source)
        if meter is None or now - meter.since >= 1.0:
            if len(self._meters) >= MAX_SENDERS:
                self._meters.clear()
            meter = self._meters[source] = _Meter(now)
        meter.n_datagrams += 1
        meter.n_bytes += n_bytes
        if meter.n_datagrams <= MAX_DATAGRAMS and meter.n_bytes <= MAX_BYTES:
            return True
        self.n_dropped += 1
        return False

    def is_news(self, source: Address) -> bool:
        """Whether a sender that is not admitted was so until now; asked once a second at most."""
        meter = self._meters[source]
        was_over, meter.is_over = meter.is_over, True
        return not was_over

    def begin(self, bot_id: str, now: float) -> None:
        """A bot has come (back): nothing is known of it."""
        self._answered[bot_id] = now
        self._due_ticks.pop(bot_id, None)

    def answered(self, bot_id: str, now: float) -> None:
        """A bot has said something that is no mere heartbeat."""
        self._answered[bot_id] = now

    def progress(self, message: Progress) -> None:
        """A bot says how far it is, and by when it will have gone on."""
        self._due_ticks[message.bot_id] = message.due_tick

    def forget(self, bot_id: str) -> None:
        """A bot is gone."""
        self._answered.pop(bot_id, None)
        self._due_ticks.pop(bot_id, None)

    def verdicts(
        self, members: Iterable[Member], now: float, seconds_at: Callable[[float], float] | None
    ) -> list[Verdict]:
        """The bots that hang; `seconds_at` tells when a tick comes, once the music is started."""
        found = []
        for member in members:
            if member.is_classic or member.state != "ready":
                continue
            answered = self._answered.get(member.bot_id, now)
            due_tick = self._due_ticks.get(member.bot_id, DONE_TICK)
            if now - answered > PATIENCE_SECONDS:
                words = f"it has not answered for {now - answered:.0f} s"
            elif (
                seconds_at is not None
                and due_tick < DONE_TICK
                and now - seconds_at(due_tick) > DUE_SECONDS
            ):
                words = "it hangs: alive, but it no longer plays"
            else:
                continue
            found.append(Verdict(member.bot_id, words))
        return found
