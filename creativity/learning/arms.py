"""The ways of steering that are compared, learned and measured on one bench. Needs torch.

What was measured is kept in a folder, so that an interrupted comparison goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from creativity.assessor.assessor import load_assessor
from creativity.assessor.score import Score, bits_with_before
from creativity.learning.assessing import Assessor, fit_assessor
from creativity.learning.critic import Critic
from creativity.learning.directions import Direction, NetworkDirection, VectorDirection
from creativity.learning.material import Material
from creativity.learning.measuring import (
    ALPHAS,
    Bench,
    Curve,
    Way,
    diversity,
    equal_kl_scale,
    fragments_of,
    slopes,
)
from creativity.learning.school import School, chance
from creativity.learning.simulation import Simulator
from creativity.learning.straight import StraightLesson
from creativity.learning.style import StyleDirection, learn_style, of_style
from creativity.learning.training import Lesson, learn
from musebots.novelty.phrases import Phrases
from musebots.rnn.generator import DEFAULT_TEMPERATURE, DEFAULT_TOP_P
from musebots.rnn.steering_files import shipped_steering

__all__ = ["ARMS", "PUBLISHED", "Comparison", "Measured", "Sizes", "compare_arms"]

PUBLISHED = "NN as published"
NETWORK = "NN"
VECTOR = "vector, tuned"
ARMS = (
    NETWORK, VECTOR, "NN, not told", "NN, straight through", PUBLISHED,
    "NN, KL only", "NN, refresh only", "NN, noise rewarded", "NN of the style", "best of 8",
    "best of 16", "NN + best of 8", "temperature", "difference of means", "random direction",
)  # fmt: skip
"""In the order of tables."""

_LESSONS: Mapping[str, dict[str, float | bool | str]] = {
    NETWORK: {},
    VECTOR: {"kind": "vector"},
    "NN, not told": {"is_told": False},
}
_STRAIGHT_LESSONS: Mapping[str, dict[str, float | bool | str]] = {
    "NN, straight through": {},
    PUBLISHED: {"kl_weight": 0.0, "gate_weight": 0.0, "is_refreshed": False},
    "NN, KL only": {"is_refreshed": False},
    "NN, refresh only": {"kl_weight": 0.0, "gate_weight": 0.0},
    "NN, noise rewarded": {"diversity_weight": 1.0},
}
_N_SPREAD = 20
_VECTOR_RATES = (1e-2, 3e-2, 1e-1)
_SHORTER = 4


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a comparison is.

    Parameters
    ----------
    n_seeds : int
        Trainings of the two directions that are compared; the others follow `n_seeds_of_others`.
    n_seeds_of_others : int
    n_prefixes : int
        Test phrases.
    lesson : Lesson
        How a direction is learned, but for what an arm is about.
    straight : StraightLesson
        How one is learned straight through the assessor.
    n_more : int
        Training windows for the assessor.
    n_epochs, width : int
        Of the assessor.
    is_trial : bool
        Whether this only goes through the code; else the first NN is the shipped one.
    """

    n_seeds: int = 3
    n_seeds_of_others: int = 1
    n_prefixes: int = 80
    lesson: Lesson = field(default_factory=Lesson)
    straight: StraightLesson = field(default_factory=StraightLesson)
    n_more: int = 1000
    n_epochs: int = 6
    width: int = 48
    is_trial: bool = False


@dataclass(frozen=True, eq=False)
class Measured:
    """One way of steering, of one seed.

    Parameters
    ----------
    arm : str
    seed : int
    curve : Curve
    diversity : array
        (n_alphas, 2): over fresh chance, and over fresh noise alone; NaN where not measured.
    """

    arm: str
    seed: int
    curve: Curve
    diversity: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """All ways for one role.

    Parameters
    ----------
    measured : tuple of Measured
    sensitivity : list of (float, float, float, float)
        Quantiles for W's corners, mean S unsteered, slope of S of the first NN.
    """

    measured: tuple[Measured, ...]
    sensitivity: tuple[tuple[float, float, float, float], ...]


