"""Chords, keys, and who is in force when: what all pitched musebots agree on. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from musebots.timebase import ticks_from_beats

__all__ = ["QUALITIES", "Chord", "ChordSpan", "Harmony", "Key", "parse_chords", "spans_from"]

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "5": (0, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "hdim7": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "minmaj7": (0, 3, 7, 11),
    "aug7": (0, 4, 8, 10),
}
"""Chord qualities and their pitch classes above the root, in the order used on the wire."""

_SPELLINGS = {
    "": "maj", "M": "maj", "maj": "maj", "m": "min", "min": "min", "-": "min",
    "dim": "dim", "o": "dim", "aug": "aug", "+": "aug", "sus4": "sus4", "sus": "sus4",
    "sus2": "sus2", "5": "5", "7": "7", "maj7": "maj7", "M7": "maj7", "m7": "min7",
    "min7": "min7", "-7": "min7", "m7b5": "hdim7", "hdim7": "hdim7", "dim7": "dim7",
    "o7": "dim7", "6": "6", "m6": "min6", "min6": "min6", "mM7": "minmaj7",
    "minmaj7": "minmaj7", "aug7": "aug7", "+7": "aug7",
}  # fmt: skip
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARP_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_ROOT = re.compile(r"([A-G])([#b]?)")


def _pitch_class(text: str) -> tuple[int, str]:
    """Read a note name from the front of `text`; its pitch class and the rest."""
    match = _ROOT.match(text)
    if match is None:
        raise ValueError(f"{text!r} does not begin with a note name such as C, F# or Bb")
    accidental = {"": 0, "#": 1, "b": -1}[match[2]]
    return (_LETTERS[match[1]] + accidental) % 12, text[match.end() :]


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class, 0 = C) and a mode.

    Examples
    --------
    >>> Key.parse("A minor").relative_major_pc
    0
    """

    tonic_pc: int = 0
    mode: str = "major"

    def __post_init__(self) -> None:
        if not 0 <= self.tonic_pc <= 11:
            raise ValueError(f"tonic_pc must be in 0..11, got {self.tonic_pc}")
        if self.mode not in ("major", "minor"):
            raise ValueError(f"mode must be major or minor, got {self.mode!r}")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read ``"C major"``, ``"F# minor"``, ``"Bb"`` or ``"Am"``."""
        pitch_class, rest = _pitch_class(text.strip())
        modes = {"": "major", "maj": "major", "major": "major", "m": "minor", "min": "minor",
                 "minor": "minor"}  # fmt: skip
        mode = modes.get(rest.strip())
        if mode is None:
            raise ValueError(f'a key looks like "C major" or "F# minor", got {text!r}')
        return cls(pitch_class, mode)

    def __str__(self) -> str:
        return f"{_SHARP_NAMES[self.tonic_pc]} {self.mode}"

    @property
    def relative_major_pc(self) -> int:
        """Tonic of the major key with the same notes."""
        return self.tonic_pc if self.mode == "major" else (self.tonic_pc + 3) % 12

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes of the (natural) scale, ascending from the tonic."""
        steps = (0, 2, 4, 5, 7, 9, 11) if self.mode == "major" else (0, 2, 3, 5, 7, 8, 10)
        return tuple((self.tonic_pc + step) % 12 for step in steps)


