"""Learning to steer a role: from a corpus and a checkpoint to an assessor and a gated direction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from creativity.assessor.assessor import Assessor as KeptAssessor
from creativity.assessor.assessor import save_assessor
from creativity.assessor.score import Score
from creativity.learning.assessing import exported
from creativity.learning.directions import Direction
from creativity.learning.material import Material, material_of
from creativity.learning.measuring import Bench, Curve, diversity, slopes
from creativity.learning.school import School, chance
from creativity.learning.simulation import Simulator
from creativity.learning.training import Lesson, learn
from musebots.knob import isotonic
from musebots.novelty.files import novelty_beside, save_novelty, sha256_of
from musebots.novelty.fitting import fit_novelty
from musebots.rnn.checkpoint import Checkpoint, load_checkpoint, shipped_checkpoint
from musebots.rnn.exact import MAX_WEIGHT, on_grid
from musebots.rnn.generator import DEFAULT_TEMPERATURE, DEFAULT_TOP_P
from musebots.rnn.steering import Steering
from musebots.rnn.steering_files import save_steering
from musebots.rnn.told import Told
from musebots.rnn.vocabulary import Role

__all__ = [
    "GATE", "Gate", "SteeringReport", "gated_range", "reach_of", "score_of", "train_steering",
]  # fmt: skip

_N_REAL = 600
_N_GATE = 100
_N_MORE = 1000
_SHARE_LEARNED = 0.8


@dataclass(frozen=True, slots=True)
class Gate:
    """How far music may go from what it would be, at any alpha that can be reached.

    Parameters
    ----------
    most_kl : float
        Mean divergence, nats a step.
    least_scale : float
        Share of notes in key or chord, or `scale_loss` less than unsteered if that is lower.
    scale_loss : float
    most_surprise : float
        Mean surprise of what is played to the network itself, over that of what it would play: what
        `musebots.gate` lets through, which would else take alpha back again and again.
    least_diversity : float
        How different phrases from one prefix must stay, as a share of unsteered: no collapse. That
        bolder is more varied and calmer less is what is asked for.
    """

    most_kl: float = 0.15
    least_scale: float = 0.95
    scale_loss: float = 0.02
    most_surprise: float = 1.5
    least_diversity: float = 0.6


GATE = Gate()
GATED = ("KL", "scale", "own")
_REACH_GRID = 0.02


@dataclass(frozen=True, slots=True)
class SteeringReport:
    """What came of a training.

    Parameters
    ----------
    steering, assessor : Path
        The files; their cards lie beside them.
    alpha_range : (float, float)
        What passed the gate.
    slope, middle_slope : float
        Of mean S against alpha on the pieces of the gate, over +-.5 and +-.3; 1 was asked for.
    seconds : float
        Of the whole training.
    """

    steering: Path
    assessor: Path
    alpha_range: tuple[float, float]
    slope: float
    middle_slope: float
    seconds: float


def score_of(material: Material, *, seed: int) -> Score:
    """S for a role: counts of the training pieces, constants from the validation pieces."""
    rng = np.random.default_rng([seed, 1])
    held_out = material.drawn("valid", _N_REAL, rng).phrases
    novelty = fit_novelty(material.pieces["train"], [held_out])
    return Score.fitted(novelty, material.windows["valid"].phrases)


def train_steering(
    role: Role,
    corpus: Path,
    out: Path,
    *,
    seed: int = 0,
    checkpoint: Path | None = None,
    lesson: Lesson | None = None,
    on_progress: Callable[[float, str], None] = lambda share, what: None,
) -> SteeringReport:
    """Learn to assess and to steer a role, and write both.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    corpus : Path
        What the checkpoint was trained on, or music like it.
    out : Path
        ``NAME.steering.safetensors``; ``NAME.assessor.safetensors`` and
        ``NAME.novelty.safetensors`` are written beside it.
    seed : int
        Of all that is random.
    checkpoint : Path, optional
        The network to steer; the shipped one by default.
    lesson : Lesson, optional
        How to learn.
    on_progress : callable
        Hears the share done and what is being done.

    Raises
    ------
    CorpusError
        If the corpus does not suffice.
    CheckpointError
        If the checkpoint cannot be used or a file not be written.
    """
    started = time.monotonic()
    network = shipped_checkpoint(role) if checkpoint is None else load_checkpoint(checkpoint)
    lesson = lesson or Lesson()
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and with it every bit, depends on their number
    try:
        on_progress(0.0, "reading")
        material = material_of(network, corpus, splits=("train", "valid"))
        on_progress(0.05, "counting")
        score = score_of(material, seed=seed)
        on_progress(0.1, "assessing")
        school, bench = _opened(material, score, seed)
        on_progress(0.3, "steering")
        direction, refreshed = learn(
            school, lesson, seed=seed, on_progress=lambda s: on_progress(0.3 + 0.6 * s, "steering")
        )
        on_progress(0.9, "measuring")
        curve = bench.curve(bench.of_direction(direction), assessor=refreshed)
        reach = gated_range(bench, direction, curve, GATE)
    finally:
        torch.set_num_threads(n_threads)
    told = told_of(score) if direction.is_told else None
    steering = exact_steering(network, direction, reach, changes_of(curve, reach), told)
    slope, middle = slopes(curve.alphas, curve.mean("S"))
    seconds = time.monotonic() - started
    kept = KeptAssessor(score, exported(refreshed))
    assessor_path = out.with_name(f"{out.name.split('.')[0]}.assessor.safetensors")
    card = {
        "command": f"musebots train steering {role} --corpus DIR -o {out.name} --seed {seed}",
        "seed": seed,
        "seconds": round(seconds, 1),
        "network": network.sha256,
        "corpus": "see the card of the network",
    }
    save_novelty(score.novelty, novelty_beside(out), card)
    save_assessor(kept, assessor_path, card)
    save_steering(steering, out, {**card, **_on_card(lesson, curve, slope, middle)})
    return SteeringReport(out, assessor_path, reach, slope, middle, seconds)


def _opened(material: Material, score: Score, seed: int) -> tuple[School, Bench]:
    """The school on most of the validation pieces, the bench on the rest of them."""
    role = material.checkpoint.role
    simulator = Simulator(
        material.checkpoint, temperature=DEFAULT_TEMPERATURE[role], top_p=DEFAULT_TOP_P[role]
    )
    windows = material.windows["valid"]  # in the order of pieces: the last ones are others
    n = max(1, round(_SHARE_LEARNED * len(windows)))
    rng = np.random.default_rng([seed, 2])
    more = material.drawn("train", min(_N_MORE, len(material.windows["train"])), rng)
    school = School.opened(simulator, score, windows.taken(slice(0, n)), seed=seed, more=more)
    rest = windows.taken(n + rng.permutation(len(windows) - n)[:_N_GATE])
    starts = simulator.start(rest if len(rest) else windows)
    generator = torch.Generator().manual_seed(seed + 2)
    uniform = chance(len(starts), simulator, generator)
    bench = Bench(
        simulator, starts, uniform, score, school.assessor, school.assessor, None, seed=seed
    )
    return school, bench


def gated_range(
    bench: Bench, direction: Direction, curve: Curve, gate: Gate
) -> tuple[float, float]:
    """The alphas around 0 whose music passes the gate; each side ends where the first fails.

    Parameters
    ----------
    bench : Bench
    direction : Direction
    curve : Curve
        Of that direction on that bench; between its alphas, lines.
    gate : Gate
    """
    usual = _spread(bench, direction, 0.0)
    spreads = [_spread(bench, direction, alpha) / usual if usual else 1.0 for alpha in curve.alphas]
    return reach_of(curve.alphas, {name: curve.mean(name) for name in GATED}, spreads, gate)


def reach_of(
    alphas: Sequence[float],
    means: Mapping[str, npt.NDArray[np.float64]],
    spreads: Sequence[float],
    gate: Gate,
) -> tuple[float, float]:
    """Where curves leave the gate, below 0 and above, on a grid of `_REACH_GRID`.

    Parameters
    ----------
    alphas : sequence of float
    means : mapping of str to array
        (n_alphas,) each: those of `GATED`.
    spreads : sequence of float
        Diversity at each alpha as a share of that at 0.
    gate : Gate

    Examples
    --------
    >>> alphas = (-0.5, 0.0, 0.5)
    >>> means = {"KL": np.zeros(3), "scale": np.ones(3), "own": np.array([0.8, 1.0, 2.0])}
    >>> reach_of(alphas, means, (1.0, 1.0, 1.0), Gate(most_surprise=1.5))
    (-0.5, 0.24)
    """
    middle = list(alphas).index(0.0)
    scale, own = means["scale"], means["own"]
    least_scale = min(gate.least_scale, float(scale[middle]) - gate.scale_loss)
    room = (
        1.0 - means["KL"] / gate.most_kl,
        scale - least_scale,
        1.0 - own / (own[middle] * gate.most_surprise),
        np.asarray(spreads) - gate.least_diversity,
    )  # below 0 out of the gate

    def reach(side: int) -> float:
        n_steps = round(max(side * alpha for alpha in alphas) / _REACH_GRID)
        for step in range(1, n_steps + 1):
            at = side * step * _REACH_GRID
            if any(np.interp(at, alphas, of) < 0 for of in room):
                return side * (step - 1) * _REACH_GRID + 0.0
        return side * n_steps * _REACH_GRID

    return round(reach(-1), 2), round(reach(1), 2)


def _spread(bench: Bench, direction: Direction, alpha: float) -> float:
    """Diversity over fresh chance at an alpha."""

    def play(uniform: torch.Tensor, seed: int) -> Any:
        return bench.of_direction(direction)(bench.starts, uniform, alpha, seed).phrases

    return diversity(bench, play, n_each=4)[0]


def changes_of(curve: Curve, reach: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """What each alpha within reach changes S by, against 0: the curve, made never to fall."""
    low, high = reach
    at_all = isotonic(curve.mean("S").tolist())
    at_0 = at_all[curve.alphas.index(0.0)]
    within = sorted({low, high, *(a for a in curve.alphas if low <= a <= high)})
    rows = zip(within, np.interp(within, curve.alphas, at_all).tolist(), strict=True)
    return tuple((a, round(s - at_0, 4) + 0.0) for a, s in rows)


def exact_steering(
    network: Checkpoint,
    direction: Direction,
    reach: tuple[float, float],
    changes: tuple[tuple[float, float], ...] = (),
    told: Told | None = None,
) -> Steering:
    """A learned direction on the grid, to be played."""
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for name, tensor in direction.to_tensors().items():
        bounded = np.clip(tensor.numpy().astype(np.float64), -MAX_WEIGHT / 2, MAX_WEIGHT / 2)
        tensors[name] = on_grid(bounded).astype(np.float32)
    return Steering(
        network.role,
        network.sha256,
        "vector" if "theta" in tensors else "network",
        direction.n_noise,
        reach,
        tensors,
        changes,
        told,
    )


def told_of(score: Score) -> Told:
    """With which constants a direction was told."""
    wundt, habit = score.wundt, score.habit
    return Told(wundt.low, wundt.width, habit.slope, habit.usual, sha256_of(score.novelty))


def _on_card(lesson: Lesson, curve: Curve, slope: float, middle: float) -> Mapping[str, Any]:
    """What a person should know before moving the fader."""
    names = ("S", "A", "KL", "own", "scale", "metre", "silence", "notes")
    return {
        "lesson": asdict(lesson),
        "gate": asdict(GATE),
        "slope of S": round(slope, 3),
        "slope of S within +-.3": round(middle, 3),
        "measured": "on validation pieces that nothing was learned from, in simulation",
        "alphas": list(curve.alphas),
        "curves": {name: [round(float(v), 4) for v in curve.mean(name)] for name in names},
    }
