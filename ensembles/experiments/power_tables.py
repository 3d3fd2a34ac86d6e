"""What was found of planted deviations, as tables: plants, margins, places and goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ensembles.experiments.base import Cell, Table
from ensembles.experiments.detection import auroc, resampled_aurocs, share_interval
from ensembles.experiments.plants import REFERENCE, SPARSE
from musebots.arrays import FloatArray

__all__ = ["OURS", "SECOND_LOOK", "WITH_NOTES", "Judged", "goals_table", "margins_table",
           "places_table", "power_table"]  # fmt: skip

OURS = "scan, together"
"""The one that the goals are counted for."""
SECOND_LOOK = "second look, learned from plants"
"""Where it is: the goals of places are counted for it."""
WITH_NOTES = "scan, together, and note surprise"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One role: scores by plant and detector; what the scans found; where thresholds lie."""

    scores: Mapping[str, Mapping[str, FloatArray]]
    normal: Mapping[str, FloatArray]
    thresholds: Mapping[str, float]
    overlaps: Mapping[str, Mapping[str, FloatArray]]
    delays: Mapping[str, Mapping[str, FloatArray]]


def power_table(judged: Mapping[str, Judged], n_resamples: int, seed: int) -> Table:
    """AUROC, share found at 1 % false alarms and delay, by role, plant and detector."""
    rows: list[tuple[Cell, ...]] = []
    for role, of in judged.items():
        for plant, scores in of.scores.items():
            samples = resampled_aurocs(of.normal, scores, n_resamples, seed)
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


def margins_table(judged: Mapping[str, Judged], n_resamples: int, seed: int) -> Table:
    """The scan against the baseline that is best at each plant."""
    rows: list[tuple[Cell, ...]] = []
    sparse = {plant.name for plant in SPARSE}
    for role, of in judged.items():
        for plant, scores in of.scores.items():
            samples = resampled_aurocs(of.normal, scores, n_resamples, seed)
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


def places_table(judged: Mapping[str, Judged], seed: int) -> Table:
    """How well the steps and nodes that scans name agree with those planted."""
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


def goals_table(power: Table, margins: Table, places: Table) -> Table:
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
        named = (role, REFERENCE.name, SECOND_LOOK)
        place = next(row for row in places.rows if row[:3] == named)
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