@dataclass(frozen=True, slots=True)
class Chord:
    """Root, quality and bass note; pitch classes with 0 = C.

    Examples
    --------
    >>> Chord.parse("Am7/G")
    Chord(root_pc=9, quality='min7', bass_pc=7)
    """

    root_pc: int
    quality: str = "maj"
    bass_pc: int = -1

    def __post_init__(self) -> None:
        if not 0 <= self.root_pc <= 11:
            raise ValueError(f"root_pc must be in 0..11, got {self.root_pc}")
        if self.quality not in QUALITIES:
            raise ValueError(f"quality must be one of {', '.join(QUALITIES)}, got {self.quality!r}")
        if self.bass_pc == -1:
            object.__setattr__(self, "bass_pc", self.root_pc)
        if not 0 <= self.bass_pc <= 11:
            raise ValueError(f"bass_pc must be in 0..11, got {self.bass_pc}")

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read a chord symbol: root, quality as players write it, optional ``/bass``."""
        body, slash, bass = text.strip().partition("/")
        root_pc, spelling = _pitch_class(body)
        quality = _SPELLINGS.get(spelling)
        if quality is None:
            known = ", ".join(sorted(name for name in _SPELLINGS if name))
            raise ValueError(f"chord {text!r} has an unknown quality {spelling!r}; known: {known}")
        if not slash:
            return cls(root_pc, quality)
        bass_pc, rest = _pitch_class(bass)
        if rest:
            raise ValueError(f"chord {text!r}: {bass!r} is not a bass note")
        return cls(root_pc, quality, bass_pc)

    def __str__(self) -> str:
        shown = {"maj": "", "min": "m", "min7": "m7", "hdim7": "m7b5", "min6": "m6"}
        name = _SHARP_NAMES[self.root_pc] + shown.get(self.quality, self.quality)
        return name if self.bass_pc == self.root_pc else f"{name}/{_SHARP_NAMES[self.bass_pc]}"

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's pitch classes, from the root up."""
        return tuple((self.root_pc + interval) % 12 for interval in QUALITIES[self.quality])


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord that is in force from `tick` for `duration_ticks`."""

    tick: int
    duration_ticks: int
    chord: Chord

    def __post_init__(self) -> None:
        if self.duration_ticks <= 0:
            raise ValueError(f"duration_ticks must be > 0, got {self.duration_ticks}")


@dataclass(frozen=True)
class Harmony:
    """The key and the chords known so far.

    Where nothing is known, the last chord before holds, and before the first one the tonic: two
    bots that heard the same messages always agree.
    """

    key: Key = Key()
    spans: tuple[ChordSpan, ...] = ()

    @cached_property
    def _ticks(self) -> list[int]:
        return [span.tick for span in self.spans]

    @property
    def tonic(self) -> Chord:
        """The triad on the tonic."""
        return Chord(self.key.tonic_pc, "maj" if self.key.mode == "major" else "min")

    def at_tick(self, tick: int) -> Chord:
        """The chord in force at `tick`."""
        index = bisect_right(self._ticks, tick) - 1
        return self.tonic if index < 0 else self.spans[index].chord

    def at(self, beat: float) -> Chord:
        """The chord in force at `beat`."""
        return self.at_tick(ticks_from_beats(beat))

    def next_change(self, tick: int) -> tuple[int, Chord] | None:
        """Tick and chord of the first *different* chord after `tick`, or None if none is known."""
        now = self.at_tick(tick)
        for span in self.spans[bisect_right(self._ticks, tick) :]:
            if span.chord != now:
                return span.tick, span.chord
        return None

    def replaced(self, key: Key, spans: Iterable[ChordSpan]) -> Harmony:
        """These spans in place of what was known from their first tick on; the past is kept."""
        fresh = tuple(sorted(spans, key=lambda span: span.tick))
        if not fresh:
            return Harmony(key, self.spans)
        kept = tuple(span for span in self.spans if span.tick < fresh[0].tick)
        return Harmony(key, kept + fresh)

    def forgotten_before(self, tick: int) -> Harmony:
        """Without the spans that ended before `tick`, so that a long session does not grow."""
        first = max(0, bisect_right(self._ticks, tick) - 1)
        return Harmony(self.key, self.spans[first:])


def parse_chords(text: str, *, beats_per_bar: float) -> tuple[tuple[float, Chord], ...]:
    """Read a progression as players write it.

    Bars are separated by ``|`` (or, where no ``|`` occurs, by blanks: one chord a bar); the chords
    within a bar share it equally; ``%`` or ``.`` holds the chord before.

    Returns
    -------
    tuple of (float, Chord)
        (duration in beats, chord), a held chord merged into the one before.

    Examples
    --------
    >>> [(beats, str(chord)) for beats, chord in parse_chords("C | Am F | %", beats_per_bar=4)]
    [(4.0, 'C'), (2.0, 'Am'), (6.0, 'F')]
    """
    cells = text.strip().strip("|").split("|") if "|" in text else text.split()
    spans: list[tuple[float, Chord]] = []
    for cell in cells:
        symbols = cell.split() or ["%"]
        for symbol in symbols:
            beats = beats_per_bar / len(symbols)
            if symbol in ("%", "."):
                if not spans:
                    raise ValueError(f"{symbol!r} holds the chord before, but {text!r} has none")
                spans[-1] = (spans[-1][0] + beats, spans[-1][1])
            else:
                spans.append((beats, Chord.parse(symbol)))
    if not spans:
        raise ValueError("a progression needs at least one chord")
    return tuple(spans)


def spans_from(chords: Iterable[tuple[float, Chord]], start_tick: int) -> tuple[ChordSpan, ...]:
    """Lay (beats, chord) pairs out on the time line from `start_tick` on."""
    spans, beats = [], 0.0
    for duration, chord in chords:
        tick = start_tick + ticks_from_beats(beats)
        beats += duration
        end_tick = start_tick + ticks_from_beats(beats)
        spans.append(ChordSpan(tick, end_tick - tick, chord))
    return tuple(spans)
