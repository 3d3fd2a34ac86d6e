"""The events format, record by record: what one line of an event file holds for a role. Pure.

A record is one piece, 24 units to the quarter note, bar lines at multiples of the bar from 0:
``melody`` or ``bass`` as ``[[t, duration, pitch, velocity], ...]``; drums as ``drums16``, ``[[step,
class, velocity, offset], ...]`` (offset in ticks), or as ``drums``, ``[[t, class, velocity],
...]``; ``chords`` as ``[[t, duration, root_pc, quality, bass_pc], ...]``; with ``id``, ``source``,
``meter``, ``key`` and ``split``. What a role does not need may be missing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from musebots.harmony import QUALITIES, Chord, Harmony, Key
from musebots.rnn.features import MAX_STEPS_PER_BAR
from musebots.rnn.vocabulary import DRUM_CLASSES, Role
from musebots.timebase import TimeSignature
from musebots.training.forms import others_density, places_in_section
from musebots.training.pieces import Piece, silent_piece, sing, split_at_silence, steps_per_bar

__all__ = ["pieces_of_record"]

_UNITS_PER_STEP = 6
_TICKS_PER_STEP = 120.0
_MAX_STEPS = 100_000
_KICK = 0
_VOICES = ("melody", "bass", "alto", "tenor")
_PROGRAMMED = "programmed"
_STYLES = {
    "nottingham": "folk",
    "openewld": "standard",
    "freedoom": "rock",
    "helland": "game",
    "jsb": "chorale",
}


def pieces_of_record(role: Role, record: Any, *, split: str) -> list[Piece]:
    """The pieces in a record; none for a record without a part of this role.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    record : object
        What the line held.
    split : str
        The split of a record that names none.

    Raises
    ------
    ValueError
        If the record cannot be used; the message is the reason.
    """
    if not isinstance(record, dict):
        raise ValueError(f"a piece is an object, not {type(record).__name__}")
    fields = ("drums16", "drums") if role == "drums" else (role,)
    part = next((field for field in fields if record.get(field)), None)
    if part is None:
        return []
    _refuse_unfit(record)
    blank = _blank(role, record, split)
    if role == "drums":
        return [_drum_piece(record, part, blank)] if part == "drums16" else split_at_silence(
            _drum_piece(record, part, blank)
        )  # fmt: skip
    return [one for piece in _voice_pieces(role, record, blank) for one in split_at_silence(piece)]


def _refuse_unfit(record: dict[str, Any]) -> None:
    """Raise `ValueError` for a piece whose bar lines or rights are in doubt."""
    if not record.get("meter"):
        raise ValueError("no meter is given")
    if record.get("modern_composer_flag"):
        raise ValueError("credited to a composer of the 20th century")
    if record.get("multi_meter") or record.get("n_meters", 1) > 1:
        raise ValueError("the time signature changes")
    if len(record.get("meters") or []) > 1 or record.get("irregular_bars"):
        raise ValueError("the time signature changes")
    if steps_per_bar(TimeSignature(*record["meter"])) > MAX_STEPS_PER_BAR:
        raise ValueError(f"bars of {record['meter']} are longer than {MAX_STEPS_PER_BAR} 16ths")


def _rows(record: dict[str, Any], field: str, width: int) -> list[list[Any]]:
    """A part's rows, each of at least so many numbers."""
    rows = record.get(field) or []
    for number, row in enumerate(rows, start=1):
        is_row = isinstance(row, list) and len(row) >= width
        if not is_row or not all(isinstance(value, int | float) for value in row[:width]):
            raise ValueError(f"note {number} of {field} is not a list of {width} numbers: {row!r}")
    return list(rows)


def _blank(role: Role, record: dict[str, Any], split: str) -> Piece:
    """The silent piece, as many whole bars long as the part, with what the band knows of it."""
    time_signature = TimeSignature(*record["meter"])
    length = steps_per_bar(time_signature)
    end = _end(record, role)
    if end > _MAX_STEPS:
        raise ValueError(f"it is longer than {_MAX_STEPS} 16ths: its times are surely wrong")
    n_bars = _n_bars(role, end, length)
    source = str(record.get("source") or "unknown")
    style = str(record.get("style") or _STYLES.get(source, source)).split("/")[0]
    if role == "drums" and not record.get("drums16"):
        style = _PROGRAMMED
    piece = silent_piece(
        str(record.get("id") or "unnamed"),
        source,
        split=str(record.get("split") or split),
        style=style,
        time_signature=time_signature,
        n_steps=n_bars * length,
        is_drums=role == "drums",
    )
    first_bar = 1 if record.get("pickup") else 0
    if not record.get("beat_type"):  # a groove recorded for itself lies nowhere in a piece
        is_ended = n_bars >= _n_bars_of_all(record, length)
        places = places_in_section(n_bars, first_bar=first_bar, is_ended=is_ended)
        piece.places[:] = np.repeat(places, length)
    onsets = _onsets_of_others(role, record)
    if onsets is not None:
        piece.others[:] = others_density(onsets, piece.n_steps, length)
    return replace(piece, first_phrase_bar=first_bar)


