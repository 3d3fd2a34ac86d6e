"""What the scan finds of deviations that were planted, and what simpler scores find of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.detection import auroc, resampled_aurocs, share_interval
from ensembles.experiments.detectors import Detector, Scan, TogetherScan, baselines, scans
from ensembles.experiments.planting import NORMAL, WINDOW_STEPS, Plant, Planted, Source
from ensembles.experiments.power_plots import overview
from musebots.arrays import FloatArray
from musebots.rnn.vocabulary import ROLES, Role

__all__ = ["OURS", "PLANTS", "REFERENCE", "SPARSE", "run"]

REFERENCE = Plant("injection", 0.2, 0.10, 0.25)
SPARSE = (
    Plant("injection", 0.05, 0.02, 0.25),
    Plant("injection", 0.05, 0.05, 0.25),
    Plant("injection", 0.05, 0.10, 0.25),
    Plant("injection", 0.1, 0.10, 0.25),
    REFERENCE,
    Plant("injection", 0.4, 0.10, 0.25),
    Plant("injection", 0.2, 0.02, 0.125),
    Plant("injection", 0.2, 0.05, 0.25),
    Plant("injection", 0.2, 0.25, 0.25),
    Plant("injection", 0.2, 0.10, 0.125),
    Plant("injection", 0.2, 0.10, 0.5),
    Plant("injection in range", 0.1, 0.02, 0.25),
    Plant("injection in range", 0.2, 0.05, 0.25),
    Plant("injection in range", 0.2, 0.10, 0.25),
    Plant("injection in range", 0.4, 0.10, 0.5),
    Plant("co-activation", 0.1, 0.05, 0.25),
    Plant("co-activation", 0.2, 0.10, 0.25),
)
PLANTS = (
    *SPARSE,
    Plant("injection", 0.1, 1.0, 1.0),
    Plant("temperature", 1.3),
    Plant("temperature", 1.6),
    Plant("style"),
    Plant("noise input"),
    Plant("stuck note", step_share=0.5),
)
OURS = "scan, together"
"""The one that the goals are counted for."""
WITH_NOTES = "scan, together, and note surprise"
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
    OURS,
)  # fmt: skip
_TIMED = (
    "scan, raw, Higher Criticism", "scan, conditional",
    "scan, lasting innovation, Higher Criticism", OURS, "mean |residual|", "ECOD",
    "CUSUM, worst node", "CUSUM, all nodes",
)  # fmt: skip
_FALSE_ALARMS = 0.01
_Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_background: int
    background_steps: int
    n_tune: int
    n_runs: int
    n_resamples: int


FULL = _Sizes(n_background=100, background_steps=256, n_tune=300, n_runs=150, n_resamples=1000)
QUICK = _Sizes(n_background=3, background_steps=48, n_tune=6, n_runs=3, n_resamples=20)
QUICK_PLANTS = (REFERENCE, Plant("temperature", 1.6), Plant("stuck note", step_share=0.5))


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """One role: scores by plant and detector; what the scans found; where thresholds lie."""

    scores: Mapping[str, Mapping[str, FloatArray]]
    normal: Mapping[str, FloatArray]
    thresholds: Mapping[str, float]
    overlaps: Mapping[str, Mapping[str, FloatArray]]
    delays: Mapping[str, Mapping[str, FloatArray]]


def run(
    settings: ExperimentSettings, checkpoints: Mapping[Role, Path] | None = None
) -> ExperimentResult:
    """Plant, score, count; with other checkpoints than the shipped ones if they are given."""
    sizes = QUICK if settings.is_quick else FULL
    roles: Sequence[Role] = ("bass",) if settings.is_quick else ROLES
    plants = QUICK_PLANTS if settings.is_quick else PLANTS
    digests: dict[str, str] = {}
    judged: dict[str, _Judged] = {}
    for index, role in enumerate(roles):
        source = Source(role, (checkpoints or {}).get(role))
        if checkpoints and role in checkpoints:
            digests[f"{role} of this experiment"] = source.checkpoint.sha256
        rng = np.random.default_rng([settings.seed, index])

        def tell(share: float, index: int = index, role: str = role) -> None:
            settings.progress((index + share) / len(roles), role)

        judged[role] = _judge(source, plants, sizes, rng, tell)
    power = _power(judged, sizes, settings.seed)
    margins = _margins(judged, sizes, settings.seed)
    places = _places(judged, settings.seed)
    return ExperimentResult(
        tables=(_goals(power, margins, places), margins, power, places),
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
    "Tried for the recall of nodes: size penalties, Higher Criticism, a column for each tail, "
    "innovations of 1, 4 and 8 steps, and to choose nodes by their mean innovation over the true "
    "steps (melody: recall .64 at precision .46): most pushed nodes stay where normal playing is.",
    "Temperature changes which notes are drawn, and hardly how the network goes on from them, so "
    "the surprise of the notes says most about it.",
)


def _judge(source: Source, plants: Sequence[Plant], sizes: _Sizes, rng: np.random.Generator,
           tell: _Tell) -> _Judged:  # fmt: skip
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
    locators: dict[str, Scan | TogetherScan] = {**own, OURS: together}
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
    return _Judged(scores, normal, thresholds, overlaps, delays)


def _tell_all(
    run: Planted, detectors: Sequence[Detector], locators: Mapping[str, Scan | TogetherScan]
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Of one run: each detector's score, and how well the scans found the place."""
    end = len(run.hidden)
    scores, overlaps = {}, {}
    for detector in detectors:
        scores[detector.name] = detector.score(run, end)
        if detector.name in _LOCATING:
            overlaps[detector.name] = _overlap(locators[detector.name], run)
    return scores, overlaps


