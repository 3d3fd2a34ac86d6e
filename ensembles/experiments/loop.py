"""The closed loop, measured: whether `nudge` holds a target and flags stay as promised.

What was played is kept in the run's folder, so that a run that was interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from creativity.assessing import shipped_judge
from creativity.judging import Judge
from ensembles.calibration import run_seed
from ensembles.config import Piece, load_piece
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.loop_flags import (
    DRIVEN,
    DRIVEN_PROMISED_PER_HOUR,
    FLAG_NOTES,
    POLICIES,
    after_table,
    flag_table,
    flagged,
    reach_table,
)
from ensembles.experiments.loop_runs import Move, Played, kept, perform
from musebots.errors import ConfigError
from musebots.messages import Policy

__all__ = ["reached_and_held", "run"]

PIECE = "trio"
TARGETS = (0.3, 0.4, 0.5)
"""Within what all faders together can reach, see the table of that."""
TOLERANCE = 0.1
BEFORE_BARS = 8
REACH_BARS = 8
_TEST_SEED = 555


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_seeds: int
    hold_bars: int
    n_flag_runs: int
    flag_bars: int | None


FULL = _Sizes(n_seeds=5, hold_bars=200, n_flag_runs=16, flag_bars=None)
QUICK = _Sizes(n_seeds=1, hold_bars=8, n_flag_runs=1, flag_bars=8)


def reached_and_held(
    levels: Mapping[int, float], target: float, *, from_bar: int, hold_bars: int
) -> tuple[int | None, float]:
    """After how many bars the target was met, and the share of the bars after that it was held.

    Parameters
    ----------
    levels : mapping of int to float
        By bar.
    target : float
        Met within `TOLERANCE`.
    from_bar : int
        When it was set.
    hold_bars : int
        So many bars are counted, from `REACH_BARS` after it was set.

    Examples
    --------
    >>> levels = dict(enumerate([0.1, 0.2, 0.45, 0.9] + 20 * [0.5]))
    >>> reached_and_held(levels, 0.5, from_bar=1, hold_bars=10)
    (1, 1.0)
    """
    is_met = {bar: abs(level - target) <= TOLERANCE for bar, level in levels.items()}
    after = [bar for bar in sorted(is_met) if bar >= from_bar and is_met[bar]]
    start = from_bar + REACH_BARS
    held = [is_met[bar] for bar in range(start, start + hold_bars) if bar in is_met]
    return (after[0] - from_bar if after else None), float(np.mean(held)) if held else 0.0


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Both halves; a quick run goes through all of it with a few bars."""
    judge = shipped_judge()
    if judge is None:
        raise ConfigError("no assessor comes with this musebots: musebots train steering ROLE")
    sizes = QUICK if settings.is_quick else FULL
    piece = load_piece(PIECE)
    traces: dict[float, list[Played]] = {}
    nudged = _nudged(piece, judge, sizes, settings, traces)
    found = _flagged(piece, judge, sizes, settings, POLICIES, None)
    driven = _flagged(piece, judge, sizes, settings, DRIVEN, DRIVEN_PROMISED_PER_HOUR)
    return ExperimentResult(
        tables=(
            nudged,
            reach_table(found),
            flag_table(found),
            after_table(found),
            flag_table(driven, "driven", DRIVEN_PROMISED_PER_HOUR),
        ),
        plots=(
            Plot(
                "nudge",
                "The band's creativity and its target, bar by bar, for each seed",
                partial(_draw, traces),
                (9.0, 6.0),
            ),
        ),
        notes=(*NOTES, *FLAG_NOTES),
        parameters={
            "piece": PIECE,
            "seeds": sizes.n_seeds,
            "bars held": sizes.hold_bars,
            "tolerance": TOLERANCE,
            "runs a policy": sizes.n_flag_runs,
        },
    )


