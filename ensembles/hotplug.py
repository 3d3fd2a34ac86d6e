"""From a wish to have another bot to what is started for it: who may ask, and which strip."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from director.channels import MAX_CHANNELS, PERCUSSION_CHANNEL, free_channel
from director.director import Director
from director.score import Strip
from ensembles.config import BotSpec
from ensembles.pieces_format.consistency import RESERVED_IDS
from ensembles.pieces_format.model import BotTable
from ensembles.pieces_format.unroll import DEFAULT_PROGRAMS, strip
from musebots import messages as m
from musebots.network import Address

__all__ = ["Lineup"]


class Lineup:
    """Finds a place in the band for bots that come while it plays."""

    def __init__(self, director: Director) -> None:
        self._director = director

    def check_source(self, source: Address) -> None:
        """Only this machine may have code started on this machine; else `ValueError`."""
        if not ipaddress.ip_address(source[0]).is_loopback:
            raise ValueError("bots are added, removed and replaced from the Director's machine")

    def addition(self, request: m.Add, *, taken: Container[str]) -> BotSpec:
        """The bot that somebody wants to add."""
        if request.bot_id in taken or request.bot_id in RESERVED_IDS:
            raise ValueError(f"there is a bot {request.bot_id!r} already")
        table = _table(request.bot_id, request.reference, request.role)
        channel = self._channel(request.bot_id, is_drums=table.part == "drums")
        return BotSpec(table.id, table.reference, strip(table, channel + 1))

    def guest(self, bot_id: str, role: str) -> Strip:
        """A strip for a bot that comes by itself."""
        role = role or "guest"
        channel = self._channel(bot_id, is_drums=role == "drums")
        return Strip(bot_id, role, channel, program=DEFAULT_PROGRAMS.get(role, 0))

    def replacement(self, request: m.Replace, current: BotSpec) -> BotSpec:
        """The bot that somebody wants in this one's place; it plays through the same strip.

        Settings go with the class they are for: another class begins with none.
        """
        if not request.reference or request.reference == current.bot:
            return current
        table = _table(current.id, request.reference, current.role)
        return replace(current, bot=table.reference, settings={})

    def _channel(self, bot_id: str, *, is_drums: bool) -> int:
        """MIDI channel: that of its former self, or one that is free, or the last."""
        channels = self._director.playback.channels
        if bot_id in channels:
            return channels[bot_id]
        if is_drums:
            return PERCUSSION_CHANNEL
        free = free_channel(set(channels.values()))
        return MAX_CHANNELS - 1 if free is None else free


def _table(bot_id: str, reference: str, role: str) -> BotTable:
    """A bot's table, as a piece would have it; `ValueError` in one sentence."""
    path = Path(reference)
    if path.exists() and hasattr(os, "getuid") and path.stat().st_uid not in (os.getuid(), 0):
        raise ValueError(f"{reference} belongs to another user: it is not run")
    source = "folder" if path.is_dir() else "class"
    rows = {"id": bot_id, source: reference, **({"role": role} if role else {})}
    try:
        return BotTable.model_validate(rows)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["msg"])) from error
