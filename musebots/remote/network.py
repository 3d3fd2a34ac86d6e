"""A network of machines that share a key: what `sealing` and `stream` make of another network.

An endpoint here is used like any other: `send(datagram, to)`. What matters goes through a stream to
that peer and is sent again until it has arrived; what is worth nothing later goes once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from dataclasses import dataclass, field

from musebots import messages as m
from musebots.errors import ProtocolError
from musebots.network import LOOPBACK_HOST, Address, Endpoint, Network, Receive
from musebots.remote.sealing import Kind, Packet, ReplayWindow, opened, sealed
from musebots.remote.stream import Incoming, Outgoing

__all__ = ["Peer", "SealedEndpoint", "SealedNetwork"]

log = logging.getLogger(__name__)

ANY_HOST = "0.0.0.0"
EPOCH_BITS = 63
MAX_PEERS = 256
ACKNOWLEDGE_SECONDS = 0.01
FOREIGN, REPEATED = "not signed with the key of this band", "repeated"
ONCE_ONLY = tuple(
    message.address.encode() + b"\0"
    for message in (m.Alive, m.AgentList, m.Time, m.ClockPing, m.ClockPong)
)


@dataclass(slots=True)
class Peer:
    """Another machine's endpoint, as far as it is known; its epoch is 0 until then."""

    address: Address
    epoch: int = 0
    outgoing: Outgoing = field(default_factory=Outgoing)
    incoming: Incoming = field(default_factory=Incoming)
    window: ReplayWindow = field(default_factory=ReplayWindow)
    owes_answer: bool = False


class SealedNetwork:
    """Opens endpoints on another network that speak to whoever has the same key.

    Parameters
    ----------
    inner : Network
    key : bytes
        See `musebots.remote.keys`.
    host : str
        The address of this machine that it opens; by default all, whatever `open` is asked for.
    """

    def __init__(self, inner: Network, key: bytes, host: str = ANY_HOST) -> None:
        self._inner = inner
        self._key = key
        self._host = host

    async def open(
        self, receive: Receive, *, host: str = LOOPBACK_HOST, port: int = 0
    ) -> SealedEndpoint:
        """See `Network.open`."""
        endpoint = SealedEndpoint(self._key, receive)
        endpoint.attach(await self._inner.open(endpoint.take, host=self._host, port=port))
        return endpoint


