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
    "joined",
    "silent_piece",
    "sing",
    "split_at_silence",
    "steps_per_bar",
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
        (n_steps, 9) for drums, (n_steps, 1) for a voice: velocity 1..127 and, for drums, lateness
        in 16ths; 0 where nothing is struck.
    others : array of float
        (n_steps,): what `StepContext.others_density` was; NaN where it is not known.
    places : array of int
        (n_steps,): what `StepContext.place_in_section` was, as indices into `PLACES`.
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
    others: TouchArray
    places: npt.NDArray[np.int8]
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
            others=self.others[steps],
            places=self.places[steps],
        )


def steps_per_bar(time_signature: TimeSignature) -> int:
    """Length of a bar in 16ths; raises `ValueError` where a bar is not a whole number of them."""
    steps, rest = divmod(time_signature.numerator * 16, time_signature.denominator)
    if rest:
        raise ValueError(f"a bar of {time_signature} is not a whole number of 16ths")
    return steps


def silent_piece(
    name: str,
    source: str,
    *,
    split: str,
    style: str,
    time_signature: TimeSignature,
    n_steps: int,
    is_drums: bool,
) -> Piece:
    """A piece in C in which nothing happens and nothing is known, to be filled in."""
    n_columns = _N_CLASSES if is_drums else 1
    touch = np.zeros((n_steps, n_columns), dtype=np.float32)
    return Piece(
        name=name,
        source=source,
        split=split,
        style=style,
        time_signature=time_signature,
        key=Key(),
        voice=np.full(n_steps, 0 if is_drums else SILENT, dtype=np.int16),
        chords=(Chord(0),) * n_steps,
        kicks=np.zeros(n_steps, dtype=bool),
        fills=np.zeros(n_steps, dtype=bool),
        velocity=touch,
        offset=touch.copy(),
        others=np.full(n_steps, np.nan, dtype=np.float32),
        places=np.zeros(n_steps, dtype=np.int8),
    )


def sing(piece: Piece, notes: Iterable[tuple[float, float, int, int]]) -> None:
    """Lay a one-voice part on the grid of a silent piece.

    Parameters
    ----------
    piece : Piece
        Its `voice` and `velocity` are filled in.
    notes : iterable of (float, float, int, int)
        Onset and duration in 16ths, MIDI pitch and velocity. Onset and end are rounded to the
        grid; a note lasts at least one step and ends where the next begins; of two on one step
        the later one stays.
    """
    voice, velocity = piece.voice, piece.velocity
    for onset, duration, pitch, loudness in sorted(notes):
        first = round(onset)
        if not 0 <= first < piece.n_steps:
            continue
        end = max(first + 1, round(onset + duration))
        voice[first:end] = HELD
        voice[end:] = SILENT
        voice[first] = pitch
        velocity[first:] = 0
        velocity[first] = loudness


def split_at_silence(piece: Piece) -> list[Piece]:
    """Cut a part where it is silent for more than a bar, at bar lines.

    A part that waits for its entry teaches nothing but silence.
    """
    length = steps_per_bar(piece.time_signature)
    n_bars = piece.n_steps // length
    bars = _is_silent(piece)[: n_bars * length].reshape(n_bars, length)
    is_silent = np.all(bars, axis=1)
    runs: list[list[int]] = [[]]
    silent_bars = 0
    for bar in range(n_bars):
        silent_bars = silent_bars + 1 if is_silent[bar] else 0
        if silent_bars > _MAX_SILENT_BARS:
            runs.append([])
        else:
            runs[-1].append(bar)
    return [_bars(piece, run, length) for run in runs if not np.all(is_silent[run])]


def _is_silent(piece: Piece) -> npt.NDArray[np.bool_]:
    is_drums = piece.velocity.shape[1] == _N_CLASSES
    return np.equal(piece.voice, 0 if is_drums else SILENT)


def _bars(piece: Piece, bars: list[int], length: int) -> Piece:
    is_silent = _is_silent(piece)
    silent = [np.all(is_silent[b * length : (b + 1) * length]) for b in bars]
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
        others=np.concatenate([piece.others for piece in pieces]),
        places=np.concatenate([piece.places for piece in pieces]),
    )
