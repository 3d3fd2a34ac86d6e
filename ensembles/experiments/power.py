"""What the scan finds of deviations that were planted, and what simpler scores find of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ensembles.experiments.base import ExperimentResult, ExperimentSettings, Plot
from ensembles.experiments.detectors import Detector, Scan, TogetherScan, baselines, scans
from ensembles.experiments.planting import NORMAL, WINDOW_STEPS, Plant, Planted, Source
from ensembles.experiments.plants import LESSONS, PLANTS, REFERENCE
from ensembles.experiments.power_plots import overview
from ensembles.experiments.power_tables import (
    OURS,
    SECOND_LOOK,
    WITH_NOTES,
    Judged,
    goals_table,
    margins_table,
    places_table,
    power_table,
)
from ensembles.experiments.second_look import SecondLook
from musebots.arrays import FloatArray
from musebots.rnn.vocabulary import ROLES, Role

__all__ = ["run"]

TOGETHER = (
    "scan, raw, Higher Criticism",
    "scan, lasting innovation, Higher Criticism",
    "scan, conditional",
)
PLACING = (
    "scan, raw, Higher Criticism",
    "scan, raw, row penalty",
    "scan, innovation, size penalty",
    "scan, lasting innovation, Higher Criticism",
)

_LOCATING = (
    "scan, raw", "scan, conditional", "scan, innovation", "scan, lasting innovation", *PLACING,
    OURS, SECOND_LOOK,
)  # fmt: skip
_TIMED = (
    "scan, raw, Higher Criticism", "scan, conditional",
    "scan, lasting innovation, Higher Criticism", OURS, "mean |residual|", "ECOD",
    "CUSUM, worst node", "CUSUM, all nodes",
)  # fmt: skip
_FALSE_ALARMS = 0.01
_Tell = Callable[[float], None]
Locator = Scan | TogetherScan | SecondLook


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_background: int
    background_steps: int
    n_tune: int
    n_runs: int
    n_resamples: int
    n_lessons: int


FULL = _Sizes(
    n_background=100, background_steps=256, n_tune=300, n_runs=60, n_resamples=1000, n_lessons=12
)
QUICK = _Sizes(n_background=3, background_steps=48, n_tune=6, n_runs=3, n_resamples=20, n_lessons=1)
QUICK_PLANTS = (REFERENCE, Plant("temperature", 1.6), Plant("stuck note", step_share=0.5))


def run(
    settings: ExperimentSettings, checkpoints: Mapping[Role, Path] | None = None
) -> ExperimentResult:
    """Plant, score, count; with other checkpoints than the shipped ones if they are given."""
    sizes = QUICK if settings.is_quick else FULL
    roles: Sequence[Role] = ("bass",) if settings.is_quick else ROLES
    plants = QUICK_PLANTS if settings.is_quick else PLANTS
    digests: dict[str, str] = {}
    judged: dict[str, Judged] = {}
    for index, role in enumerate(roles):
        source = Source(role, (checkpoints or {}).get(role))
        if checkpoints and role in checkpoints:
            digests[f"{role} of this experiment"] = source.checkpoint.sha256
        rng = np.random.default_rng([settings.seed, index])

        def tell(share: float, index: int = index, role: str = role) -> None:
            settings.progress((index + share) / len(roles), role)

        judged[role] = _judge(source, plants, sizes, rng, tell)
    power = power_table(judged, sizes.n_resamples, settings.seed)
    margins = margins_table(judged, sizes.n_resamples, settings.seed)
    places = places_table(judged, settings.seed)
    return ExperimentResult(
        tables=(goals_table(power, margins, places), margins, power, places),
        plots=(Plot("power", "AUROC by plant, mean over the roles", overview(power), (9.0, 7.0)),),
        notes=NOTES,
        parameters={
            "steps of a window": WINDOW_STEPS,
            "runs of a plant": sizes.n_runs,
            "runs for thresholds": sizes.n_tune,
            "background, each half": f"{sizes.n_background} x {sizes.background_steps} steps",
        },
        checkpoints=digests,
    )  # fmt: skip


NOTES = (
    "Each run gives one window; groups are equally large; intervals: 95 %, by resampling runs.",
    "TPR at 1 %: the threshold is that of 300 other normal runs.",
    "Delay: steps from the beginning of the plant to the first window beyond that threshold, among "
    "runs that have one before the window ends.",
    "The best baseline is chosen after the fact for each plant, which is hard on the scan.",
    "Injection may push a unit beyond the range of a GRU, which shows in the raw activations at "
    "once; 'in range' keeps each node within what it was seen to reach, where many then lie at the "
    "edge, which the smallest p-values show.",
    "Innovation: the inverse hyperbolic tangent of each node, given all other nodes of the step "
    "and the step before, linearly; lasting: averaged over four steps.",
    f"Together: {'; '.join(TOGETHER)}; each against its own normal scores, the highest counts.",
    f"Its places: {'; '.join(PLACING)}; steps from the one that stands out most, nodes from all "
    "that do.",
    f"{SECOND_LOOK}: begins at the steps of '{OURS}' and names steps and nodes anew, by what a "
    "classifier has learned from other plants: injections of .1, .2 and .4 sd in 5, 10 and 25 % of "
    "the nodes, in runs of their own. It knows what a push looks like; the scans know only normal "
    "playing.",
    "Tried for the recall of nodes without lessons: size penalties, Higher Criticism, a column for "
    "each tail, innovations of 1, 4 and 8 steps or quadratic in the nodes, likelihood ratios of a "
    "shift, densities instead of tails, repeated moves, and the best of them together, all at the "
    "true steps: recall .80 to .87 at precision .5.",
    "Temperature changes which notes are drawn, and hardly how the network goes on from them, so "
    "the surprise of the notes says most about it.",
)


def _judge(source: Source, plants: Sequence[Plant], sizes: _Sizes, rng: np.random.Generator,
           tell: _Tell) -> Judged:  # fmt: skip
    fit = source.normal(sizes.n_background, sizes.background_steps, rng)
    table = source.normal(sizes.n_background, sizes.background_steps, rng)
    source.measure(fit.reshape(-1, fit.shape[-1]))
    tune = [source.plant(NORMAL, rng) for _ in range(sizes.n_tune)]
    own = scans(fit, table)
    rivals = {rival.name: rival for rival in baselines(fit, table, rng)}
    parts = [own[name] for name in TOGETHER]
    places = [own[name] for name in PLACING]
    together = TogetherScan(OURS, parts, places, tune)
    hearing = TogetherScan(WITH_NOTES, [*parts, rivals["note surprise"]], places, tune)
    lessons = [source.plant(plant, rng) for _ in range(sizes.n_lessons) for plant in LESSONS]
    learned = [lessons[int(i)] for i in rng.permutation(len(lessons))]
    looking = SecondLook(SECOND_LOOK, together, fit, table, learned)
    locators: dict[str, Locator] = {**own, OURS: together, SECOND_LOOK: looking}
    detectors: list[Detector] = [*own.values(), together, hearing, *rivals.values()]
    tell(0.2)
    end = len(tune[0].hidden)
    thresholds = {
        d.name: _threshold(np.array([d.score(run, end) for run in tune])) for d in detectors
    }
    tell(0.3)
    normal_runs = [source.plant(NORMAL, rng) for _ in range(sizes.n_runs)]
    normal = {d.name: np.array([d.score(run, end) for run in normal_runs]) for d in detectors}
    scores, overlaps, delays = {}, {}, {}
    for index, plant in enumerate(plants):
        runs = [source.plant(plant, rng) for _ in range(sizes.n_runs)]
        told = [_tell_all(run, detectors, locators) for run in runs]
        scores[plant.name] = {d.name: np.array([t[0][d.name] for t in told]) for d in detectors}
        overlaps[plant.name] = {name: np.array([t[1][name] for t in told]) for name in _LOCATING}
        if plant in (REFERENCE, Plant("temperature", 1.6)):
            delays[plant.name] = {
                d.name: np.array([_delay(d, run, thresholds[d.name]) for run in runs])
                for d in detectors
                if d.name in _TIMED
            }
        tell(0.3 + 0.7 * (index + 1) / len(plants))
    return Judged(scores, normal, thresholds, overlaps, delays)


def _tell_all(
    run: Planted, detectors: Sequence[Detector], locators: Mapping[str, Locator]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Of one run: each detector's score, and how well the place was found."""
    scores = {detector.name: detector.score(run, len(run.hidden)) for detector in detectors}
    return scores, {name: _overlap(locators[name], run) for name in _LOCATING}


def _threshold(scores: FloatArray) -> float:
    """Exceeded by a normal window in at most 1 of 100: the conformal quantile."""
    rank = max(1, int(_FALSE_ALARMS * (len(scores) + 1)))
    return float(np.sort(scores)[-rank])


def _overlap(scan: Locator, run: Planted) -> list[float]:
    """Precision, recall and Jaccard of rows, then of nodes; NaN where there is no truth."""
    found = scan.found(run, len(run.hidden))
    return [*_agreement(found.rows, run.rows), *_agreement(found.columns, run.nodes)]


def _agreement(found: npt.NDArray[np.integer], true: npt.NDArray[np.integer]) -> list[float]:
    if not true.size:
        return [float("nan")] * 3
    common = np.intersect1d(found, true).size
    return [common / max(1, found.size), common / true.size, common / np.union1d(found, true).size]


def _delay(detector: Detector, run: Planted, threshold: float) -> float:
    """Steps until the first window beyond the threshold; NaN without one."""
    first = len(run.hidden) - WINDOW_STEPS + int(run.rows[0])
    for end in range(first + 1, len(run.hidden) + 1):
        if detector.score(run, end) > threshold:
            return float(end - first)
    return float("nan")
