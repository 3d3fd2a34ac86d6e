"""What each step of a phrase is predicted from: what went before, from little to much. Pure."""

from __future__ import annotations

import numpy as np

from musebots.arrays import IntArray
from musebots.novelty.phrases import Phrases, tokens_of
from musebots.rnn.vocabulary import FIRST_NOTE, REST, Role

__all__ = [
    "MAX_AGE", "N_SYMBOLS", "Recent", "contexts_of_steps", "drum_contexts", "last_notes",
    "place_of", "voice_contexts",
]  # fmt: skip

MAX_AGE = 16
N_SYMBOLS = 512
"""A context and what follows it are one number: the context times this, plus the symbol."""


def contexts_of_steps(phrases: Phrases) -> list[IntArray]:
    """What each step is predicted from, as numbers, from the least to the most that is known.

    A voice: place in the bar; how long ago a note began, and whether it sounds; the last note as
    it would be called now, with the chord; the last two. Drums: place in the bar;
    the last stroke; the last two; what was struck a bar ago; both.

    Returns
    -------
    list of int array
        (n_phrases, n_steps) each.
    """
    place = place_of(phrases.step_in_bar.astype(np.int64), phrases.steps_per_bar)
    if phrases.role == "drums":
        symbols = phrases.symbols.astype(np.int64)
        lags = (1, 2, 3, phrases.steps_per_bar)
        return drum_contexts(place, *(_shifted(symbols, lag) for lag in lags))
    lasts, ages = last_notes(phrases)
    return voice_contexts(place, ages, lasts, (phrases.root - phrases.tonic) % 12)


def place_of(step_in_bar: IntArray, steps_per_bar: int) -> IntArray:
    """Where in the bar a step is, of a bar of four beats or of another."""
    return step_in_bar * 2 + (steps_per_bar != 16)


def last_notes(phrases: Phrases) -> tuple[IntArray, IntArray]:
    """What was played before each step, and how long ago.

    Returns
    -------
    lasts : int array
        (2, n_phrases, n_steps): the last two onsets' symbols, the latest first, 0 for none; a
        voice's as they would be called now, over the chord of this step.
    ages : int array
        (n_phrases, n_steps): twice the steps since the last onset, up to 32, plus whether it
        sounds; 0 for none.
    """
    recent = Recent(phrases.role, len(phrases))
    told = []
    for step in range(phrases.n_steps):
        told.append(recent.told(phrases.root[:, step], phrases.tonic[:, step]))
        recent.observe(phrases.symbols[:, step], phrases.pitch[:, step])
    lasts, ages = zip(*told, strict=True)
    return np.stack(lasts, axis=2), np.stack(ages, axis=1)


class Recent:
    """The last two onsets of phrases that go on side by side, step by step.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    n_phrases : int
    """

    def __init__(self, role: Role, n_phrases: int) -> None:
        self._role = role
        self._age = np.zeros(n_phrases, dtype=np.int64)
        self._last = np.full((2, n_phrases), 0 if role == "drums" else -1, dtype=np.int64)
        self._sounds = np.zeros(n_phrases, dtype=bool)

    def told(self, root: IntArray, tonic: IntArray) -> tuple[IntArray, IntArray]:
        """`last_notes` of the step to come, (2, n_phrases) and (n_phrases,)."""
        ages = np.where(self._age > 0, 2 * self._age + self._sounds, 0)
        if self._role == "drums":
            return self._last.copy(), ages
        named = [tokens_of(self._role, last, root, tonic) for last in self._last]
        return np.stack(named), ages

    def observe(self, symbols: IntArray, pitch: IntArray) -> None:
        """What was played at it, (n_phrases,) each."""
        if self._role == "drums":
            onset, said = symbols > 0, symbols
            self._sounds = onset
        else:
            onset, said = symbols >= FIRST_NOTE, pitch
            self._sounds = np.where(onset, True, self._sounds & (symbols != REST))
        going_on = np.where(self._age > 0, np.minimum(self._age + 1, MAX_AGE), 0)
        self._age = np.where(onset, 1, going_on)
        self._last = np.where(onset, np.stack([said, self._last[0]]), self._last)


def drum_contexts(
    place: IntArray, one: IntArray, two: IntArray, three: IntArray, bar: IntArray
) -> list[IntArray]:
    """From where a step is, and what was struck one, two and three steps and a bar before it."""
    last = place * N_SYMBOLS + one
    last_two = last * N_SYMBOLS + two
    return [
        place,
        last,
        last_two,
        last * N_SYMBOLS + bar,
        last_two * N_SYMBOLS + bar,
        (last_two * N_SYMBOLS + three) * N_SYMBOLS + bar,
    ]


def _shifted(symbols: IntArray, lag: int) -> IntArray:
    before = np.zeros_like(symbols)
    before[:, lag:] = symbols[:, :-lag]
    return before


def voice_contexts(
    place: IntArray, ages: IntArray, lasts: IntArray, chord: IntArray
) -> list[IntArray]:
    """From where a step is, `last_notes`, and the chord's root over the key's tonic."""
    when = (place % 8) * 64 + ages  # place in the beat, and what goes on
    one = (when * 64 + lasts[0]) * 12 + chord
    return [place, place * 64 + ages, one, one * 64 + lasts[1]]
