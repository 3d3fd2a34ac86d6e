"""The paper's four claims, asked again in music: each confirmed or refuted, with its effect size.

Cintas et al., *Towards Creativity Characterization of Generative Models via Group-based Subset
Scanning*, IJCAI 2022. What counts as a creative passage is said in
`ensembles.experiments.passages`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import NullTable, ScanResult, scan_group, scan_individual
from creativity.fitting import fit_innovation
from creativity.scores import Statistic
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Table
from ensembles.experiments.bootstrap import interval
from ensembles.experiments.detection import auroc, resampled_aurocs
from ensembles.experiments.passages import (
    CREATIVE,
    FAILURES,
    KINDS,
    LEAD_IN_STEPS,
    WINDOW_STEPS,
    Passage,
    Stage,
)
from musebots.arrays import FloatArray
from musebots.rnn.vocabulary import ROLES, Role

__all__ = ["PAPER", "run"]

Doubles = npt.NDArray[np.float64]
_SHARES = {"50 %": 16, "10 %": 3, "individual": 1}
_N_RATERS = 10
_N_RATED = 20

PAPER: tuple[tuple[str, str, float | None, float | None, float | None], ...] = (
    ("MNIST", "pixels", 0.971, 0.791, 0.255),
    ("MNIST", "activations", 0.991, 0.972, 0.531),
    ("FMNIST", "pixels", 0.952, 0.743, 0.381),
    ("FMNIST", "activations", 0.990, 0.962, 0.596),
    ("Combo", "pixels", 0.921, 0.713, 0.490),
    ("Combo", "activations", 0.998, 0.949, 0.626),
    ("ArtGAN, best layer", "pixels", 0.762, None, 0.504),
    ("ArtGAN, best layer", "activations", 0.913, None, 0.571),
)
"""The paper's table: AUROC with 50 % and 10 % creative samples in the group, and individually."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_background: int
    n_runs: int
    n_resamples: int