def _threshold(scores: FloatArray) -> float:
    """Exceeded by a normal window in at most 1 of 100: the conformal quantile."""
    rank = max(1, int(_FALSE_ALARMS * (len(scores) + 1)))
    return float(np.sort(scores)[-rank])


def _overlap(scan: Scan | TogetherScan, run: Planted) -> list[float]:
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


def _power(judged: Mapping[str, _Judged], sizes: _Sizes, seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, of in judged.items():
        for plant, scores in of.scores.items():
            samples = resampled_aurocs(of.normal, scores, sizes.n_resamples, seed)
            for name, values in scores.items():
                low, high = np.quantile(samples[name], (0.025, 0.975))
                delays = of.delays.get(plant, {}).get(name, np.full(1, np.nan))
                delay = float(np.nanmedian(delays)) if np.isfinite(delays).any() else None
                rows.append(
                    (role, plant, name, auroc(of.normal[name], values), float(low), float(high),
                     float(np.mean(values > of.thresholds[name])), delay)
                )  # fmt: skip
    columns = (
        "role", "plant", "detector", "AUROC", "low", "high", "TPR at 1 %", "median delay (steps)",
    )  # fmt: skip
    return Table("power", "Every plant, every detector", columns, tuple(rows))


def _margins(judged: Mapping[str, _Judged], sizes: _Sizes, seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    sparse = {plant.name for plant in SPARSE}
    for role, of in judged.items():
        for plant, scores in of.scores.items():
            samples = resampled_aurocs(of.normal, scores, sizes.n_resamples, seed)
            values = {name: auroc(of.normal[name], found) for name, found in scores.items()}
            rivals = {name: value for name, value in values.items() if not name.startswith("scan")}
            best = max(rivals, key=lambda name: rivals[name])
            is_sparse = plant in sparse
            for ours in (OURS, WITH_NOTES):
                low, high = np.quantile(samples[ours] - samples[best], (0.025, 0.975))
                margin = values[ours] - values[best]
                wanted = margin >= 0.03 and low > 0 if is_sparse else margin >= -0.02
                rows.append(
                    (role, plant, "sparse" if is_sparse else "other", ours, values[ours], best,
                     values[best], margin, float(low), float(high), bool(wanted))
                )  # fmt: skip
    columns = (
        "role", "plant", "kind", "scan", "AUROC", "best baseline", "its AUROC", "margin", "low",
        "high", "goal reached",
    )  # fmt: skip
    return Table("margins", "The scan against the best baseline", columns, tuple(rows))


def _places(judged: Mapping[str, _Judged], seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, of in judged.items():
        for plant, by_scan in of.overlaps.items():
            for name, shares in by_scan.items():
                if np.isnan(shares).all():
                    continue
                means = [float(m) if np.isfinite(m) else None for m in shares.mean(axis=0)]
                row = share_interval(shares[:, 2], seed)
                node = share_interval(shares[:, 5], seed) if means[5] is not None else (None, None)
                rows.append((role, plant, name, *means[:3], *row, *means[3:], *node))
    columns = (
        "role", "plant", "scan", "row precision", "row recall", "row Jaccard", "row low",
        "row high", "node precision", "node recall", "node Jaccard", "node low", "node high",
    )  # fmt: skip
    return Table("places", "Which steps and nodes are found", columns, tuple(rows))


def _goals(power: Table, margins: Table, places: Table) -> Table:
    """What was to be reached, role by role, at the reference plant and over all plants."""
    rows: list[tuple[Cell, ...]] = []
    for role in sorted({str(row[0]) for row in power.rows}):
        reference = next(row for row in power.rows if row[:3] == (role, REFERENCE.name, OURS))
        found = reference[3]
        rows.append((role, "AUROC on the reference plant", ">= .95", found, _at_least(found, 0.95)))
        for kind, goal in (("sparse", ">= .03 over the best"), ("other", "within .02 of the best")):
            own = [row for row in margins.rows if (row[0], row[2], row[3]) == (role, kind, OURS)]
            n = sum(bool(row[-1]) for row in own)
            rows.append((role, f"{kind} plants", goal, f"{n} of {len(own)}", n == len(own)))
        place = next(row for row in places.rows if row[:3] == (role, REFERENCE.name, OURS))
        for what, column, least in (
            ("row Jaccard", 5, 0.7), ("node recall", 9, 0.9), ("node precision", 8, 0.5),
        ):  # fmt: skip
            share = place[column]
            rows.append((role, f"{what} on the reference plant", f">= {least:g}", share,
                         _at_least(share, least)))  # fmt: skip
    columns = ("role", "what", "to reach", "found", "reached")
    return Table("goals", "What was to be reached", columns, tuple(rows))


def _at_least(value: Cell, goal: float) -> bool:
    return isinstance(value, float) and value >= goal
