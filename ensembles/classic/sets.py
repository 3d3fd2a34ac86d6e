r"""Classic ensemble files, such as ``tempo 60 duration 360`` and a line for every bot. Pure.

After the bot's name come pairs in any order: `gain` (0..1), `delay` and `kill` (seconds), and other
words, which go to that bot as ``/broadcast/<word> Conductor <value>``. Lines that connect bots in
JACK are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from musebots.errors import ConfigError

__all__ = ["Entry", "Set", "gain_db_of", "parse_set", "safe_id"]

DEFAULT_BPM, DEFAULT_SECONDS = 120.0, 600.0
LONGEST_ID = 24  # some bots read 30 characters of each line of their config.txt, and no more
CABLES = "jack_connect"
QUIETEST_DB = -60.0
Value = float | int | str


@dataclass(frozen=True, slots=True)
class Entry:
    """One bot of a set: `name` is its folder's, `id` its own in the band."""

    name: str
    id: str
    gain: float = 1.0
    delay_seconds: float = 0.0
    kill_seconds: float = 0.0
    others: tuple[tuple[str, Value], ...] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """What is not its level, as a piece has it."""
        settings: dict[str, Any] = dict(self.others)
        if self.delay_seconds:
            settings["delay"] = self.delay_seconds
        if self.kill_seconds:
            settings["kill"] = self.kill_seconds
        return settings


@dataclass(frozen=True, slots=True)
class Set:
    """An ensemble file."""

    bpm: float
    duration_seconds: float
    entries: tuple[Entry, ...]

    @property
    def n_bars(self) -> int:
        """How many bars of four beats it lasts."""
        return max(1, math.ceil(self.duration_seconds * self.bpm / 240.0 - 1e-9))


def parse_set(text: str, *, source: str) -> Set:
    r"""Read an ensemble file.

    Raises
    ------
    ConfigError
        When no bot is named, or a number is none.

    Examples
    --------
    >>> parsed = parse_set("tempo 60 duration 360\nBassBot gain 0.5 delay 10\n", source="x.txt")
    >>> parsed.bpm, parsed.n_bars, parsed.entries[0].delay_seconds
    (60.0, 90, 10.0)
    """
    bpm, seconds = DEFAULT_BPM, DEFAULT_SECONDS
    entries: list[Entry] = []
    lines = text.lstrip("\ufeff").splitlines()
    for number, line in enumerate(lines, start=1):
        name, *rest = line.split() or [""]
        where = f"{source}, line {number}"
        if not name or name.startswith(("#", "//")) or name == CABLES:
            continue
        if not entries and name in ("tempo", "duration"):
            pairs = _pairs([name, *rest])
            bpm = _number(pairs.get("tempo", str(bpm)), where, 10.0, 480.0)
            seconds = _number(pairs.get("duration", str(seconds)), where, 0.0, 1e6) or seconds
            continue
        entries.append(_entry(name, rest, where, taken=[entry.id for entry in entries]))
    if not entries:
        raise ConfigError(f"{source}: names no bot; a line is '<bot> gain 0.8 delay 10'")
    return Set(bpm, seconds, tuple(entries))


def _entry(name: str, rest: list[str], where: str, *, taken: Sequence[str]) -> Entry:
    pairs = _pairs(rest)
    return Entry(
        name,
        _free_id(safe_id(name), taken),
        gain=_number(pairs.pop("gain", "1"), where, 0.0, 10.0),
        delay_seconds=_number(pairs.pop("delay", "0"), where, 0.0, 1e6),
        kill_seconds=_number(pairs.pop("kill", "0"), where, 0.0, 1e6),
        others=tuple((topic, _value(value)) for topic, value in pairs.items()),
    )


def gain_db_of(gain: float) -> float:
    """A linear gain as a piece has it: in dB, not below -60.

    Examples
    --------
    >>> gain_db_of(1.0), round(gain_db_of(0.5), 2), gain_db_of(0.0)
    (0.0, -6.02, -60.0)
    """
    return max(QUIETEST_DB, 20.0 * math.log10(gain)) if gain > 0 else QUIETEST_DB


def safe_id(name: str) -> str:
    """A folder's name as an id: letters, digits, '-' and '_'.

    Examples
    --------
    >>> safe_id("Arne's Bot (v2)")
    'Arne-s-Bot-v2'
    """
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:LONGEST_ID]
    return cleaned or "bot"


def _free_id(wanted: str, taken: Sequence[str]) -> str:
    """The id, or with a number when an ensemble has the same bot several times."""
    candidates = [wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in candidates if name not in taken)


def _pairs(words: list[str]) -> dict[str, str]:
    """Words two by two; one that is left over is passed over."""
    return dict(zip(words[::2], words[1::2], strict=False))


def _number(text: str, where: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ConfigError(f"{where}: must be a number in {low:g}..{high:g}, got {text!r}")
    return value


def _value(text: str) -> Value:
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if math.isfinite(value) and abs(value) < 2**31:
            return value
    return text
