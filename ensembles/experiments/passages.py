"""Passages that a listener may call creative, played by the trained networks among normal ones.

What counts as creative is said in terms of music and never of activations or likelihoods: a
variation of what was just played (transformation), an excursion into another style (combination)
and bold choices (exploration): the three kinds of creativity of Boden, *The Creative Mind*, 2004.
Beside them stand the paper's own way, units at rest that are woken, which is circular in activation
space, and two failures that nobody would call creative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ensembles.experiments.planting import contexts, noise
from musebots.arrays import FloatArray, IntArray
from musebots.generators import StepContext
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.exact import on_grid
from musebots.rnn.generator import DEFAULT_TEMPERATURE, DEFAULT_TOP_P, NeuralGenerator
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    DrumVocabulary,
    PitchVocabulary,
    Role,
    Vocabulary,
)

__all__ = ["CIRCULAR", "CREATIVE", "FAILURES", "KINDS", "WINDOW_STEPS", "Passage", "Stage"]

Kind = Literal[
    "normal", "variation", "other style", "bold choices", "woken units", "noise input",
    "stuck note",
]  # fmt: skip
CREATIVE: tuple[Kind, ...] = ("variation", "other style", "bold choices")
CIRCULAR: tuple[Kind, ...] = ("woken units",)
FAILURES: tuple[Kind, ...] = ("noise input", "stuck note")
KINDS: tuple[Kind, ...] = (*CREATIVE, *CIRCULAR, *FAILURES)

WINDOW_STEPS = 32
LEAD_IN_STEPS = 96
BOLD_TEMPERATURE = 1.6
DISPLACED_STEPS = 3
WOKEN_SHARE, WOKEN_SD = 0.1, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """One run; its last steps are the window.

    Attributes
    ----------
    hidden : array
        (n_steps, n_units).
    notes : array
        (n_steps, n_features): what can be read off the notes alone.
    surprise : array
        (n_steps,), nats.
    n_creative : int
        So many steps at the end are not normal playing.
    """

    hidden: FloatArray
    notes: FloatArray
    surprise: FloatArray
    n_creative: int


class _Led(NeuralGenerator):
    """A generator that can be told what to play, and whose units can be woken."""

    @property
    def token(self) -> int:
        """What was played last."""
        if self._decided is None:
            raise ValueError("nothing was played yet")
        return self._decided[1]

    @property
    def words(self) -> Vocabulary:
        """What it can play."""
        return self._vocabulary

    def play(self, context: StepContext, token: int) -> FloatArray:
        """Play a given token; the hidden activations after the step."""
        self._decided = self._heard(context), token
        self._remember(context, token)
        return self._stepper.hidden.astype(np.float32)

    def warm(self, temperature: float) -> None:
        self._temperature = temperature

    def wake(self, by: npt.NDArray[np.float64]) -> FloatArray:
        """Add to the hidden state, within the range of its units."""
        self._stepper.hidden = on_grid(np.clip(self._stepper.hidden + by, -1.0, 1.0))
        return self._stepper.hidden.astype(np.float32)


class Stage:
    """A role's network, and what is normal for it."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.checkpoint = shipped_checkpoint(role)
        self._spread: FloatArray = np.zeros(0)
        self._quiet: IntArray = np.zeros(0, np.intp)

    def measure(self, runs: list[Passage]) -> None:
        """Learn which units are quiet, and how far they move."""
        hidden = np.concatenate([run.hidden for run in runs])
        self._spread = hidden.std(axis=0)
        order = np.argsort(np.abs(hidden).mean(axis=0), kind="stable")
        self._quiet = order[: round(WOKEN_SHARE * hidden.shape[1])]

    def run(self, kind: Kind, n_creative: int, rng: np.random.Generator) -> Passage:
        """One run whose last `n_creative` steps are of this kind."""
        music, chance = rng.spawn(2)
        player = _Led(
            self.checkpoint, music,
            temperature=DEFAULT_TEMPERATURE[self.role], top_p=DEFAULT_TOP_P[self.role],
        )  # fmt: skip
        n_steps = LEAD_IN_STEPS + WINDOW_STEPS
        plan = contexts(n_steps, player.styles, music)
        tokens: list[int] = []
        hidden = np.empty((n_steps, player.n_units), np.float32)
        surprise = np.empty(n_steps)
        told: list[int] | None = None
        for step, context in enumerate(plan):
            is_creative = kind != "normal" and step >= n_steps - n_creative
            if is_creative and kind == "variation" and told is None:
                told = _varied(tokens[-WINDOW_STEPS:], player, plan[step - WINDOW_STEPS : step])
            if is_creative:
                at = WINDOW_STEPS - n_creative + step - (n_steps - n_creative)
                forced = told[at] if told is not None else tokens[-1]
                hidden[step] = self._deviating(player, kind, context, forced, chance)
            else:
                hidden[step] = player.step(context).hidden
            tokens.append(player.token)
            surprise[step] = player.surprise
        n = 0 if kind == "normal" else n_creative
        return Passage(hidden, _features(tokens, player, plan), surprise, n)

    def _deviating(
        self,
        player: _Led,
        kind: Kind,
        context: StepContext,
        forced: int,
        rng: np.random.Generator,
    ) -> FloatArray:
        if kind in ("variation", "stuck note"):
            return player.play(context, forced)
        if kind == "other style":
            styles = player.styles
            other = styles[(styles.index(context.style) + 1) % len(styles)]
            return player.step(replace(context, style=other)).hidden
        if kind == "noise input":
            return player.step(noise(player.styles, rng)).hidden
        if kind == "woken units":
            player.step(context)
            push = np.zeros(player.n_units)
            push[self._quiet] = WOKEN_SD * self._spread[self._quiet]
            return player.wake(push)
        player.warm(BOLD_TEMPERATURE)
        return player.step(context).hidden


