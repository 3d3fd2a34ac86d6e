"""A trained network as a `SequenceGenerator`: what the stock bots play from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from musebots.arrays import FloatArray
from musebots.generators import Onset, Step, StepContext
from musebots.notes import MAX_VELOCITY
from musebots.rnn.checkpoint import Checkpoint, load_checkpoint, shipped_checkpoint
from musebots.rnn.exact import Float64Array, exp
from musebots.rnn.features import read_features
from musebots.rnn.limits import allowed_tokens
from musebots.rnn.memory import Memory
from musebots.rnn.sampling import draw, velocity_in_level
from musebots.rnn.taste import taste_of
from musebots.rnn.vocabulary import (
    DRUM_CLASSES,
    DRUM_PITCHES,
    FIRST_NOTE,
    HOLD,
    DrumVocabulary,
    PitchVocabulary,
    Role,
)

__all__ = ["DEFAULT_TEMPERATURE", "DEFAULT_TOP_P", "NeuralGenerator", "load_generator"]

DEFAULT_TEMPERATURE: dict[Role, float] = {"melody": 1.0, "bass": 1.0, "drums": 1.0}
DEFAULT_TOP_P: dict[Role, float] = {"melody": 0.93, "bass": 0.95, "drums": 0.97}

_N_CLASSES = len(DRUM_CLASSES)
_N_UNIFORM: dict[Role, int] = {"melody": 2, "bass": 2, "drums": 1 + 2 * _N_CLASSES}
_TICKS_PER_STEP = 120
_OFFSET_LIMIT_TICKS = 50
_OFFSET_LOOSENESS = 0.3
_SD_OF_UNIFORM = 0.28867513459481287
_LEVEL_TEMPERATURE = 0.8
_VELOCITY_SPAN = 40
_VELOCITY_JITTER = 6
_ON_BAR, _ON_BEAT, _OFF_BEAT, _BETWEEN = 84, 76, 70, 64


@dataclass(frozen=True, slots=True)
class _Snapshot:
    hidden: Float64Array
    memory: tuple[Any, ...]
    taste: tuple[Any, ...]
    rng: dict[str, Any]


class NeuralGenerator:
    """A role's network, its memory and its random numbers.

    Parameters
    ----------
    checkpoint : Checkpoint
        The trained network.
    rng : numpy.random.Generator
        Where all chance comes from: 2 uniform numbers a step, 19 for drums.
    temperature : float
        >= 0; 1 plays as the corpus does, less is safer, 0 always the likeliest.
    top_p : float
        In (0, 1]; the share of probability that is played from.

    Notes
    -----
    How hard and how late a drum is struck is learned from drummers. The melody and bass corpora
    have no velocities worth learning (flat or nearly so), so those roles accent by a rule: bar
    line, beat, off-beat, between; plus intensity and a little chance.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        rng: np.random.Generator,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
    ) -> None:
        if temperature < 0:
            raise ValueError(f"temperature must be >= 0, got {temperature}")
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {top_p}")
        self._checkpoint = checkpoint
        self._vocabulary = checkpoint.vocabulary
        self._feature_names = checkpoint.feature_names
        self._spread = checkpoint.tensors.get("offset_spread")
        self._stepper = checkpoint.stepper()
        self._memory = Memory(self._vocabulary)
        self._taste = taste_of(self._vocabulary)
        self._rng = rng
        self._temperature = temperature
        self._top_p = top_p
        self._decided: tuple[Float64Array, int] | None = None

    @property
    def role(self) -> Role:
        """What it plays."""
        return self._vocabulary.role

    @property
    def styles(self) -> tuple[str, ...]:
        """Style tags it was trained with."""
        return self._vocabulary.styles

    @property
    def n_units(self) -> int:
        """How many hidden activations a step returns."""
        return self._stepper.n_units

    @property
    def network(self) -> str:
        """Identity of the network: the sha256 of its checkpoint."""
        return self._checkpoint.sha256

    @property
    def surprise(self) -> float:
        """Of the last step: -ln p of what was played, in nats; NaN before the first one.

        Under the network as it was trained, temperature 1, before any leaning or nucleus.
        """
        if self._decided is None:
            return math.nan
        logits, token = self._decided
        above = logits - logits.max()
        return math.log(float(exp(above).sum())) - float(above[token])

    def reset(self) -> None:
        """Forget everything played; the random generator goes on."""
        self._stepper.reset()
        self._memory = Memory(self._vocabulary)
        self._taste = taste_of(self._vocabulary)

    def step(self, context: StepContext) -> Step:
        """Decide the next 16th."""
        if not self._memory.previous:
            self._imagine(context)
        heard = self._heard(context)
        logits = self._taste.lean(heard, context, self._memory)
        uniform = self._rng.random(_N_UNIFORM[self.role])
        token = draw(
            logits,
            float(uniform[0]),
            temperature=self._temperature,
            top_p=self._top_p,
            allowed=allowed_tokens(self._vocabulary, context, self._memory),
            n_exempt=0 if self.role == "drums" else FIRST_NOTE,
        )
        self._decided = heard, token
        onsets: tuple[Onset, ...] = ()
        if isinstance(self._vocabulary, DrumVocabulary):
            onsets = self._struck(self._vocabulary, token, uniform[1:])
        elif isinstance(self._vocabulary, PitchVocabulary):
            onsets = _sung(self._vocabulary, token, context, float(uniform[1]))
        is_hold = self.role != "drums" and token == HOLD
        self._remember(context, token)
        hidden: FloatArray = self._stepper.hidden.astype(np.float32)  # exact: it is on the grid
        return Step(onsets, is_hold, hidden)

    def _heard(self, context: StepContext) -> Float64Array:
        """Let the network hear a step; its logits."""
        features = read_features(self._feature_names, self._vocabulary, context, self._memory)
        return self._stepper.step(features)

    def _remember(self, context: StepContext, token: int) -> None:
        self._taste.observe(context, self._memory, token)
        self._memory.observe(context, token)

    def _imagine(self, context: StepContext) -> None:
        """Before the first stroke, go through two bars of the style's typical groove in silence.

        The count-in of a drummer who knows what is to be played: without it the network first has
        to find a groove, as the performances that it learned from often do.
        """
        if not isinstance(self._vocabulary, DrumVocabulary):
            return
        groove = self._vocabulary.groove(context.style, context.steps_per_bar, context.is_compound)
        if groove is None:
            return
        for bars_before in (2, 1):
            phrase_bar = (context.bar_in_phrase - bars_before) % 4
            for step, token in enumerate(groove.tokens):
                at = replace(context, step_in_bar=step, bar_in_phrase=phrase_bar, is_fill=False)
                self._heard(at)
                self._remember(at, token)

    def _struck(
        self, vocabulary: DrumVocabulary, token: int, uniform: Float64Array
    ) -> tuple[Onset, ...]:
        """The drums of a token, each with its learned velocity and lateness."""
        classes = vocabulary.classes_of(token)
        if not classes:
            return ()
        touch = self._stepper.touch(token)  # (9, levels + 1)
        onsets = []
        for drum in classes:
            for_velocity, for_offset = float(uniform[drum]), float(uniform[_N_CLASSES + drum])
            # one number chooses the level and, what is left of it, the place within
            level = draw(touch[drum, :-1], for_velocity, temperature=_LEVEL_TEMPERATURE, top_p=0.95)
            velocity = velocity_in_level(level, for_velocity * 1024 % 1.0)
            spread = 0.0 if self._spread is None else float(self._spread[drum])
            stray = (for_offset - 0.5) / _SD_OF_UNIFORM * spread * _OFFSET_LOOSENESS
            late = round((float(touch[drum, -1]) + stray) * _TICKS_PER_STEP)
            late = max(-_OFFSET_LIMIT_TICKS, min(late, _OFFSET_LIMIT_TICKS))
            onsets.append(Onset(DRUM_PITCHES[drum], velocity, late))
        return tuple(onsets)

    def snapshot(self) -> object:
        """All that the next step depends on, the random generator's state included."""
        state: dict[str, Any] = dict(self._rng.bit_generator.state)
        return _Snapshot(
            self._stepper.hidden.copy(), self._memory.snapshot(), self._taste.snapshot(), state
        )

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot; the same contexts then give the same steps, bit for bit.

        Raises
        ------
        TypeError
            If it is not a snapshot of a `NeuralGenerator`.
        """
        if not isinstance(snapshot, _Snapshot):
            raise TypeError(f"not a snapshot of this generator: {type(snapshot).__name__}")
        self._stepper.hidden = snapshot.hidden.copy()
        self._memory.restore(snapshot.memory)
        self._taste.restore(snapshot.taste)
        self._rng.bit_generator.state = snapshot.rng


def _sung(
    vocabulary: PitchVocabulary, token: int, context: StepContext, uniform: float
) -> tuple[Onset, ...]:
    """The note of a token, if it is one, with an accent by its place in the bar."""
    if token < FIRST_NOTE:
        return ()
    pitch = vocabulary.pitch_of(token, context.key, context.chord)
    return (Onset(pitch, _accented(context, uniform)),)


def _accented(context: StepContext, uniform: float) -> int:
    step, beat = context.step_in_bar, 6 if context.is_compound else 4
    if step == 0:
        velocity = _ON_BAR
    elif step % beat == 0:
        velocity = _ON_BEAT
    else:
        velocity = _OFF_BEAT if step % 2 == 0 else _BETWEEN
    velocity += round((context.intensity - 0.5) * _VELOCITY_SPAN)
    velocity += round((uniform - 0.5) * 2 * _VELOCITY_JITTER)
    return max(1, min(velocity, MAX_VELOCITY))


def load_generator(
    role: Role,
    *,
    rng: np.random.Generator,
    checkpoint: Path | str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
) -> NeuralGenerator:
    """Make a role's generator.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        What to play.
    rng : numpy.random.Generator
        Its own random numbers.
    checkpoint : Path or str, optional
        A ``.safetensors`` file; by default the one that comes with musebots.
    temperature, top_p : float, optional
        See `NeuralGenerator`; by default what suits the shipped checkpoint of the role.

    Raises
    ------
    CheckpointError
        If the checkpoint is missing, damaged or of another role.
    ValueError
        If there is no such role, or a number is out of range.

    Examples
    --------
    >>> generator = load_generator("bass", rng=np.random.default_rng(0))
    >>> step = generator.step(StepContext(step_in_bar=0))
    >>> step.hidden.shape == (generator.n_units,)
    True
    """
    if checkpoint is None:
        loaded = shipped_checkpoint(role)
    else:
        loaded = load_checkpoint(Path(checkpoint), role=role)
    return NeuralGenerator(
        loaded,
        rng,
        temperature=DEFAULT_TEMPERATURE[role] if temperature is None else temperature,
        top_p=DEFAULT_TOP_P[role] if top_p is None else top_p,
    )
