"""Reading corpora: event files (``*.jsonl.gz``) and folders of MIDI files, as `Piece`s of a role.

An event file holds one piece a line, 24 units to the quarter note, bar lines at multiples of the
bar from 0: ``melody`` or ``bass`` as ``[[t, duration, pitch, velocity], ...]``, ``drums16`` as
``[[step, class, velocity, offset], ...]`` (offset in ticks), ``chords`` as ``[[t, duration,
root_pc, quality, bass_pc], ...]``, with ``id``, ``source``, ``meter``, ``key`` and ``split``.
"""

from __future__ import annotations

import gzip
import json
import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from musebots.errors import CorpusError
from musebots.harmony import QUALITIES, Chord, Harmony, Key
from musebots.rnn.features import MAX_STEPS_PER_BAR
from musebots.rnn.vocabulary import Role
from musebots.timebase import TimeSignature
from musebots.training import midi
from musebots.training.pieces import (
    Piece,
    empty_touch,
    split_at_silence,
    steps_per_bar,
    voice_from_notes,
)

__all__ = ["LICENCES", "Corpus", "read_corpus"]

log = logging.getLogger(__name__)

_UNITS_PER_STEP = 6
_TICKS_PER_STEP = 120.0
_SPLITS = ("train", "valid", "test")
_KICK = 0

_STYLES = {
    "nottingham": "folk",
    "openewld": "standard",
    "freedoom": "rock",
    "helland": "game",
    "jsb": "chorale",
}
_LEFT_OUT: dict[Role, frozenset[str]] = {
    # a chorale's soprano and a guessed lead are no melodies over chords as a band plays them
    "melody": frozenset({"jsb", "freedoom", "helland", "openmsx"}),
    # GPL v2: it would bind whoever passes the checkpoint on
    "bass": frozenset({"openmsx"}),
    "drums": frozenset(),
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


def read_corpus(role: Role, folder: Path, *, split: str = "train") -> Corpus:
    """Read everything in `folder` that `role` can learn from.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        Whose part.
    folder : Path
        Event files, or MIDI files anywhere below it. Where there are event files, MIDI files are
        not looked for. One event file stands for itself.
    split : str
        The one that must not be empty.

    Raises
    ------
    CorpusError
        If the folder does not exist or nothing in it can be used.
    """
    if not folder.exists():
        raise CorpusError(f"there is no {folder}: give a folder with *.jsonl.gz or MIDI files")
    event_files = [folder] if folder.is_file() else sorted(folder.glob("*.jsonl.gz"))
    if event_files:
        pieces, skipped = _read_event_files(role, event_files)
    else:
        pieces, skipped = midi.read_folder(role, folder)
    if role != "drums":
        pieces = [part for piece in pieces for part in split_at_silence(piece)]
    if not any(piece.split == split for piece in pieces):
        first = f", for example {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise CorpusError(
            f"{folder} holds no {role} part in its {split} split ({len(skipped)} files or pieces "
            f"were skipped{first}); give *.jsonl.gz or MIDI files"
        )
    log.info("%s: %d pieces read, %d skipped", folder, len(pieces), len(skipped))
    return Corpus(tuple(pieces), tuple(skipped))


def _read_event_files(
    role: Role, files: Sequence[Path]
) -> tuple[list[Piece], list[tuple[str, str]]]:
    pieces: list[Piece] = []
    skipped: list[tuple[str, str]] = []
    for file in files:
        for name, record in _records(file, skipped):
            try:
                pieces.extend(_pieces_of(role, record))
            except (KeyError, TypeError, IndexError, ValueError) as error:
                skipped.append((name, str(error)))
    return pieces, skipped


