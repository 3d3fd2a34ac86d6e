"""From runs of normal playing to a background: fitted, tabulated, calibrated and tested, by run.

No run is used twice: innovations are fitted on some, order statistics are taken from others,
scores from others still, and what the background promises is counted on the last ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from creativity.background import BAND, Background, Norm, Setup, Voice, halved
from creativity.calibration import RateNull, WindowNull, block_maxima, design_effect
from creativity.collecting import Playing
from creativity.fitting import fit_innovation
from creativity.innovation import Innovation
from creativity.scoring import Run, Scored, Scorer, networks_of
from creativity.tables import NullTable
from musebots.arrays import FloatArray
from musebots.errors import BackgroundError

__all__ = ["ERROR_RATES", "InTurn", "Plan", "Source", "calibrate"]

Doubles = npt.NDArray[np.float64]

ERROR_RATES = (0.01, 0.05, 0.1)
N_THRESHOLDS = 32
MOST_TO_FIT = 24
STRIDES = (17, 37, 67, 101)
"""Primes: windows that are kept lie at every place of a bar."""
RUNS_PER_STRIDE = 6
ALIKE_SHARE = 0.05
"""How alike the blocks of a run are is measured at the score that so many of them exceed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many runs each purpose gets, and how windows are scanned.

    Parameters
    ----------
    n_fit, n_table, n_tune, n_test : int
        Runs for innovations, order statistics, scores, and for counting what is promised.
    setup : Setup
    stride : int
        Every so manieth window's score is kept for p-values; best prime to the bar's length.
    flags_per_hour, seconds_per_step : float
        What the test counts flags at.
    """

    n_fit: int
    n_table: int
    n_tune: int
    n_test: int
    setup: Setup = field(default_factory=Setup)
    stride: int = 17
    flags_per_hour: float = 4.0
    seconds_per_step: float = 0.15

    def __post_init__(self) -> None:
        for name in ("n_fit", "n_table", "n_tune", "n_test", "stride"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, got {getattr(self, name)}")

    @property
    def n_runs(self) -> int:
        """All runs."""
        return self.n_fit + self.n_table + self.n_tune + self.n_test

    @classmethod
    def of(cls, n_runs: int, **more: Any) -> Plan:
        """Share out `n_runs`: three of twenty, 24 at most, each to fit and table, two to test.

        The rest tunes: the rarer what is promised, the more runs that takes. The more there are,
        the fewer windows of each are kept.

        Raises
        ------
        ValueError
            If there are fewer than four.
        """
        if n_runs < 4:
            raise ValueError(f"calibrating takes at least 4 runs, got {n_runs}")
        n_fit = n_table = max(1, min(MOST_TO_FIT, 3 * n_runs // 20))
        n_test = max(1, n_runs // 10)
        n_tune = n_runs - n_fit - n_table - n_test
        stride = next((s for s in STRIDES if s * RUNS_PER_STRIDE >= n_tune), STRIDES[-1])
        return cls(n_fit, n_table, n_tune, n_test, **{"stride": stride, **more})


class Source(Protocol):
    """Where runs of normal playing come from, each of them once."""

    def runs(self, n: int) -> Iterator[Run]:
        """The next `n` runs, in order."""

    def scored(self, n: int, scorer: Scorer) -> Iterator[Scored]:
        """The scores of the next `n` runs, in order."""


class InTurn:
    """Runs from an iterator, scored here, one after the other."""

    def __init__(self, runs: Iterator[Run]) -> None:
        self._runs = runs

    def runs(self, n: int) -> Iterator[Run]:
        """The next `n` runs."""
        return islice(self._runs, n)

    def scored(self, n: int, scorer: Scorer) -> Iterator[Scored]:
        """The scores of the next `n` runs."""
        return map(scorer.scored, islice(self._runs, n))


def calibrate(
    source: Source,
    plan: Plan,
    *,
    piece: str,
    made: Mapping[str, Any],
    on_progress: Callable[[float], None] = lambda share: None,
) -> Background:
    """Make a background from runs of normal playing.

    Parameters
    ----------
    source : Source
        Of at least ``plan.n_runs`` runs, each with the same bots.
    plan : Plan
    piece : str
        Its name, for people.
    made : mapping
        What is to be remembered of how it was made.
    on_progress : callable
        Hears the share done, 0..1.

    Raises
    ------
    BackgroundError
        If a bot told no activations, or its network is not the same in all runs.
    """
    checked = _Checked(plan.n_runs, on_progress)
    innovations, told = _fitted(checked.runs(source.runs(plan.n_fit)))
    tables = _tables(innovations, checked.runs(source.runs(plan.n_table)))
    scorer = Scorer(innovations, tables, plan.setup)
    tune = list(checked.scores(source.scored(plan.n_tune, scorer)))
    norms = {bot_id: _norm([run[bot_id] for run in tune], plan) for bot_id in tune[0]}
    test = list(checked.scores(source.scored(plan.n_test, scorer)))
    voices = {
        bot_id: Voice(
            bot_id,
            of.network,
            of.layer,
            innovations[bot_id],
            tables[bot_id],
            norms[bot_id],
            surprise=float(of.surprise.mean()),
        )
        for bot_id, of in told.items()
    }
    held_out = {
        bot_id or "band": _held_out(norms[bot_id], [run[bot_id] for run in test], plan)
        for bot_id in norms
    }
    shares = {
        "fit": plan.n_fit, "table": plan.n_table, "tune": plan.n_tune, "test": plan.n_test,
    }  # fmt: skip
    return Background(
        piece,
        plan.setup,
        voices,
        norms.get(BAND),
        {**made, "runs": shares, "held_out": held_out},
    )


class _Checked:
    """Runs and scores as they come, counted, and made sure to be of the same networks."""

    def __init__(self, n_runs: int, on_progress: Callable[[float], None]) -> None:
        self._n_runs = n_runs
        self._n_taken = 0
        self._networks: Mapping[str, str] = {}
        self._on_progress = on_progress

    def runs(self, runs: Iterator[Run]) -> Iterator[Run]:
        for run in runs:
            self._check(networks_of(run))
            yield run

    def scores(self, scored: Iterator[Scored]) -> Iterator[Mapping[str, Doubles]]:
        for one in scored:
            self._check(one.networks)
            yield one.scores

    def _check(self, networks: Mapping[str, str]) -> None:
        self._networks = self._networks or networks
        if not networks:
            raise BackgroundError("no bot of this piece tells its activations: none to monitor")
        if networks != self._networks:
            raise BackgroundError("the bots' networks are not the same in all runs")
        self._n_taken += 1
        self._on_progress(self._n_taken / self._n_runs)


def _fitted(runs: Iterator[Run]) -> tuple[dict[str, Innovation], dict[str, Playing]]:
    """Each bot's innovation, and all that it told, joined."""
    kept = list(runs)
    innovations, told = {}, {}
    for bot_id in sorted(kept[0]):
        of = [run[bot_id] for run in kept]
        innovations[bot_id] = halved(fit_innovation([playing.hidden for playing in of]))
        told[bot_id] = Playing(
            of[0].network,
            of[0].layer,
            np.concatenate([playing.ticks for playing in of]),
            of[0].hidden[:0],
            np.concatenate([playing.surprise for playing in of]),
        )
    return innovations, told


