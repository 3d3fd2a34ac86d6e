"""Our dialect between machines: everything travels inside of one message, which is signed."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["Sealed"]


@dataclass(frozen=True, slots=True)
class Sealed(Message):
    """`/musebots/sealed`: another datagram, with a header and a signature (`musebots.remote`)."""

    address = "/musebots/sealed"
    tags = "bb"
    sent = "between machines"
    sense = "header and datagram, signature (HMAC-SHA-256, 16 bytes): all of ours travels in it"

    payload: bytes
    tag: bytes
