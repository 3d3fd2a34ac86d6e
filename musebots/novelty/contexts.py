"""What each step of a phrase is predicted from: what went before, from little to much. Pure."""

from __future__ import annotations

import numpy as np

from musebots.arrays import IntArray
from musebots.novelty.phrases import Phrases, tokens_of

__all__ = ["MAX_AGE", "N_SYMBOLS", "contexts_of_steps", "last_notes"]

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
    place = phrases.step_in_bar.astype(np.int64) * 2 + (phrases.steps_per_bar != 16)
    return _drum_contexts(phrases, place) if phrases.role == "drums" else _voice(phrases, place)


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
    n, n_steps = phrases.symbols.shape
    is_drums = phrases.role == "drums"
    said = phrases.symbols if is_drums else phrases.pitch
    none = 0 if is_drums else -1
    ages = np.zeros((n, n_steps), dtype=np.int64)
    lasts = np.zeros((2, n, n_steps), dtype=np.int64)
    age = np.zeros(n, dtype=np.int64)
    recent = np.full((2, n), none, dtype=np.int64)
    sounds = np.zeros(n, dtype=bool)
    for step in range(n_steps):
        ages[:, step] = np.where(age > 0, 2 * age + sounds, 0)
        lasts[:, :, step] = recent
        onset = phrases.is_onset[:, step]
        sounds = np.where(onset, True, sounds & phrases.is_sounding[:, step])
        age = np.where(onset, 1, np.where(age > 0, np.minimum(age + 1, MAX_AGE), 0))
        recent[:, onset] = np.stack([said[:, step], recent[0]])[:, onset]
    if not is_drums:
        named = [tokens_of(phrases.role, last, phrases.root, phrases.tonic) for last in lasts]
        lasts = np.stack(named)
    return lasts, ages


def _drum_contexts(phrases: Phrases, place: IntArray) -> list[IntArray]:
    symbols = phrases.symbols.astype(np.int64)
    one, two, three = (_shifted(symbols, lag) for lag in (1, 2, 3))
    bar = _shifted(symbols, phrases.steps_per_bar)
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


def _voice(phrases: Phrases, place: IntArray) -> list[IntArray]:
    lasts, ages = last_notes(phrases)
    chord = (phrases.root - phrases.tonic) % 12
    when = (place % 8) * 64 + ages  # place in the beat, and what goes on
    one = (when * 64 + lasts[0]) * 12 + chord
    return [place, place * 64 + ages, one, one * 64 + lasts[1]]
