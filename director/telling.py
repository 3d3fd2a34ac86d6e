"""How the band is told: everybody, those who speak our dialect, or some; now, or joining late."""

from __future__ import annotations

from collections.abc import Iterable

from director.retained import Retained
from director.roster import Member, Roster
from musebots import messages as m
from musebots.network import Address, Wire

__all__ = ["Telling"]


class Telling:
    """See the module's text.

    Parameters
    ----------
    wire : Wire
        What the Director speaks through.
    roster : Roster
        Who is there.
    retained : Retained
        What was said and still holds.
    """

    def __init__(self, wire: Wire, roster: Roster, retained: Retained) -> None:
        self._wire = wire
        self._roster = roster
        self._retained = retained

    def all(self, message: m.Message) -> None:
        """Send a classic message to everybody."""
        self.relay(m.encode(message), self._roster.here)

    def ours(self, message: m.Message) -> None:
        """Send a message of our dialect to those who speak it."""
        self.relay(m.encode(message), (x for x in self._roster.here if not x.is_classic))

    def broadcast(self, message: m.Broadcast, datagram: bytes) -> None:
        """Send a broadcast on to all, the sender too: as it came, but for what old bots die of."""
        self._retained.keep_broadcast(message, datagram)
        readable = m.plain(datagram)
        here = self._roster.here
        self.relay(datagram, (member for member in here if not member.is_classic))
        if readable is not None:
            self.relay(readable, (member for member in here if member.is_classic))

    def relay(self, datagram: bytes, members: Iterable[Member]) -> None:
        """Send a datagram on as it came."""
        for member in members:
            if member.address is not None:
                self._wire.send_bytes(datagram, member.address)

    def retained(self, to: Address, *, is_classic: bool) -> None:
        """Tell somebody who joins late what has been broadcast."""
        for datagram in self._retained.broadcasts():
            readable = m.plain(datagram) if is_classic else datagram
            if readable is not None:
                self._wire.send_bytes(readable, to)
