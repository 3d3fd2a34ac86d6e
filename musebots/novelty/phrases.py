"""Phrases to be judged: many of one role side by side, with what came before each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from musebots.arrays import IntArray
from musebots.drumkit import DRUM_CLASSES, DRUM_PITCHES
from musebots.generators import STEP_TICKS
from musebots.harmony import Harmony
from musebots.measures.part import Part
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    REST,
    BassVocabulary,
    MelodyVocabulary,
    PitchVocabulary,
    Role,
)

__all__ = [
    "BEFORE_STEPS",
    "PHRASE_STEPS",
    "Phrases",
    "n_symbols",
    "pitch_words",
    "pitches_of",
    "tokens_of",
]

PHRASE_STEPS = 32
"""Two bars of 4/4 are judged at once."""
BEFORE_STEPS = 64
"""What was played in so many steps before tells what is new."""

_WORDS: dict[str, PitchVocabulary] = {
    "melody": MelodyVocabulary(("",), ""),
    "bass": BassVocabulary(("",), ""),
}

BoolArray = npt.NDArray[np.bool_]


def pitch_words(role: Role) -> PitchVocabulary:
    """The words of a voice, whatever its styles."""
    return _WORDS[role]


def n_symbols(role: Role) -> int:
    """How many symbols there are: the tokens of a voice, or all sets of drums."""
    return 1 << len(DRUM_CLASSES) if role == "drums" else _WORDS[role].n_tokens


def tokens_of(role: Role, pitch: IntArray, root: IntArray, tonic: IntArray) -> IntArray:
    """The tokens that MIDI pitches are over these roots, in these keys; 0 for no pitch (-1).

    What `PitchVocabulary.token_of` says of one pitch, for arrays of one shape.
    """
    if role == "bass":
        octave = np.clip((pitch - BassVocabulary.LOWEST) // 12, 0, BassVocabulary.N_OCTAVES - 1)
        token = FIRST_NOTE + 12 * octave + (pitch - root) % 12
    else:
        place = pitch - ((tonic + 5) % 12 - 5) - MelodyVocabulary.LOWEST
        highest = MelodyVocabulary.N_PITCHES - 1
        above = highest - 11 + (place - highest + 11) % 12
        place = np.where(place < 0, place % 12, np.where(place > highest, above, place))
        token = FIRST_NOTE + place
    return np.where(pitch < 0, 0, token)


def pitches_of(role: Role, tokens: IntArray, root: IntArray, tonic: IntArray) -> IntArray:
    """The MIDI pitches of NOTE tokens, -1 for other tokens; the inverse of `tokens_of`."""
    place = tokens - FIRST_NOTE
    if role == "bass":
        pitch = BassVocabulary.LOWEST + 12 * (place // 12) + (root + place) % 12
    else:
        pitch = place + MelodyVocabulary.LOWEST + (tonic + 5) % 12 - 5
    return np.where(place < 0, -1, pitch)


@dataclass(frozen=True, eq=False)
class Phrases:
    """Phrases of one role, step by step.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    symbols : int array
        (n_phrases, n_steps). Melody and bass: REST, HOLD or a note's token; drums: the 9-bit mask
        of what is struck, whatever a network calls it.
    pitch : int array
        (n_phrases, n_steps): the MIDI pitch that starts, -1 where none does; for drums -1.
    step_in_bar : int array
        (n_phrases, n_steps), in 16ths.
    root, tonic : int arrays
        (n_phrases, n_steps): pitch class of the chord's root and of the relative major's tonic.
    fitting : int array
        (n_phrases, n_steps): bit `c` says that pitch class `c` is in the key or in the chord.
    n_before : int
        So many steps at the front came before the phrase that is judged.
    steps_per_bar : int
    """

    role: Role
    symbols: IntArray
    pitch: IntArray
    step_in_bar: IntArray
    root: IntArray
    tonic: IntArray
    fitting: IntArray
    n_before: int
    steps_per_bar: int = 16

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.pitch, self.step_in_bar, self.root, self.tonic)}
        if shapes | {self.fitting.shape} != {self.symbols.shape} or self.symbols.ndim != 2:
            raise ValueError("all arrays of phrases must be (n_phrases, n_steps)")
        if not 0 <= self.n_before < self.symbols.shape[1]:
            raise ValueError(
                f"n_before must be in 0..{self.symbols.shape[1] - 1}, got {self.n_before}"
            )

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def n_steps(self) -> int:
        """Steps in all, those before included."""
        return int(self.symbols.shape[1])

    @cached_property
    def is_onset(self) -> BoolArray:
        """Where anything starts, (n_phrases, n_steps)."""
        least = 1 if self.role == "drums" else FIRST_NOTE
        return np.asarray(self.symbols >= least)

    @cached_property
    def is_sounding(self) -> BoolArray:
        """Where anything sounds, (n_phrases, n_steps); a drum sounds on its own step."""
        return self.is_onset if self.role == "drums" else np.asarray(self.symbols != REST)

    @property
    def judged(self) -> slice:
        """The steps that are judged."""
        return slice(self.n_before, self.n_steps)

    def taken(self, which: IntArray | slice | Sequence[int]) -> Phrases:
        """Some of the phrases."""
        return self._with(*(array[which] for array in self._arrays()))

    def first_steps(self, n_steps: int, *, n_before: int) -> Phrases:
        """The same phrases, of which only so much has been played."""
        symbols, pitch, step_in_bar, root, tonic, fitting = (a[:, :n_steps] for a in self._arrays())
        return Phrases(
            self.role, symbols, pitch, step_in_bar, root, tonic, fitting, n_before,
            self.steps_per_bar,
        )  # fmt: skip

    def with_symbols(self, symbols: IntArray, pitch: IntArray) -> Phrases:
        """The same places with other notes."""
        return self._with(symbols, pitch, *self._arrays()[2:])

    def _arrays(self) -> tuple[IntArray, ...]:
        return (self.symbols, self.pitch, self.step_in_bar, self.root, self.tonic, self.fitting)

    def _with(self, *arrays: IntArray) -> Phrases:
        symbols, pitch, step_in_bar, root, tonic, fitting = arrays
        return replace(
            self, symbols=symbols, pitch=pitch, step_in_bar=step_in_bar, root=root, tonic=tonic,
            fitting=fitting,
        )  # fmt: skip

    @classmethod
    def joined(cls, phrases: Sequence[Phrases]) -> Phrases:
        """Phrases of one shape, one set after the other."""
        first = phrases[0]
        columns = zip(*(one._arrays() for one in phrases), strict=True)
        return first._with(*(np.concatenate(arrays) for arrays in columns))

    @classmethod
    def of_part(
        cls,
        role: Role,
        part: Part,
        harmony: Harmony,
        *,
        first_bar: int,
        n_bars: int = 2,
        n_bars_before: int = 4,
    ) -> Phrases:
        """One phrase of a part that was played, heard by its notes.

        Parameters
        ----------
        role : {"melody", "bass", "drums"}
        part : Part
            The voice; bars before its first one are silent.
        harmony : Harmony
            The chords; for drums they do not matter.
        first_bar : int
            Bar of `part` with which the judged phrase begins.
        n_bars, n_bars_before : int
            Bars that are judged, and bars before them that tell what is new.
        """
        length = part.steps_per_bar
        symbols, pitch = _symbols_of(role, part, harmony)
        steps = np.arange((first_bar - n_bars_before) * length, (first_bar + n_bars) * length)
        there = (steps >= 0) & (steps < part.n_steps)
        at = np.clip(steps, 0, part.n_steps - 1)
        chords = [harmony.at_tick(int(step) * STEP_TICKS) for step in np.maximum(steps, 0)]
        in_key = sum(1 << pc for pc in harmony.key.scale)
        fitting = [in_key | sum(1 << pc for pc in set(chord.pitch_classes)) for chord in chords]
        return cls(
            role,
            np.where(there, symbols[at], 0)[None],
            np.where(there, pitch[at], -1)[None],
            (steps % length)[None],
            np.array([[chord.root_pc for chord in chords]]),
            np.full((1, len(steps)), harmony.key.relative_major_pc),
            np.array([fitting]),
            n_bars_before * length,
            length,
        )


def _symbols_of(role: Role, part: Part, harmony: Harmony) -> tuple[IntArray, IntArray]:
    """Symbol and starting pitch of every step of a part."""
    symbols = np.zeros(part.n_steps, dtype=np.int64)
    pitch = np.full(part.n_steps, -1, dtype=np.int64)
    if role == "drums":
        classes = {drum: index for index, drum in enumerate(DRUM_PITCHES)}
        for step, drum in zip(part.steps.tolist(), part.pitch.tolist(), strict=True):
            if drum in classes:
                symbols[step] |= 1 << classes[drum]
        return symbols, pitch
    words = pitch_words(role)
    symbols[part.sounding] = HOLD
    for step, value in zip(part.steps.tolist(), part.pitch.tolist(), strict=True):
        symbols[step] = words.token_of(value, harmony.key, harmony.at_tick(step * STEP_TICKS))
        pitch[step] = value
    return symbols, pitch