def compare_arms(
    material: Material,
    score: Score,
    folder: Path,
    sizes: Sizes,
    *,
    critic: Path | None,
    arms: Sequence[str] = ARMS,
    on_progress: Callable[[float, str], None] = lambda share, what: None,
) -> Comparison:
    """Learn and measure; what lies in `folder` is taken from there."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and with it every bit, depends on their number
    try:
        laboratory = _Laboratory(material, score, folder, sizes, critic)
        jobs = [(seed, arm) for seed in range(sizes.n_seeds) for arm in arms]
        jobs = [job for job in jobs if job[0] < _n_seeds(job[1], sizes)]
        measured = []
        for index, (seed, arm) in enumerate(jobs):
            on_progress(index / len(jobs), f"{material.checkpoint.role}, {arm}, seed {seed}")
            measured.append(laboratory.measured(arm, seed))
        return Comparison(tuple(measured), laboratory.sensitivity())
    finally:
        torch.set_num_threads(n_threads)


def _n_seeds(arm: str, sizes: Sizes) -> int:
    return sizes.n_seeds if arm in (NETWORK, VECTOR) else sizes.n_seeds_of_others


class _Laboratory:
    """What is shared between the arms of one role; made when it is first needed."""

    def __init__(
        self, material: Material, score: Score, folder: Path, sizes: Sizes, critic: Path | None
    ) -> None:
        role = material.checkpoint.role
        self.material, self.score, self.sizes = material, score, sizes
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.simulator = Simulator(
            material.checkpoint, temperature=DEFAULT_TEMPERATURE[role], top_p=DEFAULT_TOP_P[role]
        )
        self.critic = None if critic is None else Critic.loaded(critic, material.checkpoint)
        self._schools: dict[int, School] = {}
        self._benches: dict[int, Bench] = {}
        self._directions: dict[tuple[str, int], tuple[Direction, Assessor]] = {}
        self._known: frozenset[tuple[int, ...]] = frozenset()

    def school(self, seed: int) -> School:
        if seed not in self._schools:
            rng = np.random.default_rng([seed, 2])
            n_more = min(self.sizes.n_more, len(self.material.windows["train"]))
            more = self.material.drawn("train", n_more, rng) if n_more else None
            self._schools[seed] = School.opened(
                self.simulator, self.score, self.material.windows["valid"], seed=seed, more=more,
                n_epochs=self.sizes.n_epochs, width=self.sizes.width,
            )  # fmt: skip
        return self._schools[seed]

    def bench(self, seed: int) -> Bench:
        """Test pieces, the same for every seed; a bystander of another seed and half the width."""
        if seed not in self._benches:
            school = self.school(seed)
            generator = torch.Generator().manual_seed(1000 + seed)
            torch.manual_seed(1000 + seed)
            bystander = Assessor(
                self.simulator.role, max(4, self.sizes.width // 2), hears_bits=False
            )
            half = torch.randperm(len(school.base), generator=generator)
            chosen = half[: -(-len(half) // 2)].numpy()
            fit_assessor(
                bystander, school.base.taken(chosen), school.base_scores[chosen],
                school.base_bits[chosen], n_epochs=self.sizes.n_epochs, generator=generator,
            )  # fmt: skip
            windows = self.material.drawn("test", self.sizes.n_prefixes, np.random.default_rng(3))
            starts = self.simulator.start(windows)
            uniform = chance(len(starts), self.simulator, torch.Generator().manual_seed(4 + seed))
            self._benches[seed] = Bench(
                self.simulator, starts, uniform, self.score, school.assessor, bystander,
                self.critic, seed=seed, known=self.known(),
            )  # fmt: skip
        return self._benches[seed]

    def known(self) -> frozenset[tuple[int, ...]]:
        """All that training pieces hold, note for note."""
        if not self._known:
            pieces = self.material.pieces["train"]
            self._known = frozenset(f for piece in pieces for f in fragments_of(piece))
        return self._known

    def learned(self, arm: str, seed: int) -> tuple[Direction, Assessor]:
        """A direction, from the folder if it was learned before."""
        if (arm, seed) not in self._directions:
            path = self.folder / f"{_slug(arm)}.s{seed}.pt"
            shipped = self._shipped() if (arm, seed) == (NETWORK, 0) else None
            if shipped is not None:
                found = shipped
            elif path.exists():
                found = torch.load(path, weights_only=False)
            else:
                lesson = self._lesson(arm)
                found = learn(self.school(seed), lesson, seed=seed)
                torch.save(found, path)
            self._directions[arm, seed] = found
        return self._directions[arm, seed]

    def _shipped(self) -> tuple[Direction, Assessor] | None:
        """The direction that comes with musebots, where it was learned for this network."""
        role = self.simulator.role
        steering = shipped_steering(role)
        is_own = (
            steering is not None
            and steering.checkpoint_sha256 == self.material.checkpoint.sha256
            and steering.kind == "network"
        )
        if steering is None or not is_own or self.sizes.is_trial:
            return None
        direction = NetworkDirection.from_tensors(_as_torch(steering.tensors), steering.n_noise)
        kept = load_assessor(role).network.tensors
        assessor = Assessor(role, len(kept["first.bias"]))
        assessor.load_state_dict(_as_torch(kept))
        return direction, assessor.eval()

    def _lesson(self, arm: str) -> Lesson | StraightLesson:
        lesson: Lesson | StraightLesson
        if arm in _LESSONS:
            lesson = replace(self.sizes.lesson, **_LESSONS[arm])  # type: ignore[arg-type]
        else:
            changes = _STRAIGHT_LESSONS[arm]
            lesson = replace(self.sizes.straight, **changes)  # type: ignore[arg-type]
        if lesson.kind == "vector":
            lesson = replace(lesson, rate=self._vector_rate(arm, lesson))
        return lesson

    def _vector_rate(self, arm: str, lesson: Lesson | StraightLesson) -> float:
        """The learning rate with which a short lesson steers best: it is tuned, not set up."""
        path = self.folder / f"{_slug(arm)}.rate.json"
        if path.exists():
            return float(json.loads(path.read_text())["rate"])
        school, tried = self.school(0), []
        n = min(80, len(school.starts))
        starts = school.starts.taken(np.arange(len(school.starts) - n, len(school.starts)))
        uniform = chance(n, self.simulator, torch.Generator().manual_seed(9))
        bench = Bench(
            self.simulator, starts, uniform, self.score, school.assessor, school.assessor, None
        )
        short = replace(lesson, n_updates=max(1, lesson.n_updates // _SHORTER))
        for rate in _VECTOR_RATES:
            direction, _ = learn(school, replace(short, rate=rate), seed=0)
            way = bench.of_direction(direction)
            curve = bench.curve(way, alphas=(-0.3, 0.0, 0.3))
            tried.append((slopes(curve.alphas, curve.mean("S"))[0], rate))
        path.write_text(json.dumps({"rate": max(tried)[1], "tried": tried}))
        return max(tried)[1]

    def measured(self, arm: str, seed: int) -> Measured:
        path = self.folder / f"{_slug(arm)}.s{seed}.npz"
        if not path.exists():
            found = self._measure(arm, seed)
            kept_values = {f"value {name}": v for name, v in found.curve.values.items()}
            alphas = np.array(found.curve.alphas)
            np.savez(path, **kept_values, alphas=alphas, diversity=found.diversity)  # type: ignore[arg-type]
        with np.load(path) as kept:
            prefix = "value "
            values = {n.removeprefix(prefix): kept[n] for n in kept.files if n.startswith(prefix)}
            curve = Curve(tuple(float(a) for a in kept["alphas"]), values)
            return Measured(arm, seed, curve, kept["diversity"])

    def _measure(self, arm: str, seed: int) -> Measured:
        bench = self.bench(seed)
        assessor: Assessor | None = None
        is_alone = is_exact = True
        if arm in _LESSONS or arm in _STRAIGHT_LESSONS:
            direction, assessor = self.learned(arm, seed)
            way = bench.of_direction(direction)
        elif arm == "NN of the style":
            style, assessor = self._style(seed)
            way = of_style(bench, style)
        elif arm in ("difference of means", "random direction"):
            way = bench.of_direction(self._plain_vector(arm, seed))
        elif arm == "temperature":
            way, is_exact = bench.of_temperature(1.0), False
        elif arm == "NN + best of 8":
            network, assessor = self.learned(NETWORK, seed)
            way = bench.best_of(8, assessor, bench.of_direction(network))
            is_alone = is_exact = False
        else:
            way = bench.best_of(int(arm.split()[-1]), bench.assessor)
            is_alone = is_exact = False
        curve = bench.curve(way, is_exact=is_exact, assessor=assessor)
        spread = self._diversity(bench, way) if is_alone else _unknown()
        return Measured(arm, seed, curve, spread)

    def _style(self, seed: int) -> tuple[StyleDirection, Assessor]:
        path = self.folder / f"style.s{seed}.pt"
        if not path.exists():
            torch.save(learn_style(self.school(seed), self.sizes.straight, seed=seed), path)
        found: tuple[StyleDirection, Assessor] = torch.load(path, weights_only=False)
        return found

    def _plain_vector(self, arm: str, seed: int) -> VectorDirection:
        """A vector that nobody trained, as long as its divergence is that of the NN."""
        bench = self.bench(seed)
        if arm == "random direction":
            theta = torch.randn(
                self.simulator.n_units, generator=torch.Generator().manual_seed(seed)
            )
        else:
            school = self.school(seed)
            uniform = chance(
                len(school.starts), self.simulator, torch.Generator().manual_seed(seed)
            )
            played = self.simulator.play(school.starts, uniform)
            scores = torch.from_numpy(self.score(played.phrases))
            is_high = scores > scores.median()
            mean = played.hidden.mean(dim=1)
            theta = mean[is_high].mean(dim=0) - mean[~is_high].mean(dim=0)
        theta = theta / theta.norm()
        network = self.measured(NETWORK, seed).curve.mean("KL")
        wanted = float(network[0] + network[-1]) / 2
        scale = equal_kl_scale(bench, VectorDirection(len(theta), theta), wanted)
        return VectorDirection(len(theta), scale * theta)

    def _diversity(self, bench: Bench, way: Way) -> npt.NDArray[np.float64]:
        rows: list[tuple[float, float]] = []
        few = replace(
            bench, starts=bench.starts.taken(np.arange(min(_N_SPREAD, len(bench.starts)))),
            uniform=bench.uniform[:_N_SPREAD],
        )  # fmt: skip
        for alpha in ALPHAS:
            if self.sizes.is_trial and alpha not in (ALPHAS[0], 0.0, ALPHAS[-1]):
                rows.append((float("nan"), float("nan")))
                continue

            def play(uniform: torch.Tensor, seed: int, alpha: float = alpha) -> Phrases:
                return way(few.starts, uniform, alpha, seed).phrases

            rows.append(diversity(few, play, n_each=3))
        return np.array(rows)

    def sensitivity(self) -> tuple[tuple[float, float, float, float], ...]:
        """The slope of the first NN, had the corners of W been other quantiles."""
        direction, _ = self.learned(NETWORK, 0)
        bench = self.bench(0)
        real = self.material.windows["valid"].phrases
        novelty = self.score.parts(real)["novelty"]
        played = [bench.of_direction(direction)(bench.starts, bench.uniform, a, 0) for a in ALPHAS]
        bits = [bits_with_before(self.score.novelty, one.phrases) for one in played]
        rows = []
        for low in (0.4, 0.5, 0.6, 0.7):
            for high in (0.98, 0.995):
                corners = np.quantile(novelty, (low, high))
                other = self.score.with_corners(float(corners[0]), float(corners[1]))
                means = np.array(
                    [
                        other.parts(one.phrases, b)["S"].mean()
                        for one, b in zip(played, bits, strict=True)
                    ]
                )
                middle = float(means[ALPHAS.index(0.0)])
                rows.append((low, high, middle, slopes(ALPHAS, means)[0]))
        return tuple(rows)


def _as_torch(tensors: Mapping[str, npt.NDArray[np.floating]]) -> dict[str, torch.Tensor]:
    return {n: torch.from_numpy(np.asarray(t, dtype=np.float32)) for n, t in tensors.items()}


def _unknown() -> npt.NDArray[np.float64]:
    return np.full((len(ALPHAS), 2), np.nan)


def _slug(arm: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in arm.lower())
