"""Real pieces: the corpora's event files as parts and chords, in 4/4 (and 2/2)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from musebots.drumkit import DRUM_PITCHES
from musebots.errors import CorpusError
from musebots.harmony import QUALITIES, Chord, ChordSpan, Harmony, Key
from musebots.measures import Part
from musebots.measures.part import STEP_TICKS
from musebots.timebase import PPQ

__all__ = [
    "EVENT_FILES",
    "ROLES",
    "RealPiece",
    "aligned",
    "excerpt",
    "from_where_all_play",
    "read_real",
]

EVENT_FILES = {
    "nottingham": "events/nottingham.jsonl.gz",
    "openewld": "events/openewld_pd.jsonl.gz",
    "multitrack": "events/multitrack.jsonl.gz",
    "jsb": "events/jsb_chorales.jsonl.gz",
    "groove": "events/groove.jsonl.gz",
}
"""Name of each set, and its file below the corpora."""

ROLES = ("melody", "bass", "drums")

_TICKS_PER_UNIT = PPQ // 24
_HIT_TICKS = STEP_TICKS // 2
_STYLES = {
    "nottingham": "folk",
    "openewld": "standard",
    "freedoom": "rock",
    "helland": "game",
    "jsb": "chorale",
    "openmsx": "openmsx",
}
_IN_FOUR = ([4, 4], [2, 2])


@dataclass(frozen=True, slots=True)
class RealPiece:
    """A piece that people made.

    Parameters
    ----------
    name, source, split, style : str
        As in the corpora; the style is the tag that the networks are trained with.
    parts : mapping of str to Part
        By role, all of the same length.
    key : Key
    chords : tuple of ChordSpan
        As written, or as the corpus estimates them; empty for drums alone.
    bare_chords : tuple of ChordSpan
        Estimated without the bass, where the corpus has them; else `chords`.
    bpm : float or None
    """

    name: str
    source: str
    split: str
    style: str
    parts: Mapping[str, Part]
    key: Key
    chords: tuple[ChordSpan, ...]
    bare_chords: tuple[ChordSpan, ...]
    bpm: float | None

    @property
    def n_bars(self) -> int:
        """Length of every part."""
        return next(iter(self.parts.values())).n_bars

    def harmony_for(self, role: str) -> Harmony:
        """The chords that a part is measured against: for a bass, those that it did not make."""
        return Harmony(self.key, self.bare_chords if role == "bass" else self.chords)


def read_real(
    path: Path, *, is_kept: Callable[[dict[str, Any]], bool] | None = None
) -> list[RealPiece]:
    """The pieces of an event file that are in 4/4 or 2/2 throughout.

    Left out are pieces whose rights or bar lines are in doubt, drummers' single fills, and what
    the split leaves out.

    Parameters
    ----------
    path : Path
        ``*.jsonl.gz``.
    is_kept : callable, optional
        Keeps a record, or not.

    Raises
    ------
    CorpusError
        If the file cannot be read, or nothing is left.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
    except (OSError, EOFError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
    pieces = [
        _piece(record)
        for record in records
        if _is_fit(record) and (is_kept is None or is_kept(record))
    ]
    if not pieces:
        raise CorpusError(f"{path} holds no piece in 4/4")
    return pieces


def _is_fit(record: dict[str, Any]) -> bool:
    return (
        record["meter"] in _IN_FOUR
        and record.get("is44", True)
        and record["split"] in ("train", "valid", "test")
        and not record.get("modern_composer_flag")
        and not record.get("multi_meter")
        and record.get("n_meters", 1) == 1
        and not record.get("irregular_bars")
        and record.get("beat_type", "beat") == "beat"
        and any(record.get(role) or record.get("drums16") for role in ROLES)
    )


def _piece(record: dict[str, Any]) -> RealPiece:
    rows = {role: _rows(record, role) for role in ROLES}
    bar_ticks = 4 * PPQ
    n_bars = 1 + max(row[0] for found in rows.values() for row in found) // bar_ticks
    key = Key(*record["key"][:2]) if record.get("key") else Key()
    source = record["source"]
    chords = _spans(record.get("chords") or [])
    return RealPiece(
        name=record["id"],
        source=source,
        split=record["split"],
        style=_STYLES.get(source) or str(record["style"]).split("/")[0],
        parts={role: Part.from_rows(r, n_bars=n_bars) for role, r in rows.items() if r},
        key=key,
        chords=chords,
        bare_chords=_spans(record.get("chords_nobass") or []) or chords,
        bpm=record.get("bpm"),
    )


def _rows(record: dict[str, Any], role: str) -> list[tuple[int, int, int, int]]:
    """(onset tick, pitch, duration in ticks, velocity) of a part; empty if there is none."""
    if role != "drums":
        return [
            (t * _TICKS_PER_UNIT, pitch, max(1, length * _TICKS_PER_UNIT), max(1, velocity))
            for t, length, pitch, velocity in record.get(role) or []
        ]
    hits = [
        (step * STEP_TICKS + late, drum, velocity)
        for step, drum, velocity, late in record.get("drums16") or []
    ]
    hits += [(t * _TICKS_PER_UNIT, drum, v) for t, drum, v in record.get("drums") or []]
    return [(max(0, t), DRUM_PITCHES[drum], _HIT_TICKS, max(1, v)) for t, drum, v in hits]


def _spans(rows: Iterable[tuple[int, int, int, str, int]]) -> tuple[ChordSpan, ...]:
    return tuple(
        ChordSpan(t * _TICKS_PER_UNIT, length * _TICKS_PER_UNIT, Chord(root, quality, bass))
        for t, length, root, quality, bass in rows
        if quality in QUALITIES and length > 0
    )


def excerpt(piece: RealPiece, role: str, n_bars: int) -> RealPiece:
    """At most `n_bars` bars from the one in which `role` starts to play, to the last it plays in.

    Parts and chords move along; a chord that is in force at the cut goes on.
    """
    part = piece.parts[role]
    first, last = (int(part.steps[i]) // part.steps_per_bar for i in (0, -1))
    end = min(last + 1, first + n_bars)
    shift = first * part.time_signature.bar_ticks
    return replace(
        piece,
        parts={name: p.between(first, end) for name, p in piece.parts.items()},
        chords=_shifted(piece.chords, shift),
        bare_chords=_shifted(piece.bare_chords, shift),
    )


def aligned(pieces: Sequence[RealPiece]) -> list[RealPiece]:
    """The pieces with melody, bass, drums and chords."""
    return [p for p in pieces if all(role in p.parts for role in ROLES) and p.chords]


def from_where_all_play(piece: RealPiece, n_bars: int) -> RealPiece:
    """At most `n_bars` bars of an aligned piece, from the bar by which all three have begun."""
    latest = max(ROLES, key=lambda role: int(piece.parts[role].steps[0]))
    return excerpt(piece, latest, n_bars)


def _shifted(spans: tuple[ChordSpan, ...], ticks: int) -> tuple[ChordSpan, ...]:
    moved = []
    for span in spans:
        start, end = span.tick - ticks, span.tick + span.duration_ticks - ticks
        if end > 0:
            moved.append(ChordSpan(max(0, start), end - max(0, start), span.chord))
    return tuple(moved)
