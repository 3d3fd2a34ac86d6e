"""A classic ensemble file as a piece: its bots, and as many bars as it lasts."""

from __future__ import annotations

from glob import escape
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ensembles.classic.folders import is_classic_folder
from ensembles.classic.sets import Entry, gain_db_of, parse_set
from ensembles.config import Piece
from ensembles.pieces_format.mistakes import explain
from ensembles.pieces_format.model import PieceTable
from musebots.errors import ConfigError
from musebots.registry import STOCK_MODULES

__all__ = ["is_set", "load_set"]


def is_set(name_or_path: str) -> bool:
    """Whether this names a classic ensemble file."""
    return Path(name_or_path).suffix.lower() == ".txt"


def load_set(path: Path, bots: Path | None = None) -> Piece:
    """Read an ensemble file.

    Parameters
    ----------
    path : Path
        ``Ensembles/<name>.txt``.
    bots : Path, optional
        The folder that the bots' folders lie in, at any depth; ``Musebots`` beside ``Ensembles``
        unless given.

    Raises
    ------
    ConfigError
        When the file cannot be read, has a mistake, or names a bot that is not there.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    parsed = parse_set(text, source=str(path))
    where = bots or path.resolve().parent.parent / "Musebots"
    table: dict[str, Any] = {
        "title": path.stem,
        "bars": parsed.n_bars,
        "count_in_bars": 1,
        "tempo": {"bpm": parsed.bpm},
        "section": [{"name": "A", "chords": "C", "bars": parsed.n_bars}],
        "bot": [_bot_table(entry, where, str(path)) for entry in parsed.entries],
    }
    try:
        checked = PieceTable.model_validate(table, context={"folder": where})
    except ValidationError as error:
        raise ConfigError(explain(error, source=str(path), text="")) from error
    return Piece(path.stem, str(path), checked)


def _bot_table(entry: Entry, where: Path, source: str) -> dict[str, Any]:
    table: dict[str, Any] = {"id": entry.id, "gain_db": min(12.0, gain_db_of(entry.gain))}
    folder = _folder_of(entry.name, where)
    if folder is not None:
        return {**table, "folder": folder, "role": entry.id, "settings": entry.settings}
    if entry.name in STOCK_MODULES:
        return {**table, "class": entry.name}
    raise ConfigError(f"{source}: there is no bot {entry.name!r} in {where}; say where with --bots")


def _folder_of(name: str, where: Path) -> str | None:
    """The folder of a bot, relative to `where`: collections are sorted by what bots do."""
    if (where / name).is_dir():
        return name
    found = sorted(path for path in where.rglob(escape(name)) if is_classic_folder(path))
    return str(found[0].relative_to(where)) if found else None
