"""Whether the tables of a piece agree with each other: names, channels, bars. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from director.channels import PERCUSSION_CHANNEL
from musebots.form import TURNS

if TYPE_CHECKING:
    from ensembles.pieces_format.model import PieceTable

__all__ = ["mistake", "mistakes_of"]

MAX_BOTS = 64
DRUM_KIT = PERCUSSION_CHANNEL + 1
RESERVED_IDS = {
    "all": "stands for all bots",
    "monitor": "listens to the band",
    "steerer": "steers the band",
    TURNS: "stands for solos in turn",
}


def mistake(reason: str, *at: str | int) -> PydanticCustomError:
    """A mistake below the table being checked, at the keys and indices `at`."""
    return PydanticCustomError("piece", "{reason}", {"reason": reason, "at": at})


def mistakes_of(piece: PieceTable) -> Iterator[PydanticCustomError]:
    """All that does not fit together, what others depend on first."""
    yield from _missing(piece)
    yield from _repeated([section.name for section in piece.section], "section", "name")
    yield from _repeated([bot.id for bot in piece.bot], "bot", "id")
    yield from _repeated([bot.channel for bot in piece.bot], "bot", "channel")
    yield from _repeated([host.name for host in piece.host], "host", "name")
    yield from _hosts(piece)
    yield from _percussion(piece)
    yield from _unknown(piece)
    yield from _unknown_faders(piece)
    tempi = [(change.bar, change.ramp_bars) for change in piece.tempo.changes]
    yield from _misplaced(tempi, piece.n_bars, "tempo", "changes")
    meters = [(change.bar, 0) for change in piece.time_signature_changes]
    yield from _misplaced(meters, piece.n_bars, "time_signature_changes")


def _missing(piece: PieceTable) -> Iterator[PydanticCustomError]:
    if not piece.bot:
        yield mistake("needs at least one", "bot")
    if len(piece.bot) > MAX_BOTS:
        yield mistake(f"at most {MAX_BOTS} bots, got {len(piece.bot)}", "bot")


def _hosts(piece: PieceTable) -> Iterator[PydanticCustomError]:
    names = [host.name for host in piece.host]
    for index, bot in enumerate(piece.bot):
        if bot.host is not None and bot.host not in names:
            there = f"there is {', '.join(names)}" if names else "there is no [[host]]"
            yield mistake(f"no host is called {bot.host!r}; {there}", "bot", index, "host")
        elif bot.host is not None and bot.folder is not None:
            reason = "a folder lies on this machine; name a class that the host has"
            yield mistake(reason, "bot", index, "folder")


def _percussion(piece: PieceTable) -> Iterator[PydanticCustomError]:
    """Channel 10 is the drum kit of General MIDI: drums belong there, and nobody else."""
    drummers = [index for index, bot in enumerate(piece.bot) if bot.part == "drums"]
    for index in drummers[1:]:
        first = drummers[0] + 1
        reason = f"a band has one drum kit, on channel 10, and bot[{first}] plays it"
        yield mistake(reason, "bot", index)
    for index, bot in enumerate(piece.bot):
        if bot.channel == DRUM_KIT and bot.part in ("melody", "bass"):
            reason = f"channel {DRUM_KIT} is the drum kit; {bot.part} needs another"
            yield mistake(reason, "bot", index, "channel")


def _unknown(piece: PieceTable) -> Iterator[PydanticCustomError]:
    names = [section.name for section in piece.section]
    for index, name in enumerate(piece.form):
        if name not in names:
            reason = f"no section is called {name!r}; there is {', '.join(names)}"
            yield mistake(reason, "form", index)
    ids = [bot.id for bot in piece.bot]
    for index, bot_id in enumerate(ids):
        if bot_id in RESERVED_IDS:
            reason = f"{bot_id!r} {RESERVED_IDS[bot_id]}; choose another"
            yield mistake(reason, "bot", index, "id")
    for index, section in enumerate(piece.section):
        for place, bot_id in enumerate(section.tacet):
            if bot_id not in ids:
                reason = f"no bot has the id {bot_id!r}; there is {', '.join(ids)}"
                yield mistake(reason, "section", index, "tacet", place)
        for who, _ in section.fader or ():
            if who and who not in ids:
                reason = f"no bot has the id {who!r}; there is {', '.join(ids)}"
                yield mistake(reason, "section", index, "fader")
        if section.solo not in ("", TURNS, *ids):
            reason = (
                f"must be the id of a bot ({', '.join(ids)}) or {TURNS!r}, got {section.solo!r}"
            )
            yield mistake(reason, "section", index, "solo")


def _unknown_faders(piece: PieceTable) -> Iterator[PydanticCustomError]:
    ids = [bot.id for bot in piece.bot]
    for who, _ in piece.steering.fader if piece.steering else ():
        if who and who not in ids:
            reason = f"no bot has the id {who!r}; there is {', '.join(ids)}"
            yield mistake(reason, "steering", "fader")


def _repeated(
    values: Sequence[str | int | None], table: str, key: str
) -> Iterator[PydanticCustomError]:
    for index, value in enumerate(values):
        if value is not None and value in values[:index]:
            reason = f"{value!r} is taken by {table}[{values.index(value) + 1}]"
            yield mistake(reason, table, index, key)


def _misplaced(
    changes: list[tuple[int, int]], n_bars: int, *keys: str
) -> Iterator[PydanticCustomError]:
    """Changes, as (bar, ramp bars), that lie outside the piece or inside one another."""
    free_from = 2
    for index, (bar, ramp_bars) in enumerate(changes):
        first = bar + n_bars + 1 if bar < 0 else bar
        end = first + max(1, ramp_bars)
        if not 2 <= first <= n_bars:
            reason = f"must be in 2..{n_bars}, or {1 - n_bars}..-1 counted from the end, got {bar}"
            yield mistake(reason, *keys, index, "bar")
        elif first < free_from:
            reason = f"must be {free_from} or later, when the change above is over, got {bar}"
            yield mistake(reason, *keys, index, "bar")
        elif end > n_bars + 1:
            reason = f"must be in 0..{n_bars + 1 - first} to end with the piece, got {ramp_bars}"
            yield mistake(reason, *keys, index, "ramp_bars")
        free_from = max(free_from, end)
