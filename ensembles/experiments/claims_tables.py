"""The paper's claims as tables: spaces, sizes of subsets, chosen units, ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from creativity import ScanResult
from ensembles.experiments.base import Cell, Table
from ensembles.experiments.bootstrap import interval
from ensembles.experiments.detection import auroc, resampled_aurocs
from ensembles.experiments.passages import CREATIVE, FAILURES, KINDS
from ensembles.experiments.scanned_passages import OURS, Heard

__all__ = ["PAPER", "nodes_table", "paper_table", "rated_table", "sizes_table", "spaces_table"]

Doubles = npt.NDArray[np.float64]
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


def spaces_table(heard: Mapping[str, Heard], n_resamples: int, seed: int) -> Table:
    """How well each space tells each kind of passage from normal playing."""
    rows: list[tuple[Cell, ...]] = []
    for role, of in heard.items():
        for (space, share, kind), scores in of.scores.items():
            normal = of.normal[space, share]
            samples = resampled_aurocs({"": normal}, {"": scores}, n_resamples, seed)[""]
            low, high = np.quantile(samples, (0.025, 0.975))
            rows.append((role, kind, share, space, auroc(normal, scores), float(low), float(high)))
    columns = ("role", "passage", "creative steps", "space", "AUROC", "low", "high")
    return Table("spaces", "Claim 1: activation space against note space", columns, tuple(rows))


def paper_table() -> Table:
    """The paper's own figures."""
    columns = ("data", "space", "50 %", "10 %", "individual")
    return Table("paper", "The paper's table (AUROC)", columns, PAPER)


def sizes_table(heard: Mapping[str, Heard], seed: int) -> Table:
    """How many cells the subsets have, against those of normal playing."""
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


def nodes_table(heard: Mapping[str, Heard], n_resamples: int, seed: int) -> Table:
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
            for _ in range(n_resamples):
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


def rated_table(heard: Mapping[str, Heard], seed: int) -> Table:
    """Passages chosen by score and at random, as simulated raters would judge them."""
    rows: list[tuple[Cell, ...]] = []
    for index, (role, of) in enumerate(heard.items()):
        rng = np.random.default_rng([seed, 4, index])
        kinds = ("normal", *CREATIVE, *FAILURES)
        scores = np.concatenate(
            [of.normal[OURS, "50 %"], *(of.scores[OURS, "50 %", kind] for kind in kinds[1:])]
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
