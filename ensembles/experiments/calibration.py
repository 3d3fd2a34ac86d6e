"""Whether the monitor keeps what it promises: on held-out runs, over ten hours, and under drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy import stats

from creativity.background import Background, Norm, Setup, load_background, shipped_background
from creativity.calibrating import ERROR_RATES
from creativity.ears import PATIENCE_STEPS
from creativity.flagging import Peaks
from creativity.scoring import Scorer
from ensembles.calibration import calibrate_piece, play_run, run_seed
from ensembles.config import Piece, load_piece
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.detection import auroc
from ensembles.experiments.drifting import drifted
from musebots.errors import BackgroundError
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.vocabulary import ROLES

__all__ = ["run"]

Doubles = npt.NDArray[np.float64]
Scores = Mapping[str, Doubles]

PIECE = "trio"
PROMISES = (1.0, 4.0, 12.0, 60.0)
SPACING_STEPS = 64
HOUR_SECONDS = 3600.0
_TEST_SEED = 777


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_runs: int
    n_drift_runs: int
    n_resamples: int


FULL = _Sizes(n_runs=224, n_drift_runs=24, n_resamples=2000)
QUICK = _Sizes(n_runs=4, n_drift_runs=2, n_resamples=50)
QUICK_BARS = 8


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Play on with the shipped background, and count; a quick run makes a small one first."""
    sizes = QUICK if settings.is_quick else FULL
    piece = load_piece(PIECE)
    bars = QUICK_BARS if settings.is_quick else None
    background = _background(piece, settings)
    scorer = Scorer.of(background)
    seconds_per_step = _seconds_per_step(piece, bars)
    tested: list[Scores] = []
    for index in range(sizes.n_runs):
        seed = run_seed(_TEST_SEED + settings.seed, index)
        tested.append(scorer.scores(play_run(piece, seed=seed, bars=bars)))
        settings.progress(0.6 * (index + 1) / sizes.n_runs, "held-out runs")
    drifts = _drifts(piece, scorer, sizes, settings, bars)
    norms = _norms(background)
    return ExperimentResult(
        tables=(
            _false_alarms(norms, tested, sizes, settings.seed),
            _halves(tested, sizes, settings.seed),
            _promises(norms, tested, background, seconds_per_step),
            _drift_table(norms, {"none": tested, **drifts}, background, seconds_per_step),
        ),
        plots=(
            Plot(
                "p-values",
                "Share of held-out windows with p below a level, against the level",
                partial(_draw, norms, tested),
                (6.0, 5.0),
            ),
        ),
        notes=NOTES,
        parameters={
            "piece": PIECE,
            "held-out runs": sizes.n_runs,
            "hours of music": round(_n_steps(tested) * seconds_per_step / HOUR_SECONDS, 2),
            "background runs": int(background.made["n_runs"]),
            "steps of a window": background.setup.window_steps,
            "steps of a block": background.setup.block_steps,
            "statistic": background.setup.statistic,
        },
    )


NOTES = (
    "Runs have seeds that no background has. All of a run's windows share its harmony and mood, so "
    f"windows are taken {SPACING_STEPS} steps apart and n is divided by the design effect, "
    "estimated from the variance between runs (Kish 1965): the effective n. 'Inside' means inside "
    "the binomial 95 % interval of the nominal rate at that n.",
    "Null against null: the first half of the runs against the second, one score a window; the "
    "interval resamples runs.",
    "A promise is shared equally among the bots and the band; flags are counted as the monitor "
    "raises them, and the upper limit is the one-sided 95 % limit of a Poisson count.",
    "Drift: the background stays as it was calibrated, the band plays otherwise.",
)


def _background(piece: Piece, settings: ExperimentSettings) -> Background:
    if settings.is_quick:
        setup = Setup(window_steps=16, block_steps=32)
        return calibrate_piece(piece, n_runs=6, bars=QUICK_BARS, setup=setup)
    path = shipped_background(PIECE)
    if path is None:
        raise BackgroundError(f"no background was shipped for {PIECE}")
    background = load_background(path)
    networks = {voice.network for voice in background.voices.values()}
    if not networks <= {shipped_checkpoint(role).sha256 for role in ROLES}:
        raise BackgroundError(f"{path} was made for other networks: calibrate {PIECE} anew")
    return background


def _seconds_per_step(piece: Piece, bars: int | None) -> float:
    score = piece.score(bars=bars)
    return score.tempo_map.seconds_at(score.end_tick) / (score.end_tick / 120)


def _norms(background: Background) -> dict[str, Norm]:
    norms = {bot_id: voice.norm for bot_id, voice in background.voices.items()}
    return norms | ({} if background.band is None else {"": background.band})


def _n_steps(tested: Sequence[Scores]) -> int:
    return sum(len(next(iter(scores.values()))) for scores in tested)


def _p_values(norm: Norm, runs: Sequence[Doubles]) -> list[Doubles]:
    """Of windows that are apart from each other, run by run."""
    return [
        np.array([norm.windows.p_value(score) for score in scores[::SPACING_STEPS]])
        for scores in runs
    ]


