"""Runs of one bot's network with a known deviation in them: what a monitor should find, and where.

Every run is played by the trained network. A plant begins within the window that is judged, which
is the end of the run; what was before it is normal playing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from musebots.arrays import FloatArray, IntArray
from musebots.generators import StepContext
from musebots.harmony import Chord
from musebots.rnn.checkpoint import load_checkpoint, shipped_checkpoint
from musebots.rnn.exact import exp, on_grid
from musebots.rnn.generator import DEFAULT_TEMPERATURE, DEFAULT_TOP_P, NeuralGenerator
from musebots.rnn.vocabulary import Role

__all__ = ["NORMAL", "WINDOW_STEPS", "Kind", "Plant", "Planted", "Source", "contexts", "noise"]

WINDOW_STEPS = 32
_LEAD_IN_STEPS = 96
_STEPS_PER_BAR = 16
_PROGRESSIONS = (
    ("C", "Am", "F", "G"), ("C", "F", "G", "C"), ("Am", "F", "C", "G"), ("Dm", "G", "C", "C"),
    ("C", "G", "Am", "F"), ("C", "C", "F", "G"),
)  # fmt: skip

Kind = Literal[
    "normal",
    "injection",
    "injection in range",
    "co-activation",
    "temperature",
    "style",
    "noise input",
    "stuck note",
]


Reach = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Plant:
    """What is done to a run.

    Parameters
    ----------
    kind : Kind
        Injection adds to the hidden state, in the recurrence, at every step, and may leave the
        range that a unit can reach by itself; in range, each node is kept within what it was seen
        to reach. Co-activation pushes the quietest nodes upwards. Temperature and style change what
        is drawn and asked for; noise input makes all inputs random; a stuck note repeats.
    amplitude : float
        Standard deviations a step for the first two; the temperature.
    node_share, step_share : float
        Of the nodes, and of the window's steps, which then are in one piece.
    """

    kind: Kind
    amplitude: float = 0.0
    node_share: float = 0.0
    step_share: float = 1.0

    @property
    def name(self) -> str:
        """For tables."""
        if self.kind in _PUSHES:
            return (
                f"{self.kind} {self.amplitude:g} sd, {self.node_share:.0%} of nodes, "
                f"{self.step_share:.0%} of steps"
            )
        return f"temperature {self.amplitude:g}" if self.kind == "temperature" else self.kind


_PUSHES = ("injection", "injection in range", "co-activation")
NORMAL = Plant("normal")


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """One run and the truth about it.

    Attributes
    ----------
    hidden : array
        (n_steps, n_nodes): what a monitor hears. The last `WINDOW_STEPS` are the window.
    surprise, entropy : array
        (n_steps,): nats, of the notes.
    rows : array of int
        Steps of the window that the plant is in; empty for normal playing.
    nodes : array of int
        Nodes that it is in; empty where it is not in particular ones.
    """

    hidden: FloatArray
    surprise: FloatArray
    entropy: FloatArray
    rows: IntArray
    nodes: IntArray

    @property
    def window(self) -> FloatArray:
        """The hidden activations that are judged."""
        return self.hidden[-WINDOW_STEPS:]


class Source:
    """A role's network, from which runs are drawn.

    Parameters
    ----------
    role : Role
    checkpoint : Path, optional
        By default the shipped one.
    """

    def __init__(self, role: Role, checkpoint: Path | None = None) -> None:
        self.role = role
        self.checkpoint = (
            shipped_checkpoint(role)
            if checkpoint is None
            else load_checkpoint(checkpoint, role=role)
        )
        self._quiet: IntArray = np.zeros(0, np.intp)
        self._spread: FloatArray = np.zeros(0)
        self._reach: Reach = (np.zeros(0), np.zeros(0))

    def normal(self, n_runs: int, n_steps: int, rng: np.random.Generator) -> FloatArray:
        """Runs of normal playing, without their first bars: (n_runs, n_steps, n_nodes)."""
        runs = [
            self._run(NORMAL, rng, n_steps=n_steps + _STEPS_PER_BAR).hidden[_STEPS_PER_BAR:]
            for _ in range(n_runs)
        ]
        return np.stack(runs)

    def measure(self, normal: FloatArray) -> None:
        """Learn each node's spread, and which are quiet, from normal playing (n, n_nodes)."""
        self._spread = normal.std(axis=0)
        self._reach = normal.min(axis=0).astype(np.float64), normal.max(axis=0).astype(np.float64)
        self._quiet = np.argsort(np.abs(normal).mean(axis=0), kind="stable")

    def plant(self, plant: Plant, rng: np.random.Generator) -> Planted:
        """One run with a plant in its window."""
        return self._run(plant, rng, n_steps=_LEAD_IN_STEPS + WINDOW_STEPS)

    def _run(self, plant: Plant, rng: np.random.Generator, *, n_steps: int) -> Planted:
        music, deviation = rng.spawn(2)  # so that the music before a plant is that without it
        player = _Probed(
            self.checkpoint, music,
            temperature=DEFAULT_TEMPERATURE[self.role], top_p=DEFAULT_TOP_P[self.role],
        )  # fmt: skip
        plan = contexts(n_steps, player.styles, music)
        rows = self._rows(plant, deviation)
        nodes, push = self._push(plant, deviation, player.n_units)
        steps = set((n_steps - WINDOW_STEPS + rows).tolist())
        hidden = np.empty((n_steps, player.n_units), np.float32)
        surprise, entropy = np.empty(n_steps), np.empty(n_steps)
        for step, context in enumerate(plan):
            if step in steps:
                reach = self._reach if plant.kind == "injection in range" else None
                hidden[step] = _deviating(player, plant, context, (push, reach), deviation)
            else:
                player.cool()
                hidden[step] = player.step(context).hidden
            surprise[step], entropy[step] = player.surprise, player.entropy
        return Planted(hidden, surprise, entropy, rows, nodes)

    def _rows(self, plant: Plant, rng: np.random.Generator) -> IntArray:
        if plant.kind == "normal":
            return np.zeros(0, np.intp)
        n = max(1, round(plant.step_share * WINDOW_STEPS))
        return int(rng.integers(WINDOW_STEPS - n + 1)) + np.arange(n)

    def _push(
        self, plant: Plant, rng: np.random.Generator, n_nodes: int
    ) -> tuple[IntArray, npt.NDArray[np.float64]]:
        """The nodes of a plant, and what is added to the state at each of its steps."""
        push = np.zeros(n_nodes)
        n = round(plant.node_share * n_nodes)
        if plant.kind in ("injection", "injection in range"):
            nodes = np.sort(rng.choice(n_nodes, n, replace=False))
            push[nodes] = plant.amplitude * self._spread[nodes] * rng.choice([-1.0, 1.0], n)
        elif plant.kind == "co-activation":
            nodes = np.sort(self._quiet[:n])
            push[nodes] = plant.amplitude * self._spread[nodes]
        else:
            nodes = np.zeros(0, np.intp)
        return nodes, push


