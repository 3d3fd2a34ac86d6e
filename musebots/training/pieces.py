"""A piece of music as one role sees it, on the grid of 16ths; and how pieces are cut. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from musebots.harmony import Chord, Key
from musebots.rnn.vocabulary import DRUM_CLASSES
from musebots.timebase import TimeSignature

__all__ = [
    "HELD",
    "SILENT",
    "Piece",
    "as_bars_of_six_eight",
    "as_bars_of_three",
    "empty_touch",
    "joined",
    "split_at_silence",
    "steps_per_bar",
    "voice_from_notes",
]

SILENT, HELD = -2, -1
"""In `Piece.voice`, where no note starts."""

_N_CLASSES = len(DRUM_CLASSES)
_MAX_SILENT_BARS = 1

StepArray = npt.NDArray[np.int16]
TouchArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of one piece, and what was known around it, step by step.

    Parameters
    ----------
    name, source, split, style : str
        Which piece; which corpus; ``"train"``, ``"valid"`` or ``"test"``; the style tag.
    time_signature : TimeSignature
        One for the whole piece; step 0 is a bar line.
    key : Key
        One for the whole piece.
    voice : StepArray
        (n_steps,): the part's plan. Melody and bass: a MIDI pitch where a note starts, else
        `HELD` or `SILENT`. Drums: the 9-bit mask of what is struck.
    chords : tuple of Chord
        (n_steps,): the chord in force.
    kicks, fills : array of bool
        (n_steps,): whether the bass drum is struck, whether the step belongs to a fill.
    velocity, offset : TouchArray
        (n_steps, 9) for drums: velocity 1..127 and lateness in 16ths; 0 where nothing is struck.
    first_phrase_bar : int
        Bar that opens the first phrase: 1 after a pickup.
    """

    name: str
    source: str
    split: str
    style: str
    time_signature: TimeSignature
    key: Key
    voice: StepArray
    chords: tuple[Chord, ...]
    kicks: npt.NDArray[np.bool_]
    fills: npt.NDArray[np.bool_]
    velocity: TouchArray
    offset: TouchArray
    first_phrase_bar: int = 0

    @property
    def n_steps(self) -> int:
        """Length in 16ths."""
        return len(self.voice)

    def taken(self, steps: Sequence[int] | npt.NDArray[np.intp]) -> Piece:
        """The piece made of these steps, in this order."""
        return replace(
            self,
            voice=self.voice[steps],
            chords=tuple(self.chords[step] for step in steps),
            kicks=self.kicks[steps],
            fills=self.fills[steps],
            velocity=self.velocity[steps],
            offset=self.offset[steps],
        )


def steps_per_bar(time_signature: TimeSignature) -> int:
    """Length of a bar in 16ths; raises `ValueError` where a bar is not a whole number of them."""
    steps, rest = divmod(time_signature.numerator * 16, time_signature.denominator)
    if rest:
        raise ValueError(f"a bar of {time_signature} is not a whole number of 16ths")
    return steps


def empty_touch(n_steps: int) -> TouchArray:
    """Velocities or offsets of a piece that has none."""
    return np.zeros((n_steps, _N_CLASSES), dtype=np.float32)


def voice_from_notes(notes: Iterable[tuple[float, float, int]], n_steps: int) -> StepArray:
    """Lay a one-voice part on the grid.

    Parameters
    ----------
    notes : iterable of (float, float, int)
        Onset and duration in 16ths, and MIDI pitch. Each is rounded to the grid, lasts at least
        one step and ends where the next begins; of two on one step the later one stays.
    n_steps : int
        Length of the piece.
    """
    voice = np.full(n_steps, SILENT, dtype=np.int16)
    for onset, duration, pitch in sorted(notes):
        first = round(onset)
        if not 0 <= first < n_steps:
            continue
        end = max(first + 1, round(onset + duration))
        voice[first:end] = HELD
        voice[end:] = SILENT
        voice[first] = pitch
    return voice


def split_at_silence(piece: Piece) -> list[Piece]:
    """Cut a melody or bass where it is silent for more than a bar, at bar lines.

    A part that waits for its entry teaches nothing but silence.
    """
    length = steps_per_bar(piece.time_signature)
    n_bars = piece.n_steps // length
    bars = piece.voice[: n_bars * length].reshape(n_bars, length)
    is_silent = np.all(bars == SILENT, axis=1)
    runs: list[list[int]] = [[]]
    silent_bars = 0
    for bar in range(n_bars):
        silent_bars = silent_bars + 1 if is_silent[bar] else 0
        if silent_bars > _MAX_SILENT_BARS:
            runs.append([])
        else:
            runs[-1].append(bar)
    return [_bars(piece, run, length) for run in runs if not np.all(is_silent[run])]


def _bars(piece: Piece, bars: list[int], length: int) -> Piece:
    silent = [np.all(piece.voice[b * length : (b + 1) * length] == SILENT) for b in bars]
    while silent and silent[0]:
        bars, silent = bars[1:], silent[1:]
    while silent and silent[-1]:
        bars, silent = bars[:-1], silent[:-1]
    part = piece.taken(range(bars[0] * length, (bars[-1] + 1) * length))
    if part.voice[0] == HELD:
        part.voice[: int(np.argmax(part.voice != HELD))] = SILENT
    return replace(part, first_phrase_bar=(piece.first_phrase_bar - bars[0]) % 4)


def as_bars_of_three(piece: Piece) -> Piece:
    """The 3/4 piece that keeps the first three beats of every 4/4 bar."""
    steps = [s for s in range(piece.n_steps - piece.n_steps % 16) if s % 16 < 12]
    return _recut(piece, steps, TimeSignature(3, 4))


def as_bars_of_six_eight(piece: Piece) -> Piece:
    """The 6/8 piece in which every beat of a 4/4 piece is three eighths long.

    The second half of each beat comes twice, so that two beats make a bar: what was on beats 1
    and 3 opens the bar, the backbeat falls on its fourth eighth.
    """
    steps = [4 * beat + s for beat in range(piece.n_steps // 8 * 2) for s in (0, 1, 2, 3, 2, 3)]
    return _recut(piece, steps, TimeSignature(6, 8))


def _recut(piece: Piece, steps: list[int], time_signature: TimeSignature) -> Piece:
    part = replace(piece.taken(steps), time_signature=time_signature)
    return replace(part, name=f"{piece.name} as {time_signature}")


def joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces in one time signature played one after the other; all else is the first one's."""
    first = pieces[0]
    return replace(
        first,
        name=" + ".join(piece.name for piece in pieces),
        voice=np.concatenate([piece.voice for piece in pieces]),
        chords=tuple(chord for piece in pieces for chord in piece.chords),
        kicks=np.concatenate([piece.kicks for piece in pieces]),
        fills=np.concatenate([piece.fills for piece in pieces]),
        velocity=np.concatenate([piece.velocity for piece in pieces]),
        offset=np.concatenate([piece.offset for piece in pieces]),
    )