def _false_alarms(
    norms: Mapping[str, Norm], tested: Sequence[Scores], sizes: _Sizes, seed: int
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for bot_id, norm in norms.items():
        p = _p_values(norm, [scores[bot_id] for scores in tested])
        for rate in ERROR_RATES:
            hits = [np.asarray(of <= rate, np.float64) for of in p]
            n, share = sum(map(len, hits)), float(np.concatenate(hits).mean())
            effective = n / _design_effect(hits)
            low, high = stats.binom.interval(0.95, max(1, round(effective)), rate)
            low, high = low / max(1, round(effective)), high / max(1, round(effective))
            own_low, own_high = _resampled(hits, sizes.n_resamples, seed)
            rows.append(
                (bot_id or "band", rate, share, n, round(effective), float(low), float(high),
                 bool(low <= share <= high), own_low, own_high)
            )  # fmt: skip
    columns = (
        "bot", "nominal", "false alarms", "windows", "effective n", "binomial low",
        "binomial high", "inside", "low (runs resampled)", "high (runs resampled)",
    )  # fmt: skip
    return Table("false_alarms", "False alarms on held-out windows", columns, tuple(rows))


def _design_effect(hits: Sequence[Doubles]) -> float:
    """How much more the mean varies from runs to runs than if windows were independent; >= 1."""
    means = np.array([run.mean() for run in hits])
    n_per_run = float(np.mean([len(run) for run in hits]))
    p = float(np.concatenate(hits).mean())
    if len(hits) < 2 or p in (0.0, 1.0):
        return 1.0
    return max(1.0, float(means.var(ddof=1)) / (p * (1 - p) / n_per_run))


def _resampled(runs: Sequence[Doubles], n_resamples: int, seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean over windows, by resampling runs."""
    rng = np.random.default_rng(seed)
    sums, sizes = np.array([r.sum() for r in runs]), np.array([len(r) for r in runs])
    picks = rng.integers(len(runs), size=(n_resamples, len(runs)))
    means = sums[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _halves(tested: Sequence[Scores], sizes: _Sizes, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    half = len(tested) // 2
    rows: list[tuple[Cell, ...]] = []
    for bot_id in tested[0]:
        runs = [scores[bot_id][::SPACING_STEPS] for scores in tested]
        found = auroc(np.concatenate(runs[:half]), np.concatenate(runs[half:]))
        again = []
        for _ in range(min(200, sizes.n_resamples)):
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


def _n_flags(scores: Doubles, threshold: float, setup: Setup) -> int:
    """Flags of one run, as the monitor raises them."""
    peaks: Peaks[bool] = Peaks(
        threshold, patience_steps=PATIENCE_STEPS, block_steps=setup.block_steps
    )
    n = sum(peaks.add(float(score), True) is not None for score in scores)
    return n + (peaks.finish() is not None)


def _promises(
    norms: Mapping[str, Norm],
    tested: Sequence[Scores],
    background: Background,
    seconds_per_step: float,
) -> Table:
    hours = _n_steps(tested) * seconds_per_step / HOUR_SECONDS
    rows: list[tuple[Cell, ...]] = []
    for promise in PROMISES:
        total = 0
        for bot_id, norm in norms.items():
            share = promise / len(norms)
            threshold = norm.rate.threshold(share, seconds_per_step)
            n = sum(_n_flags(s[bot_id], threshold, background.setup) for s in tested)
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


def _drifts(
    piece: Piece,
    scorer: Scorer,
    sizes: _Sizes,
    settings: ExperimentSettings,
    bars: int | None,
) -> dict[str, list[Scores]]:
    found: dict[str, list[Scores]] = {}
    variants: dict[str, Callable[[Piece], tuple[Piece, float | None]]] = drifted()
    for place, (name, change) in enumerate(variants.items()):
        other, bpm = change(piece)
        runs: list[Scores] = []
        for index in range(sizes.n_drift_runs):
            seed = run_seed(_TEST_SEED + settings.seed, index)
            runs.append(scorer.scores(play_run(other, seed=seed, bars=bars, bpm=bpm)))
        found[name] = runs
        settings.progress(0.6 + 0.4 * (place + 1) / len(variants), f"drift: {name}")
    return found


def _drift_table(
    norms: Mapping[str, Norm],
    drifts: Mapping[str, Sequence[Scores]],
    background: Background,
    seconds_per_step: float,
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, tested in drifts.items():
        hours = _n_steps(tested) * seconds_per_step / HOUR_SECONDS
        for bot_id, norm in norms.items():
            runs = [scores[bot_id] for scores in tested]
            p = np.concatenate(_p_values(norm, runs))
            threshold = norm.rate.threshold(4.0 / len(norms), seconds_per_step)
            n = sum(_n_flags(scores, threshold, background.setup) for scores in runs)
            rows.append(
                (name, bot_id or "band", *(float(np.mean(p <= rate)) for rate in ERROR_RATES),
                 n / hours, 4.0 / len(norms))
            )  # fmt: skip
    columns = (
        "drift", "bot", *(f"p <= {rate:g}" for rate in ERROR_RATES), "flags an hour",
        "promised",
    )  # fmt: skip
    return Table("drift", "When the band plays otherwise than calibrated", columns, tuple(rows))


def _draw(norms: Mapping[str, Norm], tested: Sequence[Scores], figure: Figure) -> None:
    axes = figure.subplots()
    levels = np.geomspace(0.002, 1.0, 60)
    for bot_id, norm in norms.items():
        p = np.concatenate(_p_values(norm, [scores[bot_id] for scores in tested]))
        axes.plot(levels, [np.mean(p <= level) for level in levels], label=bot_id or "band")
    axes.plot(levels, levels, color="black", linewidth=0.8, linestyle="--")
    axes.set(xscale="log", yscale="log", xlabel="level", ylabel="share of windows")
    axes.legend()
