"""Whether the monitor keeps what it promises: on held-out runs, over ten hours, and under drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from creativity.background import Background, Norm, Setup, load_background, shipped_background
from creativity.calibrating import ERROR_RATES
from creativity.scoring import Scorer
from ensembles.calibration import calibrate_piece, numbered_run
from ensembles.config import Piece, load_piece
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.drifting import drifted
from ensembles.experiments.false_alarms import (
    SPACING_STEPS,
    Scores,
    false_alarms_table,
    halves_table,
    p_values,
)
from ensembles.experiments.promises import hours_of, n_flags, promises_table
from ensembles.rehearsals import Rehearsals, default_jobs
from musebots.errors import BackgroundError
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.vocabulary import ROLES

__all__ = ["run"]


PIECE = "trio"
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
    for scores in _scored(piece, scorer, sizes.n_runs, settings, bars=bars):
        tested.append(scores)
        settings.progress(0.6 * len(tested) / sizes.n_runs, "held-out runs")
    drifts = _drifts(piece, scorer, sizes, settings, bars)
    norms = _norms(background)
    return ExperimentResult(
        tables=(
            false_alarms_table(norms, tested, sizes.n_resamples, settings.seed),
            halves_table(tested, sizes.n_resamples, settings.seed),
            promises_table(norms, tested, background, seconds_per_step),
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
            "hours of music": round(hours_of(tested, seconds_per_step), 2),
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


def _scored(
    piece: Piece,
    scorer: Scorer,
    n_runs: int,
    settings: ExperimentSettings,
    *,
    bars: int | None,
    bpm: float | None = None,
) -> Iterator[Scores]:
    play = partial(numbered_run, piece, _TEST_SEED + settings.seed, bars, bpm)
    with Rehearsals(play, 1 if settings.is_quick else default_jobs()) as rehearsals:
        for scored in rehearsals.scored(n_runs, scorer):
            yield scored.scores


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
        found[name] = list(_scored(other, scorer, sizes.n_drift_runs, settings, bars=bars, bpm=bpm))
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
        hours = hours_of(tested, seconds_per_step)
        for bot_id, norm in norms.items():
            runs = [scores[bot_id] for scores in tested]
            p = np.concatenate(p_values(norm, runs))
            threshold = norm.rate.threshold(4.0 / len(norms), seconds_per_step)
            n = sum(n_flags(scores, threshold, background.setup) for scores in runs)
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
        p = np.concatenate(p_values(norm, [scores[bot_id] for scores in tested]))
        axes.plot(levels, [np.mean(p <= level) for level in levels], label=bot_id or "band")
    axes.plot(levels, levels, color="black", linewidth=0.8, linestyle="--")
    axes.set(xscale="log", yscale="log", xlabel="level", ylabel="share of windows")
    axes.legend()
