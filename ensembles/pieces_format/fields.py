"""Field types of a piece: each reads one kind of value, and says what it wants instead. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, PlainValidator, Strict

from director.channels import MAX_CHANNELS
from director.roster import MAX_NAME_LENGTH
from ensembles.pieces_format.programs import program_number
from musebots.harmony import Chord, Key, parse_chords
from musebots.timebase import MAX_BPM, MIN_BPM, TimeSignature

__all__ = [
    "MAX_BARS",
    "MAX_SEED",
    "Bars",
    "Bpm",
    "Channel",
    "ChordsField",
    "FadersField",
    "Identifier",
    "KeyField",
    "Program",
    "Progression",
    "Seed",
    "Several",
    "Signed",
    "Slowing",
    "TimeSignatureField",
    "Unit",
    "ranged",
]

Parsed = TypeVar("Parsed")
Number = TypeVar("Number", int, float)
Item = TypeVar("Item")

MAX_BARS = 100_000
MAX_RITARDANDO_BEATS = 64
INVENTED = ("invent", "invent folk", "invent standard")
MAX_SEED = 2**63 - 1  # an int64 on the wire


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def ranged(low: Number, high: Number) -> AfterValidator:
    """Accept ``low..high`` only, and say so otherwise."""

    def check(value: Number) -> Number:
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"must be in {_plain(low)}..{_plain(high)}, got {value}")
        return value

    return AfterValidator(check)


def _text(parse: Callable[[str], Parsed], like: str) -> PlainValidator:
    def read(value: object) -> Parsed:
        if not isinstance(value, str):
            raise ValueError(f"must be text such as {like}, got {value!r}")
        return parse(value)

    return PlainValidator(read)


Progression: TypeAlias = tuple[tuple[float, Chord], ...]
"""(bars, chord) pairs: how long each chord lasts, as a share of a bar or several bars."""


def _progression(text: str) -> Progression | str:
    """Chords; what is left to the band stays text."""
    if text in INVENTED:
        return text
    return parse_chords(text, beats_per_bar=1.0)


def _ritardando(value: object) -> float | None:
    """Beats; None stands for one bar."""
    if isinstance(value, bool):
        return None if value else 0.0
    if isinstance(value, int | float) and 0 <= value <= MAX_RITARDANDO_BEATS:
        return float(value)
    raise ValueError(f"must be true, false or 0..{MAX_RITARDANDO_BEATS} beats, got {value!r}")


def _program(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"must be 0..127 or a General MIDI name, got {value!r}")
    return program_number(value)


def _faders(value: object) -> Faders:
    """One number for the band, or one for each bot that is named."""
    rows = value if isinstance(value, dict) else {"": value}
    faders = []
    for who, number in rows.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not -1 <= number <= 1:
            at = f" for {who}" if who else ""
            raise ValueError(f"must be in -1 (calmer) .. 1 (bolder){at}, got {number!r}")
        faders.append((str(who), float(number)))
    return tuple(faders)


def _identifier(value: str) -> str:
    if not value or not value.isascii() or not all(c.isalnum() or c in "_-" for c in value):
        raise ValueError(f"must be letters, digits, '-' and '_' only, got {value!r}")
    if len(value) > MAX_NAME_LENGTH:
        raise ValueError(f"must have at most {MAX_NAME_LENGTH} characters, got {value!r}")
    return value


Faders: TypeAlias = tuple[tuple[str, float], ...]
"""(bot id, -1..1) pairs; the empty id is the band."""

Several: TypeAlias = Annotated[tuple[Item, ...], Strict(False)]
"""A TOML array, kept as a tuple; its items stay strictly typed."""

KeyField = Annotated[Key, _text(Key.parse, '"C major" or "F# minor"')]
TimeSignatureField = Annotated[TimeSignature, _text(TimeSignature.parse, '"4/4" or "6/8"')]
ChordsField = Annotated[Progression | str, _text(_progression, '"C | Am7 G" or "invent"')]
FadersField = Annotated[Faders, PlainValidator(_faders)]
Slowing = Annotated[float | None, PlainValidator(_ritardando)]
Program = Annotated[int, BeforeValidator(_program)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Bpm = Annotated[float, ranged(MIN_BPM, MAX_BPM)]
Bars = Annotated[int, ranged(1, MAX_BARS)]
Seed = Annotated[int, ranged(0, MAX_SEED)]
Channel = Annotated[int, ranged(1, MAX_CHANNELS)]
Unit = Annotated[float, ranged(0.0, 1.0)]
Signed = Annotated[float, ranged(-1.0, 1.0)]