def _records(file: Path, skipped: list[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                name = f"{file.name}:{number}"
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    skipped.append((name, f"not JSON: {error}"))
                    continue
                yield f"{name} {record.get('id', '')}", record
    except (OSError, EOFError, UnicodeDecodeError) as error:
        skipped.append((file.name, f"unreadable from here on: {error}"))


def _pieces_of(role: Role, record: dict[str, Any]) -> list[Piece]:
    """The pieces in a record; none for a record that is not for this role."""
    source = str(record["source"])
    part = record.get("drums16" if role == "drums" else role)
    if not part or source in _LEFT_OUT[role] or record["split"] not in _SPLITS:
        return []
    if (role == "melody") and record.get("melody_heuristic"):
        return []
    _refuse_unfit(record)
    return [_drum_piece(record)] if role == "drums" else _voice_pieces(role, record)


def _refuse_unfit(record: dict[str, Any]) -> None:
    """Raise `ValueError` for a piece whose bar lines or rights are in doubt."""
    if record.get("modern_composer_flag"):
        raise ValueError("credited to a composer of the 20th century")
    if record.get("multi_meter") or record.get("n_meters", 1) > 1:
        raise ValueError("the time signature changes")
    if len(record.get("meters") or []) > 1 or record.get("irregular_bars"):
        raise ValueError("the time signature changes")
    if steps_per_bar(TimeSignature(*record["meter"])) > MAX_STEPS_PER_BAR:
        raise ValueError(f"bars of {record['meter']} are longer than {MAX_STEPS_PER_BAR} 16ths")


def _drum_piece(record: dict[str, Any]) -> Piece:
    time_signature = TimeSignature(*record["meter"])
    length = steps_per_bar(time_signature)
    hits = record["drums16"]
    n_steps = (max(hit[0] for hit in hits) // length + 1) * length
    mask = np.zeros(n_steps, dtype=np.int16)
    velocity, offset = empty_touch(n_steps), empty_touch(n_steps)
    for step, drum, loudness, late_ticks in hits:
        mask[step] |= 1 << drum
        velocity[step, drum] = loudness
        offset[step, drum] = late_ticks / _TICKS_PER_STEP
    return Piece(
        name=record["id"],
        source=record["source"],
        split=record["split"],
        style=str(record.get("style") or record["source"]).split("/")[0],
        time_signature=time_signature,
        key=Key(),
        voice=mask,
        chords=(Chord(0),) * n_steps,
        kicks=(mask & 1).astype(bool),
        fills=np.full(n_steps, record.get("beat_type") == "fill"),
        velocity=velocity,
        offset=offset,
    )


def _voice_pieces(role: Role, record: dict[str, Any]) -> list[Piece]:
    time_signature = TimeSignature(*record["meter"])
    length = steps_per_bar(time_signature)
    notes = [
        (t / _UNITS_PER_STEP, duration / _UNITS_PER_STEP, pitch)
        for t, duration, pitch, _ in record[role]
    ]
    last = max(onset + duration for onset, duration, _ in notes)
    n_steps = (int(np.ceil(last)) // length + 1) * length
    keys = _keys(record)
    kicks = np.zeros(n_steps, dtype=bool)
    for t, drum, _ in record.get("drums") or []:
        step = round(t / _UNITS_PER_STEP)
        if drum == _KICK and step < n_steps:
            kicks[step] = True
    piece = Piece(
        name=record["id"],
        source=record["source"],
        split=record["split"],
        style=_STYLES.get(record["source"], record["source"]),
        time_signature=time_signature,
        key=keys[0][1],
        voice=voice_from_notes(notes, n_steps),
        chords=_chords_by_step(role, record, keys[0][1], n_steps),
        kicks=kicks,
        fills=np.zeros(n_steps, dtype=bool),
        velocity=empty_touch(n_steps),
        offset=empty_touch(n_steps),
        first_phrase_bar=1 if record.get("pickup") else 0,
    )
    return _cut_at_keys(piece, keys, length)


def _keys(record: dict[str, Any]) -> list[tuple[int, Key]]:
    """(step, key from there on), the first at step 0."""
    changes = [(0, *record["key"][:2])] if record.get("key") else []
    changes = record.get("keys") or changes
    if not changes:
        raise ValueError("no key is given")
    keys = [(round(t / _UNITS_PER_STEP), Key(tonic, mode)) for t, tonic, mode in changes]
    keys[0] = (0, keys[0][1])
    return [item for i, item in enumerate(keys) if i == 0 or item[1] != keys[i - 1][1]]


def _chords_by_step(
    role: Role, record: dict[str, Any], key: Key, n_steps: int
) -> tuple[Chord, ...]:
    """The chord in force at every step; where none is named the one before holds."""
    field = "chords_nobass" if role == "bass" and record.get("chords_nobass") else "chords"
    spans = [
        (round(t / _UNITS_PER_STEP), Chord(root, quality, bass))
        for t, _, root, quality, bass in record.get(field) or []
        if quality in QUALITIES
    ]
    if not spans:
        raise ValueError("no chords are given")
    starts = [start for start, _ in spans]
    tonic = Harmony(key).tonic
    places = (bisect_right(starts, step) - 1 for step in range(n_steps))
    return tuple(tonic if place < 0 else spans[place][1] for place in places)


def _cut_at_keys(piece: Piece, keys: Sequence[tuple[int, Key]], length: int) -> list[Piece]:
    """One piece for each key, cut at the bar line that follows the change."""
    cuts = [-(-step // length) * length for step, _ in keys] + [piece.n_steps]
    parts = []
    for (_, key), start, end in zip(keys, cuts[:-1], cuts[1:], strict=True):
        if end > start:
            bar = start // length
            part = replace(piece.taken(range(start, end)), key=key)
            parts.append(replace(part, first_phrase_bar=(piece.first_phrase_bar - bar) % 4))
    return parts