class _Probed(NeuralGenerator):
    """A generator whose state can be pushed and whose notes can be forced."""

    _normal_temperature: float | None = None

    @property
    def entropy(self) -> float:
        """Of what the network expected at the last step, in nats."""
        if self._decided is None:
            return float("nan")
        above = self._decided[0] - self._decided[0].max()
        p = exp(above) / exp(above).sum()
        return float(-(p * np.log(np.maximum(p, 1e-12))).sum())

    def heat(self, temperature: float) -> None:
        if self._normal_temperature is None:
            self._normal_temperature = self._temperature
        self._temperature = temperature

    def cool(self) -> None:
        if self._normal_temperature is not None:
            self._temperature = self._normal_temperature

    def push(self, by: npt.NDArray[np.float64], reach: Reach | None) -> FloatArray:
        """Add to the hidden state, within reach if that is given; what it is then."""
        pushed = self._stepper.hidden + by
        if reach is not None:
            pushed = np.where(by == 0, pushed, np.clip(pushed, *reach))
        self._stepper.hidden = on_grid(pushed)
        return self._stepper.hidden.astype(np.float32)

    def repeat(self, context: StepContext) -> FloatArray:
        """Play what was played at the last step once more, whatever the network would."""
        if self._decided is None:
            raise ValueError("nothing was played yet")
        token = self._decided[1]
        self._decided = self._heard(context), token
        self._remember(context, token)
        return self._stepper.hidden.astype(np.float32)


def _deviating(
    player: _Probed,
    plant: Plant,
    context: StepContext,
    push: tuple[npt.NDArray[np.float64], Reach | None],
    rng: np.random.Generator,
) -> FloatArray:
    """One step of the plant; the hidden activations after it."""
    if plant.kind in _PUSHES:
        player.step(context)
        return player.push(*push)
    if plant.kind == "temperature":
        player.heat(plant.amplitude)
    elif plant.kind == "style":
        at = player.styles.index(context.style)
        context = replace(context, style=player.styles[(at + 1) % len(player.styles)])
    elif plant.kind == "noise input":
        context = noise(player.styles, rng)
    elif plant.kind == "stuck note":
        return player.repeat(context)
    return player.step(context).hidden


def contexts(n_steps: int, styles: tuple[str, ...], rng: np.random.Generator) -> list[StepContext]:
    """A progression of one chord a bar, in one style."""
    chords = [Chord.parse(c) for c in _PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))]]
    style = styles[int(rng.integers(len(styles)))]
    found = []
    for index in range(n_steps):
        bar, step = divmod(index, _STEPS_PER_BAR)
        chord, following = chords[bar % 4], chords[(bar + 1) % 4]
        found.append(
            StepContext(
                step, bar_in_phrase=bar % 4, chord=chord, next_chord=following, style=style,
                steps_to_next=_STEPS_PER_BAR - step, has_kick=step % 8 == 0,
            )
        )  # fmt: skip
    return found


def noise(styles: tuple[str, ...], rng: np.random.Generator) -> StepContext:
    """Everything that the network hears of the outside, drawn anew."""
    root, following = rng.integers(12, size=2)
    return StepContext(
        int(rng.integers(_STEPS_PER_BAR)), bar_in_phrase=int(rng.integers(4)),
        chord=Chord(int(root), "min" if rng.random() < 0.5 else "maj"),
        next_chord=Chord(int(following)), steps_to_next=int(rng.integers(1, 17)),
        has_kick=bool(rng.random() < 0.5), style=styles[int(rng.integers(len(styles)))],
        density=float(rng.random()), register=float(rng.random()), intensity=float(rng.random()),
    )  # fmt: skip