def _tables(innovations: Mapping[str, Innovation], runs: Iterator[Run]) -> dict[str, NullTable]:
    """Each bot's order statistics, of equally many steps, so that they can be joined."""
    told: dict[str, list[FloatArray]] = {bot_id: [] for bot_id in innovations}
    for run in runs:
        n_steps = min(len(playing.hidden) for playing in run.values())
        for bot_id, innovation in innovations.items():
            told[bot_id].append(innovation.apply(run[bot_id].hidden[:n_steps]))
    return {
        bot_id: NullTable.fit(np.concatenate(rows), n_thresholds=N_THRESHOLDS)
        for bot_id, rows in told.items()
    }


def _norm(runs: Sequence[Doubles], plan: Plan) -> Norm:
    kept = np.concatenate([run[:: plan.stride] for run in runs]).astype(np.float32)
    maxima = block_maxima(runs, plan.setup.block_steps)
    if not kept.size or not maxima.size:
        raise BackgroundError(
            f"runs must be longer than {plan.setup.window_steps + plan.setup.block_steps} steps, a "
            "window and a block: play more bars"
        )
    high = np.quantile(maxima, 1 - ALIKE_SHARE)
    hits = [(block_maxima([run], plan.setup.block_steps) > high).astype(np.float64) for run in runs]
    return Norm(
        WindowNull(kept.astype(np.float64)),
        RateNull(
            maxima.astype(np.float32).astype(np.float64),
            plan.setup.block_steps,
            float(np.float32(design_effect(hits))),
        ),
    )


def _held_out(norm: Norm, runs: Sequence[Doubles], plan: Plan) -> dict[str, float | int]:
    """What was counted on runs that nothing was fitted to."""
    p = np.array([norm.windows.p_value(s) for run in runs for s in run[:: plan.stride]])
    threshold = norm.rate.threshold(plan.flags_per_hour, plan.seconds_per_step)
    maxima = block_maxima(runs, plan.setup.block_steps)
    hours = maxima.size * plan.setup.block_steps * plan.seconds_per_step / 3600
    exceeded = int(np.count_nonzero(maxima > threshold))
    return {
        "n_windows": int(p.size),
        **{f"false_alarms_at_{rate:g}": round(float(np.mean(p <= rate)), 4)
           for rate in ERROR_RATES},
        "hours": round(hours, 3),
        "flags_per_hour": round(exceeded / hours, 3) if hours else math.nan,
        "flags_per_hour_promised": plan.flags_per_hour,
    }  # fmt: skip