FULL = _Sizes(n_background=240, n_runs=150, n_resamples=1000)
QUICK = _Sizes(n_background=6, n_runs=4, n_resamples=20)


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """One way to look at a run, and how its windows are scanned."""

    name: str
    seen: Callable[[Passage], FloatArray]
    table: NullTable
    statistic: Statistic

    def group(self, run: Passage) -> ScanResult:
        p = self.table.p_values(self.seen(run)[-WINDOW_STEPS:])
        return scan_group(p, statistic=self.statistic, n_starts=1, rng=np.random.default_rng(0))

    def individual(self, run: Passage) -> ScanResult:
        p = self.table.p_values(self.seen(run)[-1])
        return scan_individual(p, statistic=self.statistic)


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """One role: scores by (space, share, kind), and what the scans chose at 50 %."""

    normal: Mapping[tuple[str, str], Doubles]
    scores: Mapping[tuple[str, str, str], Doubles]
    chosen: Mapping[str, Sequence[ScanResult]]
    n_units: int
    novelty: Mapping[str, Doubles]


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Let the networks play passages of every kind, scan them in both spaces, and count."""
    sizes = QUICK if settings.is_quick else FULL
    roles: Sequence[Role] = ("melody",) if settings.is_quick else ROLES
    heard: dict[str, _Heard] = {}
    for index, role in enumerate(roles):
        rng = np.random.default_rng([settings.seed, index])
        heard[role] = _hear(Stage(role), sizes, rng)
        settings.progress((index + 1) / len(roles), role)
    spaces = _spaces_table(heard, sizes, settings.seed)
    sizes_table = _subset_sizes(heard, settings.seed)
    nodes = _nodes(heard, sizes, settings.seed)
    rated = _rated(heard, settings.seed)
    return ExperimentResult(
        tables=(_verdicts(spaces, sizes_table, nodes, rated), spaces, _paper(), sizes_table, nodes,
                rated),
        notes=NOTES,
        parameters={
            "steps of a window": WINDOW_STEPS,
            "runs of a kind": sizes.n_runs,
            "background runs, each half": sizes.n_background,
        },
    )  # fmt: skip


NOTES = (
    "Creative by a definition that knows no activations: a variation of the phrase just played "
    "(upside down; a groove displaced), an excursion into another style, bold choices (temperature "
    "1.6). 'Woken units' is the paper's own way and circular in activation space; noise input and "
    "a stuck note are failures.",
    "The share is that of creative steps in a window of 32: 16, 3, or the last step alone, which "
    "is then scanned by itself.",
    "Activations as in the paper: the network's own, Berk-Jones. As in the monitor: innovations, "
    "Higher Criticism. Notes: pitch classes in key and chord, onsets, holds, intervals, lengths; "
    "for drums strokes, time since the last, and whether a bar is repeated.",
    "SIMULATED RATERS: nobody has listened. Ten simulated raters find a passage creative with a "
    "probability that rises with the share of notes changed from what the bot would have played "
    "as by rote (the novelty of its two-step patterns among normal playing), plus noise of their "
    "own. The table shows how the analysis works and says nothing about people.",
)


def _hear(stage: Stage, sizes: _Sizes, rng: np.random.Generator) -> _Heard:
    fit = [stage.run("normal", 0, rng) for _ in range(sizes.n_background)]
    held = [stage.run("normal", 0, rng) for _ in range(sizes.n_background)]
    stage.measure(fit)
    spaces, known = _spaces(fit, held), _patterns(fit)
    normal_runs = [stage.run("normal", 0, rng) for _ in range(sizes.n_runs)]
    normal: dict[tuple[str, str], Doubles] = {}
    scores: dict[tuple[str, str, str], Doubles] = {}
    chosen: dict[str, list[ScanResult]] = {"normal": []}
    novelty = {"normal": np.array([_novelty(run, known) for run in normal_runs])}
    for space in spaces:
        found = [space.group(run) for run in normal_runs]
        groups = np.array([result.score for result in found])
        normal[space.name, "50 %"] = normal[space.name, "10 %"] = groups
        normal[space.name, "individual"] = np.array(
            [space.individual(r).score for r in normal_runs]
        )
        if space.name == _OURS:
            chosen["normal"] = found
    for kind in KINDS:
        for share, n_steps in _SHARES.items():
            runs = [stage.run(kind, n_steps, rng) for _ in range(sizes.n_runs)]
            for space in spaces:
                scan = space.individual if share == "individual" else space.group
                found = [scan(run) for run in runs]
                scores[space.name, share, kind] = np.array([result.score for result in found])
                if share == "50 %" and space.name == _OURS:
                    chosen[kind] = found
            if share == "50 %":
                novelty[kind] = np.array([_novelty(run, known) for run in runs])
    return _Heard(normal, scores, chosen, fit[0].hidden.shape[1], novelty)


_RAW, _OURS, _NOTES = "activations, as the paper", "activations, as the monitor", "notes"


def _spaces(fit: Sequence[Passage], held: Sequence[Passage]) -> tuple[_Space, ...]:
    innovation = fit_innovation([run.hidden for run in fit])
    views: tuple[tuple[str, Callable[[Passage], FloatArray], Statistic], ...] = (
        (_RAW, lambda run: run.hidden, "berk-jones"),
        (_OURS, lambda run: innovation.apply(run.hidden), "higher-criticism"),
        (_NOTES, lambda run: run.notes, "berk-jones"),
    )
    return tuple(
        _Space(name, seen, NullTable.fit(np.concatenate([seen(run)[16:] for run in held])), how)
        for name, seen, how in views
    )


def _patterns(fit: Sequence[Passage]) -> Counter[bytes]:
    """How often every two-step pattern of notes occurs in normal playing."""
    known: Counter[bytes] = Counter()
    for run in fit:
        known.update(_pairs(run.notes[16:]))
    return known


def _pairs(notes: FloatArray) -> list[bytes]:
    return [notes[i : i + 2].astype(np.int16).tobytes() for i in range(len(notes) - 1)]


def _novelty(run: Passage, known: Counter[bytes]) -> float:
    """How rare the window's two-step patterns of notes are in normal playing, in nats."""
    total = known.total() + 0.5
    rare = [-np.log((known[key] + 0.5) / total) for key in _pairs(run.notes[LEAD_IN_STEPS:])]
    return float(np.mean(rare))


