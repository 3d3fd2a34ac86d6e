"""A stream of datagrams over a network that loses, doubles and reorders them. Pure: time is given.

What is not acknowledged is sent again, after about a round trip or as soon as later ones are known
to have arrived; what has become too old is given up, and the receiver goes on without it. Datagrams
come out in the order in which they went in, since a cancelled note must not be played after all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Incoming", "Outgoing", "Sent"]

LIFETIME_SECONDS = 2.0
FIRST_PATIENCE_SECONDS = 0.1
MIN_PATIENCE_SECONDS = 0.05
MAX_PATIENCE_SECONDS = 0.5
N_LATER_TO_DOUBT = 2
N_LATER = 64
MAX_WAITING = 4096


@dataclass(slots=True)
class Sent:
    """A datagram that may have to be sent again."""

    datagram: bytes
    first_seconds: float
    last_seconds: float = 0.0
    n_times: int = 0
    n_overtaken: int = 0


@dataclass(slots=True)
class Outgoing:
    """The sending end; `n_lost` counts what was given up, `n_again` what was sent again."""

    oldest: int = 0
    n_lost: int = 0
    n_again: int = 0
    _next: int = 0
    _waiting: dict[int, Sent] = field(default_factory=dict)
    _round_trip_seconds: float = 0.0
    _deviation_seconds: float = 0.0

    def add(self, datagram: bytes, now: float) -> None:
        """Another datagram; `due` says when it goes out, which is at once."""
        self._waiting[self._next] = Sent(datagram, now)
        self._next += 1
        if len(self._waiting) > MAX_WAITING:
            self._give_up(self.oldest)
        self._advance()

    def begin_again(self, now: float) -> None:
        """Another receiver is there: everything that is still of use goes out anew."""
        kept = list(self._waiting.values())
        self._waiting = {place: Sent(sent.datagram, now) for place, sent in enumerate(kept)}
        self._next, self.oldest = len(kept), 0

    def acknowledged(self, awaited: int, later: int, now: float) -> None:
        """All before `awaited` have arrived, and those of the `later` bits behind it."""
        arrived = [
            place
            for place in self._waiting
            if place < awaited or (place > awaited and later >> (place - awaited - 1) & 1)
        ]
        for place in arrived:
            sent = self._waiting.pop(place)
            if sent.n_times == 1:  # else: which sending was it? (Karn's algorithm)
                self._measure(now - sent.last_seconds)
        highest = max(arrived, default=-1)
        for place, sent in self._waiting.items():
            if place < highest:
                sent.n_overtaken += 1
        self._advance()

    def due(self, now: float) -> Iterator[tuple[int, bytes]]:
        """What is to be sent now, as (place, datagram)."""
        for place, sent in list(self._waiting.items()):
            if now - sent.first_seconds > LIFETIME_SECONDS:
                self._give_up(place)
                continue
            is_doubtful = sent.n_overtaken >= N_LATER_TO_DOUBT
            if sent.n_times and not is_doubtful and now < self._due_seconds(sent):
                continue
            self.n_again += sent.n_times > 0
            sent.n_times += 1
            sent.n_overtaken = 0
            sent.last_seconds = now
            yield place, sent.datagram
        self._advance()

    def next_seconds(self) -> float | None:
        """When `due` should be asked again; None while nothing waits."""
        return min(
            (
                self._due_seconds(sent) if sent.n_times else sent.first_seconds
                for sent in self._waiting.values()
            ),
            default=None,
        )

    @property
    def _patience_seconds(self) -> float:
        """As TCP's (RFC 6298, section 2), but for its minimum of a second."""
        if not self._round_trip_seconds:
            return FIRST_PATIENCE_SECONDS
        patience = self._round_trip_seconds + 4 * self._deviation_seconds
        return min(MAX_PATIENCE_SECONDS, max(MIN_PATIENCE_SECONDS, patience))

    def _due_seconds(self, sent: Sent) -> float:
        return sent.last_seconds + self._patience_seconds

    def _measure(self, seconds: float) -> None:
        if not self._round_trip_seconds:
            self._round_trip_seconds, self._deviation_seconds = seconds, seconds / 2
            return
        error = abs(self._round_trip_seconds - seconds)
        self._deviation_seconds += (error - self._deviation_seconds) / 4
        self._round_trip_seconds += (seconds - self._round_trip_seconds) / 8

    def _give_up(self, place: int) -> None:
        if self._waiting.pop(place, None) is not None:
            self.n_lost += 1

    def _advance(self) -> None:
        self.oldest = min(self._waiting, default=self._next)


@dataclass(slots=True)
class Incoming:
    """The receiving end; `n_lost` counts what its sender gave up, `n_double` what came twice."""

    awaited: int = 0
    n_lost: int = 0
    n_double: int = 0
    _early: dict[int, bytes] = field(default_factory=dict)

    def take(self, place: int, oldest: int, datagram: bytes) -> list[bytes]:
        """A datagram has arrived; what can be handed on now, in order."""
        if place < self.awaited or place in self._early:
            self.n_double += 1
        elif place < self.awaited + MAX_WAITING:
            self._early[place] = datagram
        return self.skip(oldest)

    def skip(self, oldest: int) -> list[bytes]:
        """The sender has given up everything before `oldest`; what can be handed on now."""
        ready = []
        while self.awaited in self._early or self.awaited < oldest:
            datagram = self._early.pop(self.awaited, None)
            if datagram is None:
                self.n_lost += 1
            else:
                ready.append(datagram)
            self.awaited += 1
        return ready

    @property
    def later(self) -> int:
        """Which of the places behind the awaited one have arrived, as bits."""
        return sum(
            1 << (place - self.awaited - 1)
            for place in self._early
            if 0 < place - self.awaited <= N_LATER
        )
