"""What the Director tells whoever looks after the bots' processes; by default nobody does."""

from __future__ import annotations

from typing import Protocol, TypeAlias

from musebots.messages import Add, Remove, Replace
from musebots.network import Address

__all__ = ["Caretaker", "Nobody", "Request"]

Request: TypeAlias = Add | Remove | Replace


class Caretaker(Protocol):
    """Whoever can start and end bots."""

    def failing(self, bot_id: str, words: str) -> None:
        """A bot hangs or floods; it has been silenced."""

    def took_over(self, bot_id: str) -> None:
        """An understudy has taken a bot's place."""

    def arrived(self, bot_id: str, role: str) -> None:
        """A bot says hello that nobody expects: it may be given a place in the mix."""

    def asked(self, request: Request, source: Address) -> None:
        """Somebody wants a bot added, removed or replaced; `ValueError` when that cannot be."""


class Nobody:
    """Nobody looks after the bots."""

    def failing(self, bot_id: str, words: str) -> None:
        """Nothing can be done."""

    def took_over(self, bot_id: str) -> None:
        """Nobody to tell."""

    def arrived(self, bot_id: str, role: str) -> None:
        """Nobody has a place for it."""

    def asked(self, request: Request, source: Address) -> None:
        """Nobody can do that."""
        raise ValueError("no bot can be added, removed or replaced in this session")
