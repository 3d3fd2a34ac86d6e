"""One datagram between machines: its header, and the proof that it comes from the band.

Signed, not encrypted: whoever is on the network may hear the band, but not play in it. Each end has
an *epoch*, a random number of its own for as long as it lives, and numbers its datagrams. A
datagram names both epochs, so that one recorded in another session is recognised, and a window over
the numbers (as in RFC 4303, section 3.4.3) refuses one that has been heard before. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Kind", "Packet", "ReplayWindow", "opened", "sealed"]

TAG_BYTES = 16
_HEADER = struct.Struct(">BQQQIIIQ")


class Kind(IntEnum):
    """What a datagram is for."""

    NOTHING = 0
    """It only tells what has arrived, or its sender's epoch."""
    ONCE = 1
    """It is worth nothing when it comes later: clock exchanges, heartbeats."""
    STREAM = 2
    """It must arrive, in its order."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram between machines.

    Parameters
    ----------
    kind : Kind
    sender, receiver : int
        Epochs; the receiver's is 0 until it is known.
    number : int
        Of this datagram, from 1, never used again.
    place : int
        In the stream; meaningless outside.
    oldest : int
        The first place in the stream that the sender has not given up.
    awaited, later : int
        What has arrived at the sender of this: all before `awaited`, and of the 64 places behind
        it those whose bit is set.
    datagram : bytes
        What is carried.
    """

    kind: Kind
    sender: int
    receiver: int
    number: int
    place: int = 0
    oldest: int = 0
    awaited: int = 0
    later: int = 0
    datagram: bytes = b""


def sealed(packet: Packet, key: bytes) -> tuple[bytes, bytes]:
    """The bytes of a packet, and their HMAC-SHA-256 cut to 16 bytes (RFC 2104)."""
    payload = (
        _HEADER.pack(
            packet.kind, packet.sender, packet.receiver, packet.number, packet.place,
            packet.oldest, packet.awaited, packet.later,
        )
        + packet.datagram
    )  # fmt: skip
    return payload, _tag(payload, key)


def opened(payload: bytes, tag: bytes, key: bytes) -> Packet | None:
    """The packet, or None if it was not made with this key or makes no sense."""
    if len(payload) < _HEADER.size or not hmac.compare_digest(tag, _tag(payload, key)):
        return None
    kind, sender, receiver, number, place, oldest, awaited, later = _HEADER.unpack_from(payload)
    if kind not in list(Kind):
        return None
    return Packet(
        Kind(kind), sender, receiver, number, place, oldest, awaited, later,
        payload[_HEADER.size :],
    )  # fmt: skip


def _tag(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:TAG_BYTES]


class ReplayWindow:
    """Which numbers of one sender have been heard.

    Examples
    --------
    >>> window = ReplayWindow()
    >>> [window.admits(number) for number in (1, 3, 2, 3, 5000, 2)]
    [True, True, True, False, True, False]
    """

    N_NUMBERS = 1024

    def __init__(self) -> None:
        self._highest = 0
        self._heard = 0  # bit n: highest - n

    def admits(self, number: int) -> bool:
        """Whether this number is new; it counts as heard from now on."""
        ahead = number - self._highest
        if ahead > 0:
            self._heard = ((self._heard << min(ahead, self.N_NUMBERS)) | 1) & (
                (1 << self.N_NUMBERS) - 1
            )
            self._highest = number
            return True
        bit = 1 << -ahead
        if -ahead >= self.N_NUMBERS or self._heard & bit:
            return False
        self._heard |= bit
        return True
