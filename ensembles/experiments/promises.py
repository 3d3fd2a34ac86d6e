"""How many false flags an hour are raised, and how many were promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from creativity.background import Background, Norm, Setup
from creativity.ears import PATIENCE_STEPS
from creativity.flagging import Peaks
from ensembles.experiments.base import Cell, Table
from ensembles.experiments.false_alarms import Scores

__all__ = ["hours_of", "n_flags", "promises_table"]

Doubles = npt.NDArray[np.float64]

PROMISES = (1.0, 4.0, 12.0, 60.0)
HOUR_SECONDS = 3600.0


def hours_of(tested: Sequence[Scores], seconds_per_step: float) -> float:
    """How much music these scores are of, in hours."""
    n_steps = sum(len(next(iter(scores.values()))) for scores in tested)
    return n_steps * seconds_per_step / HOUR_SECONDS


def n_flags(scores: Doubles, threshold: float, setup: Setup) -> int:
    """Flags of one run, as the monitor raises them."""
    peaks: Peaks[bool] = Peaks(
        threshold, patience_steps=PATIENCE_STEPS, block_steps=setup.block_steps
    )
    n = sum(peaks.add(float(score), True) is not None for score in scores)
    return n + (peaks.finish() is not None)


def promises_table(
    norms: Mapping[str, Norm],
    tested: Sequence[Scores],
    background: Background,
    seconds_per_step: float,
) -> Table:
    """Flags of every bot over all runs, at thresholds for several promises."""
    hours = hours_of(tested, seconds_per_step)
    rows: list[tuple[Cell, ...]] = []
    for promise in PROMISES:
        total = 0
        for bot_id, norm in norms.items():
            share = promise / len(norms)
            threshold = norm.rate.threshold(share, seconds_per_step)
            n = sum(n_flags(s[bot_id], threshold, background.setup) for s in tested)
            total += n
            rows.append(_promise_row(promise, bot_id or "band", share, n, hours, threshold))
        rows.append(_promise_row(promise, "all", promise, total, hours, None))
    columns = (
        "promised in all, an hour", "bot", "its share", "flags", "hours", "flags an hour",
        "upper limit", "kept", "threshold",
    )  # fmt: skip
    return Table("promises", "False flags an hour", columns, tuple(rows))


def _promise_row(
    promise: float, who: str, share: float, n: int, hours: float, threshold: float | None
) -> tuple[Cell, ...]:
    upper = float(stats.chi2.ppf(0.95, 2 * n + 2)) / 2 / hours
    shown = threshold if threshold is not None and np.isfinite(threshold) else None
    return (promise, who, share, n, hours, n / hours, upper, n / hours <= share, shown)
