"""Who sees everything that decides what is played: for a journal. By default nobody looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from musebots.messages import Message
from musebots.network import Address
from musebots.notes import Note

__all__ = ["Unseen", "Witness"]


class Witness(Protocol):
    """Told as it happens; must neither block nor raise."""

    def heard(self, message: Message, datagram: bytes, source: Address) -> None:
        """A message has come to the Director, before anything is done with it."""

    def planned(self, bot_id: str, notes: Sequence[Note]) -> None:
        """Notes of a bot are to be played, as it sent them."""

    def silenced(self, bot_id: str) -> None:
        """What a bot has pending is void, and what it has sounding ends."""


class Unseen:
    """Nobody looks."""

    def heard(self, message: Message, datagram: bytes, source: Address) -> None:
        """Nobody is told."""

    def planned(self, bot_id: str, notes: Sequence[Note]) -> None:
        """Nobody is told."""

    def silenced(self, bot_id: str) -> None:
        """Nobody is told."""