def _end(record: dict[str, Any], part: str) -> float:
    """Where a part ends, in 16ths; for drums its last stroke."""
    if part != "drums":
        return max((t + d for t, d, *_ in _rows(record, part, 4)), default=0) / _UNITS_PER_STEP
    if record.get("drums16"):
        return float(max(row[0] for row in _rows(record, "drums16", 4)))
    return max((t for t, *_ in _rows(record, "drums", 3)), default=0) / _UNITS_PER_STEP


def _n_bars(part: str, end: float, length: int) -> int:
    """How many bars a part takes: a note ends before a bar line, a stroke begins a bar."""
    return int(end) // length + 1 if part == "drums" else max(1, -(-round(end) // length))


def _n_bars_of_all(record: dict[str, Any], length: int) -> int:
    parts = [part for part in (*_VOICES, "drums") if record.get(part)]
    return max((_n_bars(part, _end(record, part), length) for part in parts), default=0)


def _onsets_of_others(role: Role, record: dict[str, Any]) -> list[int] | None:
    """Steps on which another part starts a note; None for a piece that has no other part."""
    others = [part for part in (*_VOICES, "drums") if part != role and record.get(part)]
    if not others:
        return None
    widths = {part: 3 if part == "drums" else 4 for part in others}
    rows = (row for part in others for row in _rows(record, part, widths[part]))
    return [round(row[0] / _UNITS_PER_STEP) for row in rows]


def _drum_piece(record: dict[str, Any], part: str, piece: Piece) -> Piece:
    for row in _rows(record, part, 4 if part == "drums16" else 3):
        if part == "drums16":
            step, drum, loudness, late = row[0], row[1], row[2], row[3] / _TICKS_PER_STEP
        else:
            at = row[0] / _UNITS_PER_STEP
            step, drum, loudness, late = round(at), row[1], row[2], at - round(at)
        if not 0 <= drum < len(DRUM_CLASSES):
            raise ValueError(f"drum classes are 0..{len(DRUM_CLASSES) - 1}, got {drum}")
        if 0 <= step < piece.n_steps:
            piece.voice[step] |= 1 << drum
            piece.velocity[step, drum] = loudness
            piece.offset[step, drum] = late
    piece.kicks[:] = (piece.voice & 1).astype(bool)
    piece.fills[:] = record.get("beat_type") == "fill"
    return piece


def _voice_pieces(role: Role, record: dict[str, Any], piece: Piece) -> list[Piece]:
    rows = _rows(record, role, 4)
    sing(piece, ((t / _UNITS_PER_STEP, d / _UNITS_PER_STEP, p, v) for t, d, p, v, *_ in rows))
    for t, drum, *_ in _rows(record, "drums", 3):
        step = round(t / _UNITS_PER_STEP)
        if drum == _KICK and step < piece.n_steps:
            piece.kicks[step] = True
    keys = _keys(record)
    chords = _chords_by_step(role, record, keys[0][1], piece.n_steps)
    return _cut_at_keys(replace(piece, key=keys[0][1], chords=chords), keys)


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
    """The chord in force at every step; where none is named the one before holds.

    A bass hears chords that were estimated without it, where there are any.
    """
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


def _cut_at_keys(piece: Piece, keys: Sequence[tuple[int, Key]]) -> list[Piece]:
    """One piece for each key, cut at the bar line that follows the change."""
    length = steps_per_bar(piece.time_signature)
    cuts = [-(-step // length) * length for step, _ in keys] + [piece.n_steps]
    parts = []
    for (_, key), start, end in zip(keys, cuts[:-1], cuts[1:], strict=True):
        if end > start:
            bar = start // length
            part = replace(piece.taken(range(start, end)), key=key)
            parts.append(replace(part, first_phrase_bar=(piece.first_phrase_bar - bar) % 4))
    return parts