def _varied(tokens: list[int], player: _Led, plan: list[StepContext]) -> list[int]:
    """A phrase turned upside down about its first note; a groove displaced by three 16ths."""
    words = player.words
    if isinstance(words, DrumVocabulary):
        return tokens[-DISPLACED_STEPS:] + tokens[:-DISPLACED_STEPS]
    assert isinstance(words, PitchVocabulary)
    axis: int | None = None
    turned = []
    for token, context in zip(tokens, plan, strict=True):
        if token < FIRST_NOTE:
            turned.append(token)
            continue
        pitch = words.pitch_of(token, context.key, context.chord)
        axis = pitch if axis is None else axis
        turned.append(words.token_of(2 * axis - pitch, context.key, context.chord))
    if turned and turned[0] == HOLD:
        turned[0] = tokens[0]
    return turned


def _features(tokens: list[int], player: _Led, plan: list[StepContext]) -> FloatArray:
    """What is seen in the notes of each step, (n_steps, n_features)."""
    words = player.words
    if isinstance(words, DrumVocabulary):
        return _of_strokes(np.array([words.mask_of(token) for token in tokens]))
    assert isinstance(words, PitchVocabulary)
    rows = []
    pitch, interval, since = 0, 0, 0
    for token, context in zip(tokens, plan, strict=True):
        is_onset = token >= FIRST_NOTE
        since = 0 if is_onset else since + 1
        if is_onset:
            new = words.pitch_of(token, context.key, context.chord)
            interval = new - pitch if pitch else 0
            pitch = new
        in_key, in_chord = np.zeros(12), np.zeros(12)
        if pitch and (is_onset or token == HOLD):
            in_key[(pitch - context.key.tonic_pc) % 12] = 1
            in_chord[(pitch - context.chord.root_pc) % 12] = 1
        state = [is_onset, token == HOLD, since, pitch, interval, abs(interval)]
        rows.append(np.concatenate([in_key, in_chord, np.array(state, float)]))
    return np.array(rows)


def _of_strokes(masks: npt.NDArray[np.int64]) -> FloatArray:
    """Which drums are struck, how long ago each was, how many, and whether as a bar ago."""
    struck = (masks[:, None] >> np.arange(9)) & 1
    since = np.zeros(struck.shape)
    for step in range(1, len(struck)):
        since[step] = np.where(struck[step], 0, np.minimum(since[step - 1] + 1, 32))
    again = np.zeros(len(masks))
    again[16:] = masks[16:] == masks[:-16]
    rows: FloatArray = np.column_stack([struck, since, struck.sum(axis=1), again])
    return rows
