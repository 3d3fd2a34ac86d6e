"""How often windows of normal playing come below a p-value, and whether runs are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from creativity.background import Norm
from creativity.calibrating import ERROR_RATES
from creativity.calibration import design_effect
from ensembles.experiments.base import Cell, Table
from ensembles.experiments.detection import auroc

__all__ = ["SPACING_STEPS", "Scores", "false_alarms_table", "halves_table", "p_values"]

Doubles = npt.NDArray[np.float64]
Scores = Mapping[str, Doubles]
"""Of every window of one run, by bot; the band's id is empty."""

SPACING_STEPS = 64


def p_values(norm: Norm, runs: Sequence[Doubles]) -> list[Doubles]:
    """Of windows that are apart from each other, run by run."""
    return [
        np.array([norm.windows.p_value(score) for score in scores[::SPACING_STEPS]])
        for scores in runs
    ]


def false_alarms_table(
    norms: Mapping[str, Norm], tested: Sequence[Scores], n_resamples: int, seed: int
) -> Table:
    """False alarms of every bot at every nominal rate, with intervals."""
    rows: list[tuple[Cell, ...]] = []
    for bot_id, norm in norms.items():
        p = p_values(norm, [scores[bot_id] for scores in tested])
        for rate in ERROR_RATES:
            hits = [np.asarray(of <= rate, np.float64) for of in p]
            n, share = sum(map(len, hits)), float(np.concatenate(hits).mean())
            effective = n / design_effect(hits)
            low, high = stats.binom.interval(0.95, max(1, round(effective)), rate)
            low, high = low / max(1, round(effective)), high / max(1, round(effective))
            own_low, own_high = _resampled(hits, n_resamples, seed)
            rows.append(
                (bot_id or "band", rate, share, n, round(effective), float(low), float(high),
                 bool(low <= share <= high), own_low, own_high)
            )  # fmt: skip
    columns = (
        "bot", "nominal", "false alarms", "windows", "effective n", "binomial low",
        "binomial high", "inside", "low (runs resampled)", "high (runs resampled)",
    )  # fmt: skip
    return Table("false_alarms", "False alarms on held-out windows", columns, tuple(rows))


def _resampled(runs: Sequence[Doubles], n_resamples: int, seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean over windows, by resampling runs."""
    rng = np.random.default_rng(seed)
    sums, sizes = np.array([r.sum() for r in runs]), np.array([len(r) for r in runs])
    picks = rng.integers(len(runs), size=(n_resamples, len(runs)))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def halves_table(tested: Sequence[Scores], n_resamples: int, seed: int) -> Table:
    """One half of the runs against the other: whether chance alone is told apart."""
    rng = np.random.default_rng(seed)
    half = len(tested) // 2
    rows: list[tuple[Cell, ...]] = []
    for bot_id in tested[0]:
        runs = [scores[bot_id][::SPACING_STEPS] for scores in tested]
        found = auroc(np.concatenate(runs[:half]), np.concatenate(runs[half:]))
        again = []
        for _ in range(min(200, n_resamples)):
            first, second = rng.integers(half, size=half), rng.integers(half, len(runs), size=half)
            again.append(
                auroc(
                    np.concatenate([runs[i] for i in first]),
                    np.concatenate([runs[i] for i in second]),
                )
            )
        low, high = np.quantile(again, (0.025, 0.975))
        near = bool(abs(found - 0.5) <= 0.03)
        rows.append((bot_id or "band", found, float(low), float(high), near))
    columns = ("bot", "AUROC", "low", "high", "within .03 of .50")
    return Table("halves", "Null against null", columns, tuple(rows))