NOTES = (
    f"Nudge: {BEFORE_BARS} bars as learned, then the target is set. Reached: bars until the level, "
    "the mean of the last eight judgements of two bars each, is within the tolerance for the first "
    f"time. Held: the share of bars within it, from {REACH_BARS} bars after the target was set. "
    "Beside it the same share for the same seeds when nobody steers. The controller was tuned on "
    "other seeds.",
)


def _nudged(
    piece: Piece,
    judge: Judge,
    sizes: _Sizes,
    settings: ExperimentSettings,
    traces: dict[float, list[Played]],
) -> Table:
    bars = BEFORE_BARS + REACH_BARS + sizes.hold_bars + 1
    rows: list[tuple[Cell, ...]] = []
    n_done, n_all = 0, (len(TARGETS) + 1) * sizes.n_seeds

    def played(target: float | None) -> list[Played]:
        nonlocal n_done
        moves = [] if target is None else [(BEFORE_BARS, Policy("nudge", target, TOLERANCE))]
        found = []
        for index in range(sizes.n_seeds):
            score = piece.score(bars=bars, seed=run_seed(_TEST_SEED + settings.seed, index))
            name = f"nudge-{target}-{index}"
            play = partial(perform, piece, score, judge, moves)
            found.append(kept(settings.folder / "runs", name, play))
            n_done += 1
            settings.progress(0.5 * n_done / n_all, "nudge")
        return found

    plain = played(None)
    measure = partial(reached_and_held, from_bar=BEFORE_BARS, hold_bars=sizes.hold_bars)
    for target in TARGETS:
        traces[target] = played(target)
        for index, (one, before) in enumerate(zip(traces[target], plain, strict=True)):
            reach, held = measure(one.levels, target)
            _, by_itself = measure(before.levels, target)
            pushes = [value for of in one.faders.values() for value in of]
            rows.append(
                (
                    target, index, reach, round(held, 3), round(by_itself, 3),
                    round(float(np.mean(list(one.scores.values()))), 3),
                    round(float(np.mean(pushes)) if pushes else 0.0, 2), one.n_halved,
                )
            )  # fmt: skip
    columns = (
        "target", "seed", "bars until reached", "share held", "held by itself", "mean score",
        "mean fader", "taken by the gate",
    )  # fmt: skip
    return Table("nudge", "A target set while the band plays", columns, tuple(rows))


def _flagged(
    piece: Piece,
    judge: Judge,
    sizes: _Sizes,
    settings: ExperimentSettings,
    policies: Mapping[str, Sequence[Move]],
    flags_per_hour: float | None,
) -> dict[str, list[Played]]:
    kind = "flags" if flags_per_hour is None else f"flags{flags_per_hour:g}"

    def play(policy: str, index: int) -> Played:
        seed = run_seed(_TEST_SEED + 1 + settings.seed, index)
        score = piece.score(bars=sizes.flag_bars, seed=seed)
        moves = [move for move in policies[policy] if move[0] < score.n_bars]
        name = f"{kind}-{policy.replace(' ', '-').replace(',', '')}-{index}"
        listened = partial(
            perform, piece, score, judge, moves, is_monitored=True, flags_per_hour=flags_per_hour
        )
        return kept(settings.folder / "runs", name, listened)

    first = 0.5 if flags_per_hour is None else 0.75
    return flagged(
        play,
        sizes.n_flag_runs,
        lambda share, what: settings.progress(first + 0.25 * share, what),
        policies,
    )


def _draw(traces: Mapping[float, Sequence[Played]], figure: Figure) -> None:
    axes = figure.subplots(len(traces), 1, sharex=True, squeeze=False)
    for axis, (target, runs) in zip(axes[:, 0], traces.items(), strict=True):
        for one in runs:
            bars = sorted(one.levels)
            axis.plot(bars, [one.levels[bar] for bar in bars], linewidth=0.8)
        axis.axhspan(target - TOLERANCE, target + TOLERANCE, alpha=0.15)
        axis.axvline(BEFORE_BARS, linewidth=0.8, linestyle=":")
        axis.set_ylabel(f"target {target:g}")
        axis.set_ylim(0, 1)
    axes[-1, 0].set_xlabel("bar")
