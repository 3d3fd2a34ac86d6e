"""What steers a network's choice, step by step: a direction, its noise, single units, the locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from musebots.errors import CheckpointError
from musebots.generators import StepContext
from musebots.novelty.files import sha256_of
from musebots.novelty.following import Following, Place
from musebots.novelty.model import NoveltyModel
from musebots.rnn.exact import Float64Array
from musebots.rnn.locks import is_outside, locked
from musebots.rnn.memory import Memory
from musebots.rnn.pulling import followed, pulled
from musebots.rnn.steering import Steering, noise_of
from musebots.rnn.stepper import Stepper
from musebots.rnn.vocabulary import FIRST_NOTE, DrumVocabulary, PitchVocabulary, Vocabulary

__all__ = ["Helm"]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    noise: Float64Array | None
    usual: Float64Array
    heard: tuple[Any, ...] | None


class Helm:
    """One generator's.

    Parameters
    ----------
    stepper : Stepper
        The network.
    vocabulary : Vocabulary
    steering : Steering or None
        Without it `StepContext.alpha` changes nothing.
    novelty : NoveltyModel or None
        What a direction that is told hears.

    Raises
    ------
    ValueError
        If the steering's sums would not be exact.
    CheckpointError
        If it was learned with another novelty model.
    """

    def __init__(
        self,
        stepper: Stepper,
        vocabulary: Vocabulary,
        steering: Steering | None,
        novelty: NoveltyModel | None,
    ) -> None:
        self._stepper, self._vocabulary, self._steering = stepper, vocabulary, steering
        self._following: Following | None = None
        if steering is not None:
            steering.check_readout(*stepper.token_head)
            self._following = _following(steering, vocabulary, novelty)
        self._noise: Float64Array | None = None
        self._usual = np.zeros(stepper.n_units)

    def reset(self) -> None:
        """Forget everything."""
        self._noise = None
        self._usual = np.zeros(self._stepper.n_units)
        if self._following is not None:
            self._following.reset()

    def steer(
        self, heard: Float64Array, context: StepContext, memory: Memory, uniform: float
    ) -> Float64Array:
        """The logits to play from: `heard` itself, or those of the turned hidden state, locked."""
        steering, hidden = self._steering, self._stepper.hidden
        self._usual = followed(self._usual, hidden)
        if steering is not None and (context.step_in_bar == 0 or self._noise is None):
            self._noise = noise_of(uniform, steering.n_noise)
        if context.pull is not None:
            steered = self._stepper.readout(pulled(hidden, self._usual, context.pull))
        elif steering is not None and self._noise is not None and steering.reach(context.alpha):
            steered = self._along(steering, self._noise, context)
        else:
            return heard
        return locked(steered, heard, self._vocabulary, context, memory)

    def _along(self, steering: Steering, noise: Float64Array, context: StepContext) -> Float64Array:
        hidden, following = self._stepper.hidden, self._following
        if following is None:
            return self._stepper.readout(steering.turned(hidden, context.alpha, noise).hidden)
        told, worth, is_onset = following.now(_place(context))
        found = steering.turned(hidden, context.alpha, noise, told)
        logits = self._stepper.readout(found.hidden)
        by_worth, by_onset, by_outside = found.leans
        logits += by_worth * worth
        logits += by_onset * is_onset
        if isinstance(self._vocabulary, PitchVocabulary):
            logits += by_outside * is_outside(self._vocabulary, context.key, context.chord)
        return logits

    def observe(self, context: StepContext, memory: Memory, token: int) -> None:
        """What was played at a step; `memory` has observed it."""
        if self._following is None:
            return
        if isinstance(self._vocabulary, DrumVocabulary):
            self._following.observe(_place(context), self._vocabulary.mask_of(token), -1)
            return
        sounding = memory.sounding if token >= FIRST_NOTE else None
        self._following.observe(_place(context), token, -1 if sounding is None else sounding)

    def hear(self) -> None:
        """Go through a step that somebody else has decided."""
        self._usual = followed(self._usual, self._stepper.hidden)

    def snapshot(self) -> object:
        """All that the next step depends on."""
        heard = None if self._following is None else self._following.snapshot()
        return _Snapshot(self._noise, self._usual, heard)

    def restore(self, snapshot: object) -> None:
        """Go back to what `snapshot` gave.

        Raises
        ------
        TypeError
            If it is something else.
        """
        if not isinstance(snapshot, _Snapshot):
            raise TypeError(f"not a snapshot of what steers: {type(snapshot).__name__}")
        self._noise, self._usual = snapshot.noise, snapshot.usual
        if self._following is not None:
            self._following.reset()
            if snapshot.heard is not None:
                self._following.restore(snapshot.heard)


def _following(
    steering: Steering, vocabulary: Vocabulary, novelty: NoveltyModel | None
) -> Following | None:
    if steering.told is None:
        return None
    if novelty is None or sha256_of(novelty) != steering.told.novelty_sha256:
        raise CheckpointError(
            f"the {vocabulary.role} steering was learned with another novelty model than the one "
            f"beside it: train it again (musebots train steering {vocabulary.role})"
        )
    if isinstance(vocabulary, DrumVocabulary):
        return Following(novelty, vocabulary.masks, steering.told)
    return Following(novelty, range(vocabulary.n_tokens), steering.told)


def _place(context: StepContext) -> Place:
    return Place(
        context.step_in_bar, context.steps_per_bar, context.bar_in_phrase,
        context.chord.root_pc, context.key.relative_major_pc,
    )  # fmt: skip