def _spaces_table(heard: Mapping[str, _Heard], sizes: _Sizes, seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, of in heard.items():
        for (space, share, kind), scores in of.scores.items():
            normal = of.normal[space, share]
            samples = resampled_aurocs({"": normal}, {"": scores}, sizes.n_resamples, seed)[""]
            low, high = np.quantile(samples, (0.025, 0.975))
            rows.append((role, kind, share, space, auroc(normal, scores), float(low), float(high)))
    columns = ("role", "passage", "creative steps", "space", "AUROC", "low", "high")
    return Table("spaces", "Claim 1: activation space against note space", columns, tuple(rows))


def _paper() -> Table:
    columns = ("data", "space", "50 %", "10 %", "individual")
    return Table("paper", "The paper's table (AUROC)", columns, PAPER)


def _subset_sizes(heard: Mapping[str, _Heard], seed: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, of in heard.items():
        normal = _cells(of.chosen["normal"])
        for kind in KINDS:
            creative = _cells(of.chosen[kind])
            low, high = _delta_interval(normal, creative, seed)
            rows.append(
                (role, kind, float(np.median(normal)), float(np.median(creative)),
                 2 * auroc(normal, creative) - 1, low, high)
            )  # fmt: skip
    columns = (
        "role", "passage", "cells, normal (median)", "cells, passage (median)", "Cliff's delta",
        "low", "high",
    )  # fmt: skip
    return Table("subset_sizes", "Claim 2: are the subsets larger?", columns, tuple(rows))


def _cells(results: Sequence[ScanResult]) -> Doubles:
    return np.array([result.rows.size * result.columns.size for result in results], np.float64)


def _delta_interval(normal: Doubles, creative: Doubles, seed: int) -> tuple[float, float]:
    samples = resampled_aurocs({"": normal}, {"": creative}, 500, seed)[""]
    low, high = np.quantile(2 * samples - 1, (0.025, 0.975))
    return float(low), float(high)


def _nodes(heard: Mapping[str, _Heard], sizes: _Sizes, seed: int) -> Table:
    """How differently units are chosen: total variation of their shares, against chance."""
    rows: list[tuple[Cell, ...]] = []
    for role, of in heard.items():
        rng = np.random.default_rng(seed)
        normal = _members(of.chosen["normal"], of.n_units)
        for kind in KINDS:
            other = _members(of.chosen[kind], of.n_units)
            distance = _distance(normal, other)
            joined = np.concatenate([normal, other])
            chance = []
            for _ in range(sizes.n_resamples):
                order = rng.permutation(len(joined))
                first, second = order[: len(normal)], order[len(normal) :]
                chance.append(_distance(joined[first], joined[second]))
            p = (1 + sum(value >= distance for value in chance)) / (len(chance) + 1)
            top = np.argsort(-normal.mean(axis=0))[:26], np.argsort(-other.mean(axis=0))[:26]
            overlap = len(set(top[0].tolist()) & set(top[1].tolist())) / 26
            rows.append((role, kind, distance, float(np.mean(chance)), p, overlap))
    columns = (
        "role", "passage", "distance of unit shares", "by chance", "permutation p",
        "overlap of the 26 most chosen",
    )  # fmt: skip
    return Table("nodes", "Claim 3: are other units chosen?", columns, tuple(rows))


def _members(results: Sequence[ScanResult], n_units: int) -> Doubles:
    members = np.zeros((len(results), n_units))
    for row, result in zip(members, results, strict=True):
        row[result.columns] = 1.0 / max(1, result.columns.size)
    return members


def _distance(first: Doubles, second: Doubles) -> float:
    return float(np.abs(first.mean(axis=0) - second.mean(axis=0)).sum() / 2)


def _rated(heard: Mapping[str, _Heard], seed: int) -> Table:
    """Passages chosen by score and at random, as simulated raters would judge them."""
    rows: list[tuple[Cell, ...]] = []
    for index, (role, of) in enumerate(heard.items()):
        rng = np.random.default_rng([seed, 4, index])
        kinds = ("normal", *CREATIVE, *FAILURES)
        scores = np.concatenate(
            [of.normal[_OURS, "50 %"], *(of.scores[_OURS, "50 %", kind] for kind in kinds[1:])]
        )
        novelty = np.concatenate([of.novelty[kind] for kind in kinds])
        middle, spread = np.median(of.novelty["normal"]), of.novelty["normal"].std() + 1e-9
        liking = 1 / (1 + np.exp(-((novelty - middle) / spread - 1.0)))
        rated = rng.random((_N_RATERS, len(liking))) < np.clip(
            liking + rng.normal(0, 0.1, (_N_RATERS, 1)), 0, 1
        )
        n = min(_N_RATED, len(scores) // 2)
        arms = {
            "highest scores": np.argsort(-scores, kind="stable")[:n],
            "at random": rng.choice(len(scores), n, replace=False),
            "lowest scores": np.argsort(scores, kind="stable")[:n],
        }
        for arm, picked in arms.items():
            shares = rated[:, picked].mean(axis=0)
            low, high = interval(
                lambda values: float(np.mean(values)), shares, np.random.default_rng(seed)
            )
            rows.append(("SIMULATED", role, arm, n, float(shares.mean()), low, high))
    columns = ("raters", "role", "passages", "n", "found creative", "low", "high")
    return Table(
        "simulated_ratings", "Claim 4, SIMULATED: what raters say of what the scan chooses",
        columns, tuple(rows),
    )  # fmt: skip


def _verdicts(spaces: Table, sizes: Table, nodes: Table, rated: Table) -> Table:
    """Role by role and passage by passage: how often each claim holds with its interval."""
    rows: list[tuple[Cell, ...]] = []
    found = {row[:4]: row for row in spaces.rows}
    for share in _SHARES:
        for ours in (_RAW, _OURS):
            wins, losses, total, gaps = 0, 0, 0, []
            for role, kind, of_share, space, *_ in spaces.rows:
                if space != ours or of_share != share or kind not in CREATIVE:
                    continue
                own, notes = found[role, kind, share, ours], found[role, kind, share, _NOTES]
                gaps.append(_number(own[4]) - _number(notes[4]))
                total += 1
                wins += _number(own[5]) > _number(notes[6])
                losses += _number(own[6]) < _number(notes[5])
            rows.append(
                ("1: activations tell more than notes", f"{ours}; {share}",
                 f"AUROC {np.mean(gaps):+.3f} on average",
                 f"better in {wins}, worse in {losses} of {total}", _word(wins, losses, total))
            )  # fmt: skip
    larger = [row for row in sizes.rows if row[1] in CREATIVE]
    wins = sum(_number(row[5]) > 0 for row in larger)
    losses = sum(_number(row[6]) < 0 for row in larger)
    rows.append(
        ("2: creative subsets are larger", "monitor's scan; 50 %",
         f"Cliff's delta {np.mean([_number(row[4]) for row in larger]):+.2f} on average",
         f"larger in {wins}, smaller in {losses} of {len(larger)}",
         _word(wins, losses, len(larger)))
    )  # fmt: skip
    other = [row for row in nodes.rows if row[1] in CREATIVE]
    wins = sum(_number(row[4]) <= 0.05 for row in other)
    gap = np.mean([_number(row[2]) - _number(row[3]) for row in other])
    rows.append(
        ("3: other units for creative passages", "monitor's scan; 50 %",
         f"distance {gap:+.3f} beyond chance on average", f"apart in {wins} of {len(other)}",
         _word(wins, 0, len(other)))
    )  # fmt: skip
    by_arm = {(row[1], row[2]): _number(row[4]) for row in rated.rows}
    roles = sorted({str(row[1]) for row in rated.rows})
    gap = np.mean([by_arm[r, "highest scores"] - by_arm[r, "at random"] for r in roles])
    rows.append(
        ("4: people find creative what the scan chooses", "SIMULATED raters, no people",
         f"{gap:+.2f} over passages at random", "says nothing about people", "open")
    )  # fmt: skip
    columns = ("claim", "where", "effect", "count", "verdict")
    return Table("verdicts", "The four claims in music", columns, tuple(rows))


def _number(cell: Cell) -> float:
    if not isinstance(cell, int | float):
        raise TypeError(f"not a number: {cell!r}")
    return float(cell)


def _word(n_true: int, n_opposite: int, n: int) -> str:
    """A verdict over n cases, of which some are apart in the claim's way, or the other way."""
    if n_true >= 0.8 * n:
        return "confirmed"
    if n_true > n_opposite:
        return "holds in part"
    return "refuted" if n_opposite else "not shown"
