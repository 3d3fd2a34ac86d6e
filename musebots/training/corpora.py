"""Reading corpora: event files (``*.jsonl.gz``) and folders of MIDI files, as a role's pieces."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from musebots.errors import CorpusError
from musebots.rnn.vocabulary import Role
from musebots.training import midi
from musebots.training.events import pieces_of_record
from musebots.training.pieces import Piece

__all__ = ["LICENCES", "Corpus", "read_corpus"]

log = logging.getLogger(__name__)

_GZIP_MAGIC = b"\x1f\x8b"
_NOT_LEARNED: dict[Role, frozenset[str]] = {
    # a chorale's soprano is no melody over chords as a band plays it
    "melody": frozenset({"jsb", "openmsx"}),
    # GPL v2: it would bind whoever passes the checkpoint on
    "bass": frozenset({"openmsx"}),
    "drums": frozenset({"openmsx"}),
}

LICENCES = {
    "groove": "Groove MIDI Dataset v1.0.0, Google LLC (Gillick et al. 2019): CC BY 4.0",
    "nottingham": "Nottingham collection, cleaned by jukedeck: GPL v3",
    "openewld": "OpenEWLD, subset in the public domain in the US in 2026: public domain",
    "freedoom": "Freedoom music, contributors to the Freedoom project: BSD-3-Clause",
    "helland": "Tanner Helland, free music: CC BY 4.0",
    "jsb": "J. S. Bach, four-part chorales: public domain",
    "midi": "MIDI files given by the user",
}
"""Title and licence of each known source, as a checkpoint's card names them."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was read, and what was not.

    Parameters
    ----------
    pieces : tuple of Piece
        In the order of the files' names and lines.
    skipped : tuple of (str, str)
        File or piece, and why it was left out.
    """

    pieces: tuple[Piece, ...]
    skipped: tuple[tuple[str, str], ...]

    def split(self, name: str) -> list[Piece]:
        """The pieces of one split."""
        return [piece for piece in self.pieces if piece.split == name]


def read_corpus(
    role: Role, folder: Path, *, split: str = "train", is_for_training: bool = True
) -> Corpus:
    """Read everything in `folder` that `role` can learn from, or be measured by.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        Whose part.
    folder : Path
        Event files, or MIDI files anywhere below it. Where there are event files, MIDI files are
        not looked for. One file stands for itself.
    split : str
        The one that must not be empty; a piece that names none belongs to it.
    is_for_training : bool
        Leave out the known sources that a checkpoint should not be made from.

    Raises
    ------
    CorpusError
        If the folder does not exist or nothing in it can be used.
    """
    if not folder.exists():
        raise CorpusError(f"there is no {folder}: give a folder with *.jsonl.gz or MIDI files")
    event_files = sorted(folder.glob("*.jsonl.gz"))
    if folder.is_file() and folder.suffix.lower() not in midi.SUFFIXES:
        event_files = [folder]
    if event_files:
        pieces, skipped = _read_event_files(role, event_files, split)
    else:
        pieces, skipped = midi.read_folder(role, folder)
    if is_for_training:
        pieces = [piece for piece in pieces if piece.source not in _NOT_LEARNED[role]]
    if not any(piece.split == split for piece in pieces):
        raise CorpusError(_nothing_found(role, folder, split, pieces, skipped))
    log.info("%s: %d pieces read, %d skipped", folder, len(pieces), len(skipped))
    return Corpus(tuple(pieces), tuple(skipped))


def _nothing_found(
    role: Role,
    folder: Path,
    split: str,
    pieces: Sequence[Piece],
    skipped: Sequence[tuple[str, str]],
) -> str:
    """What was looked for, what there is instead, and the first reason for leaving one out."""
    there = Counter(piece.split for piece in pieces)
    splits = ", ".join(f"{name} ({count})" for name, count in sorted(there.items()))
    others = f"its splits with such parts: {splits}" if there else "and in no other split"
    first = f", for example {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
    return (
        f"{folder} holds no {role} part in its {split} split; {others}; {len(skipped)} files or "
        f"pieces were skipped{first}; give *.jsonl.gz or MIDI files with such parts"
    )


def _read_event_files(
    role: Role, files: Sequence[Path], split: str
) -> tuple[list[Piece], list[tuple[str, str]]]:
    pieces: list[Piece] = []
    skipped: list[tuple[str, str]] = []
    for file in files:
        for name, record in _records(file, skipped):
            try:
                pieces.extend(pieces_of_record(role, record, split=split))
            except (TypeError, IndexError, KeyError, ValueError, AttributeError) as error:
                is_lack = isinstance(error, KeyError)
                skipped.append((name, f"it lacks {error}" if is_lack else str(error)))
    return pieces, skipped


def _records(file: Path, skipped: list[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Every record of a file with the place where it stands."""
    number = 0
    try:
        with _opened(file) as lines:
            for number, line in enumerate(lines, start=1):
                name = f"{file.name}:{number}"
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    skipped.append((name, f"not JSON: {error}"))
                    continue
                known = record.get("id", "") if isinstance(record, dict) else ""
                yield f"{name} {known}".rstrip(), record
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        skipped.append((f"{file.name}:{number + 1}", f"unreadable from here on: {error}"))


def _opened(file: Path) -> IO[str]:
    """The lines of a file, whether or not it is compressed."""
    with file.open("rb") as start:
        is_packed = start.read(2) == _GZIP_MAGIC
    if is_packed:
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")
