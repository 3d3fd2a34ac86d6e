"""What steering is told of many phrases at once, while they are played: see `musebots.rnn.told`.

The seven numbers of where a phrase stands, and of every token what it would be: how many bits it
would be worth to one who has heard all before it, whether it begins a note, whether that note
would be outside key and chord.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from creativity.assessor.score import Score
from musebots.arrays import IntArray
from musebots.novelty.contexts import Recent, drum_contexts, place_of, voice_contexts
from musebots.novelty.model import lay_over
from musebots.novelty.phrases import Phrases
from musebots.rnn.told import BEFORE_STEPS, MOST_BITS, MOST_TOLD, N_FEATURES, N_TOLD

__all__ = ["Telling", "usual_bits"]

Floats = npt.NDArray[np.float64]


def usual_bits(score: Score, phrases: Phrases) -> Floats:
    """Mean bits per onset just before each phrase, (n_phrases,); the usual where none began."""
    end = phrases.n_before
    before = phrases.first_steps(end, n_before=max(0, end - BEFORE_STEPS))
    bits = np.minimum(score.novelty.bits(before), MOST_BITS)
    onset = before.is_onset[:, before.judged]
    n_onsets = onset.sum(axis=1)
    mean = (bits * onset).sum(axis=1) / np.maximum(1, n_onsets)
    return np.where(n_onsets > 0, mean, score.habit.usual)


class Telling:
    """Phrases that go on side by side.

    Parameters
    ----------
    score : Score
        Whose novelty model listens, and whose corners say what is much.
    phrases : Phrases
        What came before; of the judged steps only the place and the harmony are looked at.
    symbols : int array
        (n_tokens,): what each token of the network is to the novelty model.
    pitches : int array
        (n_phrases, n_judged, n_tokens): the MIDI pitch of every token, -1 for none.
    """

    def __init__(
        self, score: Score, phrases: Phrases, symbols: IntArray, pitches: IntArray
    ) -> None:
        self._score, self._phrases = score, phrases
        self._symbols, self._pitches = symbols, pitches
        self._is_onset = symbols > 0 if phrases.role == "drums" else pitches >= 0
        n, first = len(phrases), phrases.n_before
        before = usual_bits(score, phrases)
        habit, wundt = score.habit, score.wundt
        self._before = (before - habit.usual) / 2
        self._expected = wundt.low + habit.slope * (before - habit.usual)
        self._total, self._n_onsets = np.zeros(n), np.zeros(n)
        self._played = phrases.symbols.astype(np.int64)
        self._recent = Recent(phrases.role, n)
        n_levels = len(score.novelty.strengths)
        self._contexts = np.zeros((n_levels, n, phrases.n_steps), dtype=np.int64)
        for step in range(first):
            self._contexts[:, :, step] = self._context(step)
            self._recent.observe(self._played[:, step], phrases.pitch[:, step])
        self._bits = np.zeros((n, len(symbols)))

    def _context(self, step: int) -> list[IntArray]:
        phrases = self._phrases
        place = place_of(phrases.step_in_bar[:, step].astype(np.int64), phrases.steps_per_bar)
        if phrases.role == "drums":
            lags = (1, 2, 3, phrases.steps_per_bar)
            none = np.zeros_like(place)
            return drum_contexts(
                place, *(self._played[:, step - lag] if step >= lag else none for lag in lags)
            )
        root, tonic = phrases.root[:, step], phrases.tonic[:, step]
        lasts, ages = self._recent.told(root, tonic)
        return voice_contexts(place, ages, lasts, (root - tonic) % 12)

    def now(self, step: int) -> tuple[Tensor, Tensor]:
        """What is told before a judged step is played.

        Returns
        -------
        tuple of Tensor
            Where the phrase stands, (n_phrases, N_TOLD), and of every token its features,
            (n_phrases, n_tokens, N_FEATURES).
        """
        phrases, model = self._phrases, self._score.novelty
        at = phrases.n_before + step
        contexts = self._context(at)
        self._contexts[:, :, at] = contexts
        p = model.long_term_of_all(contexts)
        played = self._played[:, :at]
        for known, context, strength in zip(self._contexts, contexts, model.strengths, strict=True):
            lay_over(p, known[:, :at] == context[:, None], played, strength)
        self._bits = np.minimum(-np.log2(p[:, self._symbols]), MOST_BITS)
        return self._where(step), self._features(step)

    def _where(self, step: int) -> Tensor:
        phrases, wundt = self._phrases, self._score.wundt
        place = phrases.step_in_bar[:, phrases.n_before + step]
        n, total, expected = self._n_onsets, self._total, self._expected
        off = np.where(n > 0, total / np.maximum(1, n) - expected, 0.0)
        told = np.empty((len(phrases), N_TOLD))
        told[:, 0] = step / (2 * phrases.steps_per_bar)
        told[:, 1] = place == 0
        told[:, 2] = step >= phrases.steps_per_bar
        told[:, 3] = off / (3 * wundt.width)
        told[:, 4] = n / 8
        told[:, 5] = self._before
        told[:, 6] = (total - n * expected) / (10 * wundt.width)
        return torch.from_numpy(np.clip(told, -MOST_TOLD, MOST_TOLD)).float()

    def _features(self, step: int) -> Tensor:
        phrases = self._phrases
        onset = self._is_onset if phrases.role == "drums" else self._is_onset[:, step]
        features = np.zeros((len(phrases), len(self._symbols), N_FEATURES), dtype=np.float32)
        features[..., 0] = onset * (self._bits - self._score.wundt.low) / 4
        features[..., 1] = onset
        if phrases.role != "drums":
            fitting = phrases.fitting[:, phrases.n_before + step, None]
            fits = (fitting >> (np.maximum(self._pitches[:, step], 0) % 12)) & 1
            features[..., 2] = onset & (fits == 0)
        return torch.from_numpy(features)

    def took(self, tokens: Tensor, step: int) -> None:
        """What was played at it, (n_phrases,)."""
        token, rows = tokens.numpy(), np.arange(len(tokens))
        symbols, pitch = self._symbols[token], self._pitches[rows, step, token]
        onset = symbols > 0 if self._phrases.role == "drums" else pitch >= 0
        self._total += onset * self._bits[rows, token]
        self._n_onsets += onset
        self._played[:, self._phrases.n_before + step] = symbols
        self._recent.observe(symbols, pitch)
