"""A trained network as a `SequenceGenerator`: what the stock bots play from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from musebots.arrays import FloatArray
from musebots.errors import CheckpointError
from musebots.generators import Onset, Step, StepContext
from musebots.knob import STILL, Knob
from musebots.novelty.files import load_novelty, novelty_beside
from musebots.novelty.model import NoveltyModel
from musebots.rnn.checkpoint import Checkpoint, load_checkpoint, shipped_checkpoint
from musebots.rnn.dynamics import LevelModel
from musebots.rnn.exact import Float64Array, exp
from musebots.rnn.features import read_features
from musebots.rnn.helm import Helm
from musebots.rnn.limits import allowed_tokens
from musebots.rnn.memory import Memory
from musebots.rnn.sampling import draw
from musebots.rnn.steering import Steering
from musebots.rnn.steering_files import shipped_steering, steering_beside
from musebots.rnn.taste import taste_of
from musebots.rnn.touch import strike_drums, strike_note
from musebots.rnn.vocabulary import (
    DRUM_CLASSES,
    FIRST_NOTE,
    HOLD,
    REST,
    DrumVocabulary,
    PitchVocabulary,
    Role,
)

__all__ = ["DEFAULT_TEMPERATURE", "DEFAULT_TOP_P", "NeuralGenerator", "load_generator"]

DEFAULT_TEMPERATURE: dict[Role, float] = {"melody": 1.0, "bass": 0.93, "drums": 1.03}
DEFAULT_TOP_P: dict[Role, float] = {"melody": 0.93, "bass": 0.95, "drums": 0.98}

DEFAULT_REPETITION = 0.5

_GATES = ("reset", "update", "candidate")
_N_UNIFORM: dict[Role, int] = {"melody": 2, "bass": 2, "drums": 1 + 2 * len(DRUM_CLASSES)}


@dataclass(frozen=True, slots=True)
class _Snapshot:
    hidden: Float64Array
    memory: tuple[Any, ...]
    taste: tuple[Any, ...]
    rng: dict[str, Any]
    helm: object


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
    repetition : float
        In [0, 1]; how freely it may repeat itself: 0.5 holds equal notes and copied bars to what
        is usual in the corpora, 0 holds them twice as hard, 1 not at all. See `taste`.
    record_gates : bool
        Whether steps carry, besides `hidden`, what the gates and the candidate were.
    steering : Steering, optional
        Where calmer and bolder lie; without it `StepContext.alpha` changes nothing.
    novelty : NoveltyModel, optional
        What the steering is told of: that with which it was learned.

    Raises
    ------
    ValueError
        If a number is out of range, or the steering is another network's.
    CheckpointError
        If the novelty model is another one than the steering was learned with.

    Notes
    -----
    *Steering.* Where `StepContext.alpha` is not 0 the choice is made from the readout of a turned
    hidden state (`musebots.rnn.steering`); the hidden state itself goes on and is what a step
    returns. Its noise is drawn anew at every bar line, from the bits of the random number that
    decides there, so that alpha moves no random number of the steps to come.

    How hard and how late a drum is struck is learned from drummers; how hard a melody's or bass's
    note is, from the multitrack pieces that have velocities, as levels around the middle that the
    intensity sets (`musebots.rnn.dynamics`). Without such levels a voice accents by a rule: bar
    line, beat, off-beat, between.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        rng: np.random.Generator,
        *,
        temperature: float = 1.0,
        top_p: float = 1.0,
        repetition: float = DEFAULT_REPETITION,
        record_gates: bool = False,
        steering: Steering | None = None,
        novelty: NoveltyModel | None = None,
    ) -> None:
        if temperature < 0:
            raise ValueError(f"temperature must be >= 0, got {temperature}")
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {top_p}")
        if not 0 <= repetition <= 1:
            raise ValueError(f"repetition must be in [0, 1], got {repetition}")
        self._checkpoint = checkpoint
        self._vocabulary = checkpoint.vocabulary
        self._feature_names = checkpoint.feature_names
        self._spread = checkpoint.tensors.get("offset_spread")
        self._unheard = {
            style: [self._feature_names.index(name) for name in names]
            for style, names in checkpoint.unheard.items()
        }
        self._levels = LevelModel.of(checkpoint.tensors)
        self._stepper = checkpoint.stepper()
        self._steering = steering
        if steering is not None and steering.checkpoint_sha256 != checkpoint.sha256:
            raise ValueError(
                f"the steering was learned for the network {steering.checkpoint_sha256[:12]}, "
                f"not for {checkpoint.sha256[:12]}: train it for this one"
            )
        self._helm = Helm(self._stepper, self._vocabulary, steering, novelty)
        self._memory = Memory(self._vocabulary)
        self._repetition = repetition
        self._taste = taste_of(self._vocabulary, repetition)
        self._record_gates = record_gates
        self._rng = rng
        self._temperature = temperature
        self._top_p = top_p
        self._decided: tuple[Float64Array, int] | None = None
        self._turned: Float64Array | None = None

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
    def layers(self) -> dict[str, int]:
        """Name and number of units of all that a step lets out: `hidden`, and `Step.layers`.

        The hidden layer is ``gru``; recorded gates are ``gru.reset``, ``gru.update`` and
        ``gru.candidate``.
        """
        names = _GATES if self._record_gates else ()
        return dict.fromkeys(("gru", *(f"gru.{name}" for name in names)), self.n_units)

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
        return -float(_log_probabilities(logits)[token])

    @property
    def alpha_range(self) -> tuple[float, float]:
        """How far it can be steered; (0, 0) where nothing was learned for this network."""
        return (0.0, 0.0) if self._steering is None else self._steering.alpha_range

    @property
    def knob(self) -> Knob:
        """What a fader is worth on it."""
        return STILL if self._steering is None else self._steering.knob

    @property
    def divergence(self) -> float:
        """Of the last step: how far it was steered, in nats; 0 at alpha 0 and before the first.

        Kullback-Leibler divergence of what it played from, as steered, from the unsteered
        distribution of the same hidden state; temperature 1, before any leaning or nucleus.
        """
        if self._decided is None or self._turned is None:
            return 0.0
        plain, steered = _log_probabilities(self._decided[0]), _log_probabilities(self._turned)
        return max(0.0, float((exp(steered) * (steered - plain)).sum()))

    @property
    def expected_surprise(self) -> tuple[float, float]:
        """Of the last step, under the network as learned: nats of the steered choice, of its own.

        Means of -ln p over the steered distribution, and over the unsteered one of the same hidden
        state; temperature 1, before any leaning or nucleus. NaN before the first step.
        """
        if self._decided is None:
            return math.nan, math.nan
        plain = _log_probabilities(self._decided[0])
        usual = -float((exp(plain) * plain).sum())
        if self._turned is None:
            return usual, usual
        return -float((exp(_log_probabilities(self._turned)) * plain).sum()), usual

    def reset(self) -> None:
        """Forget everything played; the random generator goes on."""
        self._stepper.reset()
        self._memory = Memory(self._vocabulary)
        self._taste = taste_of(self._vocabulary, self._repetition)
        self._helm.reset()

    def step(self, context: StepContext) -> Step:
        """Decide the next 16th."""
        if not self._memory.previous:
            self._imagine(context)
        heard = self._heard(context)
        uniform = self._rng.random(_N_UNIFORM[self.role])
        steered = self._helm.steer(heard, context, self._memory, float(uniform[0]))
        logits = self._taste.lean(steered, context, self._memory)
        token = draw(
            logits,
            float(uniform[0]),
            temperature=self._temperature,
            top_p=self._top_p,
            allowed=allowed_tokens(self._vocabulary, context, self._memory),
            n_exempt=0 if self.role == "drums" else FIRST_NOTE,
        )
        self._decided = heard, token
        self._turned = None if steered is heard else steered
        onsets: tuple[Onset, ...] = ()
        loudness = 0
        if isinstance(self._vocabulary, DrumVocabulary):
            onsets = strike_drums(
                self._stepper, self._vocabulary, token, uniform[1:], spread=self._spread
            )
        elif isinstance(self._vocabulary, PitchVocabulary) and token >= FIRST_NOTE:
            pitch = self._vocabulary.pitch_of(token, context.key, context.chord)
            velocity, loudness = strike_note(self._levels, self._memory, context, float(uniform[1]))
            onsets = (Onset(pitch, velocity),)
        self._remember(context, token, loudness)
        hidden: FloatArray = self._stepper.hidden.astype(np.float32)  # exact: it is on the grid
        is_hold = self.role != "drums" and token == HOLD
        if self._record_gates:
            return Step(onsets, is_hold, hidden, self._layers(hidden))
        return Step(onsets, is_hold, hidden)

    def hear(self, context: StepContext, pitch: int | None, *, is_hold: bool) -> None:
        """Go through a 16th that somebody else has played, as if it had been decided here.

        What is played afterwards goes on from it. No chance is used.

        Parameters
        ----------
        context : StepContext
        pitch : int or None
            MIDI pitch of the note that begins, folded by octaves into the role's range.
        is_hold : bool
            Where none begins: whether one that began before sounds on.

        Raises
        ------
        ValueError
            If this is no voice but a drum kit.
        """
        if not isinstance(self._vocabulary, PitchVocabulary):
            raise ValueError("only a voice can go on from what another has played")
        self._helm.hear()
        heard = self._heard(context)
        token = HOLD if is_hold and self._memory.sounding is not None else REST
        if pitch is not None:
            token = self._vocabulary.token_of(pitch, context.key, context.chord)
        self._decided, self._turned = (heard, token), None
        self._remember(context, token)

    def _layers(self, hidden: FloatArray) -> dict[str, FloatArray]:
        gates = self._stepper.gates()
        return {
            "gru": hidden,
            **{f"gru.{name}": gates[name].astype(np.float32) for name in _GATES},
        }

    def _heard(self, context: StepContext) -> Float64Array:
        """Let the network hear a step; its logits."""
        features = read_features(self._feature_names, self._vocabulary, context, self._memory)
        style = self._vocabulary.styles[self._vocabulary.style_index(context.style)]
        for index in self._unheard.get(style, ()):
            features[index] = 0
        return self._stepper.step(features)

    def _remember(self, context: StepContext, token: int, loudness: int = 0) -> None:
        self._taste.observe(context, self._memory, token)
        self._memory.observe(context, token, loudness)
        self._helm.observe(context, self._memory, token)

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

    def snapshot(self) -> object:
        """All that the next step depends on, the random generator's state included."""
        state: dict[str, Any] = dict(self._rng.bit_generator.state)
        return _Snapshot(
            self._stepper.hidden.copy(),
            self._memory.snapshot(),
            self._taste.snapshot(),
            state,
            self._helm.snapshot(),
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
        self._helm.restore(snapshot.helm)


def _log_probabilities(logits: Float64Array) -> Float64Array:
    above: Float64Array = logits - logits.max()
    above -= math.log(float(exp(above).sum()))
    return above


def load_generator(
    role: Role,
    *,
    rng: np.random.Generator,
    checkpoint: Path | str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    repetition: float | None = None,
    record_gates: bool = False,
) -> NeuralGenerator:
    """Make a role's generator.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        What to play.
    rng : numpy.random.Generator
        Its own random numbers.
    checkpoint : Path or str, optional
        A ``.safetensors`` file; by default the one that comes with musebots. A direction to steer
        it along, ``NAME.steering.safetensors``, is taken from beside it.
    temperature, top_p, repetition : float, optional
        See `NeuralGenerator`; by default what suits the shipped checkpoint of the role.
    record_gates : bool
        See `NeuralGenerator`.

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
        loaded, steering = shipped_checkpoint(role), shipped_steering(role)
        model: Path | str = role
    else:
        loaded = load_checkpoint(Path(checkpoint), role=role)
        steering, model = steering_beside(Path(checkpoint)), novelty_beside(Path(checkpoint))
    if steering is not None and steering.checkpoint_sha256 != loaded.sha256:
        raise CheckpointError(
            f"the steering beside the {role} checkpoint was learned for another network: "
            f"train it again (musebots train steering {role}), or take it away"
        )
    return NeuralGenerator(
        loaded,
        rng,
        temperature=DEFAULT_TEMPERATURE[role] if temperature is None else temperature,
        top_p=DEFAULT_TOP_P[role] if top_p is None else top_p,
        repetition=DEFAULT_REPETITION if repetition is None else repetition,
        record_gates=record_gates,
        steering=steering,
        novelty=load_novelty(model) if steering is not None and steering.told else None,
    )