class SealedEndpoint:
    """One open port; `attach` what carries its datagrams before anything else.

    `refused` counts what was not let in, by reason.
    """

    def __init__(self, key: bytes, receive: Receive) -> None:
        self._key = key
        self._receive = receive
        self._epoch = secrets.randbits(EPOCH_BITS) or 1
        self._peers: dict[Address, Peer] = {}
        self._owners: dict[int, Address] = {}  # every epoch ever heard, also of those that are gone
        self._number = 0
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_closed = False
        self.refused: Counter[str] = Counter()

    def attach(self, inner: Endpoint) -> None:
        """What carries the datagrams."""
        self._inner = inner

    @property
    def address(self) -> Address:
        """Where others reach it."""
        return self._inner.address

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Everybody who is known, with what was lost and sent again."""
        return tuple(self._peers.values())

    @property
    def has_delivered(self) -> bool:
        """Whether all that must arrive is known to have arrived."""
        return all(peer.outgoing.next_seconds() is None for peer in self._peers.values())

    def knows(self, address: Address) -> bool:
        """Whether somebody there has proved to have the key."""
        peer = self._peers.get(address)
        return peer is not None and peer.epoch != 0

    def send(self, datagram: bytes, to: Address) -> None:
        """Send; see `Endpoint.send`."""
        if self._is_closed:
            return
        peer = self._peers.get(to)
        if peer is None:
            if len(self._peers) >= MAX_PEERS:
                return
            peer = self._peers[to] = Peer(to)
        if datagram.startswith(ONCE_ONLY):
            self._put(peer, Kind.ONCE, datagram)
            return
        peer.outgoing.add(datagram, self._loop.time())
        self._work(peer)

    def send_from_thread(self, datagram: bytes, to: Address) -> None:
        """The same, from any thread."""
        self._loop.call_soon_threadsafe(self.send, datagram, to)

    def close(self) -> None:
        """Close the port; what was sent last may be on its way only once."""
        self._is_closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._inner.close()

    def take(self, raw: bytes, source: Address) -> None:
        """A datagram has arrived."""
        packet = self._opened(raw)
        if packet is None:
            self._refuse(FOREIGN, source)
            return
        if packet.receiver != self._epoch:  # it does not know us yet, or means another session
            self._answer_stranger(packet, source)
            return
        peer = self._peer_of(packet, source)
        if peer is None:
            self._refuse(REPEATED, source)
            return
        now = self._loop.time()
        peer.outgoing.acknowledged(packet.awaited, packet.later, now)
        ready = []
        match packet.kind:
            case Kind.ONCE:
                ready = [packet.datagram]
            case Kind.STREAM:
                peer.owes_answer = True
                ready = peer.incoming.take(packet.place, packet.oldest, packet.datagram)
            case Kind.NOTHING:
                ready = peer.incoming.skip(packet.oldest)
        for datagram in ready:
            self._receive(datagram, source)
        if not self._is_closed:
            self._work(peer)

    # --- who is who -----------------------------------------------------------------------------

    def _opened(self, raw: bytes) -> Packet | None:
        try:
            message = m.decode(raw)
        except (ProtocolError, ValueError):
            return None
        if not isinstance(message, m.Sealed):
            return None
        return opened(message.payload, message.tag, self._key)

    def _answer_stranger(self, packet: Packet, source: Address) -> None:
        """Tell our epoch to somebody with the key: an old recording gains nothing by it."""
        if packet.sender in self._owners and self._owners[packet.sender] != source:
            self._refuse(REPEATED, source)
            return
        payload = Packet(Kind.NOTHING, self._epoch, packet.sender, self._next_number())
        self._send_packet(payload, source)

    def _peer_of(self, packet: Packet, source: Address) -> Peer | None:
        """Whose datagram this is; None if it has been heard before."""
        owner = self._owners.get(packet.sender)
        peer = self._peers.get(source)
        if owner is not None:
            is_current = owner == source and peer is not None and peer.epoch == packet.sender
            if not is_current or peer is None or not peer.window.admits(packet.number):
                return None
            return peer
        if peer is None:
            if len(self._peers) >= MAX_PEERS:
                return None
            peer = self._peers[source] = Peer(source)
        self._owners[packet.sender] = source
        peer.outgoing.begin_again(self._loop.time())  # what was sent until now, nobody took
        peer.incoming = Incoming()
        peer.epoch, peer.window = packet.sender, ReplayWindow()
        peer.window.admits(packet.number)
        return peer

    def _refuse(self, reason: str, source: Address) -> None:
        self.refused[reason] += 1
        if reason != REPEATED and self.refused[reason] == 1:  # networks do double datagrams
            log.warning("a datagram from %s:%d was not let in: it is %s", *source, reason)

    # --- what goes out --------------------------------------------------------------------------

    def _work(self, peer: Peer) -> None:
        """Send what is due to a peer now, and see that it is gone on with."""
        for place, datagram in peer.outgoing.due(self._loop.time()):
            self._put(peer, Kind.STREAM, datagram, place)
        self._arm()

    def _put(self, peer: Peer, kind: Kind, datagram: bytes = b"", place: int = 0) -> None:
        peer.owes_answer = False
        packet = Packet(
            kind,
            self._epoch,
            peer.epoch,
            self._next_number(),
            place,
            peer.outgoing.oldest,
            peer.incoming.awaited,
            peer.incoming.later,
            datagram,
        )
        self._send_packet(packet, peer.address)

    def _send_packet(self, packet: Packet, to: Address) -> None:
        self._inner.send(m.encode(m.Sealed(*sealed(packet, self._key))), to)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _arm(self) -> None:
        """Wake when something is due again, or an answer is owed for long enough."""
        times = [peer.outgoing.next_seconds() for peer in self._peers.values()]
        due = min((at for at in times if at is not None), default=None)
        if any(peer.owes_answer for peer in self._peers.values()):
            answer = self._loop.time() + ACKNOWLEDGE_SECONDS
            due = answer if due is None else min(due, answer)
        if self._alarm is not None:
            if due is not None and self._alarm.when() <= due and not self._alarm.cancelled():
                return
            self._alarm.cancel()
        self._alarm = None if due is None else self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        for peer in list(self._peers.values()):
            for place, datagram in peer.outgoing.due(self._loop.time()):
                self._put(peer, Kind.STREAM, datagram, place)
            if peer.owes_answer:
                self._put(peer, Kind.NOTHING)
        self._arm()
