"""From messages to datagrams and back, with python-osc's codec."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder
from pythonosc.parsing import osc_types

from musebots.errors import ProtocolError
from musebots.messages.base import Message, Unknown
from musebots.messages.classic import Broadcast
from musebots.messages.table import MESSAGES

__all__ = ["MAX_DATAGRAM_BYTES", "decode", "decode_all", "encode", "plain"]

MAX_DATAGRAM_BYTES = 8192
_KNOWN_TAGS = frozenset("ifshdbTFNtrm[]")
_PLAIN_TAGS = frozenset(b"ifsb")
_MAX_BUNDLE_DEPTH = 4
_BY_ADDRESS = {cls.address: cls for cls in MESSAGES}


def encode(message: Message) -> bytes:
    """A message as one OSC datagram.

    Raises
    ------
    ProtocolError
        When it would not fit a datagram of `MAX_DATAGRAM_BYTES`, or a value its OSC type.
    """
    builder = OscMessageBuilder(address=message.osc_address)
    try:
        for tag, value in message.arguments():
            builder.add_arg(value, tag)
        datagram = builder.build().dgram
    except (
        BuildError,
        osc_types.BuildError,
        ValueError,
        TypeError,
        struct.error,
        OverflowError,
    ) as error:
        raise ProtocolError(f"cannot send {message}: {error}", kind="unencodable") from error
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise ProtocolError(
            f"{message.osc_address} takes {len(datagram)} bytes; a datagram holds "
            f"{MAX_DATAGRAM_BYTES}: send it in parts",
            kind="too long",
        )
    return datagram


def decode(datagram: bytes) -> Message:
    """Read one OSC datagram; an unknown address gives `Unknown`.

    Raises
    ------
    ProtocolError
        When the bytes are no OSC message, or not the message its address stands for.
    """
    address, values = _parse(datagram)
    if address.startswith(Broadcast.address):
        return Broadcast.from_osc(address, values)
    cls = _BY_ADDRESS.get(address)
    if cls is None:
        return Unknown(address, tuple(values))
    try:
        return cls.from_arguments(values)
    except ValueError as error:
        raise ProtocolError(str(error), kind=f"bad {address}") from error


def plain(datagram: bytes) -> bytes | None:
    """A broadcast as the oldest bots can bear it: types i, f, s and b only, less than 8 KB.

    Returns the datagram itself where it is that already, and None where it cannot be.
    """
    tags_at = (datagram.find(b"\0") // 4 + 1) * 4
    tags = datagram[tags_at : datagram.find(b"\0", tags_at)]
    if not _PLAIN_TAGS.issuperset(tags[1:]):
        try:
            message = decode(datagram)
            if not isinstance(message, Broadcast):
                return None
            values = tuple(value for value in message.values if value is not None)
            datagram = encode(Broadcast(message.topic, message.sender, values))
        except (ProtocolError, ValueError):
            return None
    return datagram if len(datagram) < MAX_DATAGRAM_BYTES else None


def decode_all(datagram: bytes, *, depth: int = 0) -> Iterator[bytes]:
    """The messages in a datagram, as datagrams: itself, or the parts of a bundle, in order.

    The time tag of a bundle is ignored: our messages carry musical time themselves.
    """
    if not datagram.startswith(b"#bundle\0"):
        yield datagram
        return
    if depth >= _MAX_BUNDLE_DEPTH:
        raise ProtocolError("bundles nested too deeply", kind="bundle")
    position = 16
    while position < len(datagram):
        if position + 4 > len(datagram):
            raise ProtocolError("a bundle ends within a length", kind="bundle")
        (size,) = struct.unpack_from(">i", datagram, position)
        position += 4
        if size <= 0 or position + size > len(datagram):
            raise ProtocolError("a bundle is shorter than its parts say", kind="bundle")
        yield from decode_all(datagram[position : position + size], depth=depth + 1)
        position += size


def _parse(datagram: bytes) -> tuple[str, list[Any]]:
    """OSC address and values; `ProtocolError` for anything else."""
    if not datagram.startswith(b"/"):
        raise ProtocolError("not an OSC message: it does not begin with /", kind="not OSC")
    tags_at = (datagram.find(b"\0") // 4 + 1) * 4
    tags = datagram[tags_at : datagram.find(b"\0", tags_at)]
    unknown = set(tags[1:].decode("latin-1")) - _KNOWN_TAGS
    if unknown:
        raise ProtocolError(f"unknown OSC type tag {sorted(unknown)[0]!r}", kind="unknown tag")
    try:
        message = OscMessage(datagram)
        return message.address, message.params
    except (ParseError, osc_types.ParseError, ValueError, IndexError, struct.error) as error:
        raise ProtocolError(f"not an OSC message: {error}", kind="not OSC") from error
