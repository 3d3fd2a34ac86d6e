"""The closed loop, measured: whether `nudge` holds a target and flags stay as promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from creativity.assessing import shipped_judge
from creativity.judging import Judge
from creativity.monitor import Monitor
from creativity.steerer import Steerer
from director.score import Score
from ensembles.calibration import run_seed
from ensembles.config import Piece, load_piece
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.monitoring import MONITOR_ID, monitor_of
from ensembles.rendering import Guest, perform_here
from ensembles.steering import STEERER_ID
from musebots.errors import ConfigError
from musebots.messages import Assessed, Fader, Message, Policy, Steered
from musebots.musebot import Musebot
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

__all__ = ["Played", "perform", "reached_and_held", "run"]

PIECE = "trio"
TARGETS = (0.35, 0.45, 0.55)
TOLERANCE = 0.1
BEFORE_BARS = 8
REACH_BARS = 8
HOUR_SECONDS = 3600.0
LEVELS = (0.05, 0.01)
_TEST_SEED = 555

POLICIES: dict[str, tuple[Message, ...]] = {
    "off": (Policy("off"),),
    "fader at rest": (),
    "fader +1": (Fader("", 1.0),),
    "fader -1": (Fader("", -1.0),),
    "nudge to 0.5": (Policy("nudge", 0.5),),
    "insist on 0.6": (Policy("insist", 0.6),),
    "encourage": (Policy("encourage"),),
    "encourage, units": (Policy("encourage", means="units"),),
    "damp": (Policy("damp"),),
}


@dataclass(frozen=True, slots=True)
class _Sizes:
    n_seeds: int
    hold_bars: int
    n_flag_runs: int
    flag_bars: int | None


FULL = _Sizes(n_seeds=5, hold_bars=200, n_flag_runs=12, flag_bars=None)
QUICK = _Sizes(n_seeds=1, hold_bars=8, n_flag_runs=1, flag_bars=8)


@dataclass(slots=True)
class Played:
    """What came of a performance.

    Attributes
    ----------
    levels : dict of int to float
        The band's creativity as the policy sees it, by the bar that it was known before.
    scores : dict of int to float
        That of each two bars by themselves.
    faders : dict of str to list of float
        What was in force, bar by bar, by bot.
    n_flags, n_halved : int
        Flags of the monitor; how often the gate took something.
    p_values : list of float
        Of every window that the monitor scanned.
    seconds : float
        Of music.
    """

    levels: dict[int, float] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    faders: dict[str, list[float]] = field(default_factory=dict)
    n_flags: int = 0
    n_halved: int = 0
    seconds: float = 0.0
    p_values: list[float] = field(default_factory=list)


class Hand(Musebot):
    """Sends messages at bars: whoever turns the knobs in this experiment."""

    role = "listener"

    def __init__(self, moves: Sequence[tuple[int, Message]]) -> None:
        super().__init__()
        self._moves = moves

    async def play(self) -> None:
        for bar, message in self._moves:
            await self.clock.until_tick(self.clock.meter_map.bar_tick(bar) - 1440)
            self.tell(message)


def perform(
    piece: Piece,
    score: Score,
    judge: Judge,
    moves: Sequence[tuple[int, Message]] = (),
    *,
    is_monitored: bool = False,
) -> Played:
    """Play a score offline with a steerer, and a monitor if asked for, while a hand moves."""
    played = Played()
    meters = score.meter_map

    def hear(news: Message, tick: int) -> None:
        if isinstance(news, Assessed) and not news.bot_id:
            bar = meters.bar_at(news.end_tick)
            played.levels[bar], played.scores[bar] = news.level, news.score
        elif isinstance(news, Steered):
            played.faders.setdefault(news.bot_id, []).append(news.value)

    async def session() -> None:
        steerer = Steerer()
        steerer.judge = judge
        guests = {"hand": Guest(Hand(moves)), STEERER_ID: Guest(steerer)}
        if is_monitored:
            spec = monitor_of(piece, is_wanted=True)
            assert spec is not None
            monitor = Monitor()
            monitor.on_scanned = lambda scanned, _: played.p_values.append(scanned.p_value)
            guests[MONITOR_ID] = Guest(monitor, spec.settings)
        report = await perform_here(
            piece, score, [], network=LoopbackNetwork(), listeners=guests, on_steering=hear
        )
        played.n_flags, played.seconds = len(report.flags), report.music_seconds
        played.n_halved = sum("allowed" in action.why for action in report.actions)

    run_offline(session())
    return played


def reached_and_held(
    levels: dict[int, float], target: float, *, from_bar: int, hold_bars: int
) -> tuple[int | None, float]:
    """After how many bars the target was met, and the share of the bars after that it was held.

    Parameters
    ----------
    levels : dict of int to float
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
    flagged = _flagged(piece, judge, sizes, settings)
    return ExperimentResult(
        tables=(nudged, flagged),
        plots=(
            Plot(
                "nudge",
                "The band's creativity and its target, bar by bar, for each seed",
                partial(_draw, traces),
                (9.0, 6.0),
            ),
        ),
        notes=NOTES,
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
    "Beside it the same share for the same seeds when nobody steers.",
    "Flags: the monitor listens with the shipped background, which knows nothing of steering; the "
    "upper limit is the one-sided 95 % limit of a Poisson count. Detection is on clean hidden "
    "states, but what was played goes back into the networks, so a policy can change the rate.",
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

    def played(moves: Sequence[tuple[int, Message]]) -> list[Played]:
        nonlocal n_done
        found = []
        for index in range(sizes.n_seeds):
            seed = run_seed(_TEST_SEED + settings.seed, index)
            score = piece.score(bars=bars, seed=seed)
            found.append(perform(piece, score, judge, moves))
            n_done += 1
            settings.progress(0.5 * n_done / n_all, "nudge")
        return found

    plain = played(())
    measure = partial(reached_and_held, from_bar=BEFORE_BARS, hold_bars=sizes.hold_bars)
    for target in TARGETS:
        runs = played([(BEFORE_BARS, Policy("nudge", target, TOLERANCE))])
        traces[target] = runs
        for index, (one, before) in enumerate(zip(runs, plain, strict=True)):
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


def _flagged(piece: Piece, judge: Judge, sizes: _Sizes, settings: ExperimentSettings) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for done, (name, moves) in enumerate(POLICIES.items()):
        n_flags, seconds = 0, 0.0
        p_values: list[float] = []
        for index in range(sizes.n_flag_runs):
            seed = run_seed(_TEST_SEED + 1 + settings.seed, index)
            score = piece.score(bars=sizes.flag_bars, seed=seed)
            at = [(0, message) for message in moves]
            one = perform(piece, score, judge, at, is_monitored=True)
            n_flags, seconds = n_flags + one.n_flags, seconds + one.seconds
            p_values += one.p_values
            share = (done + (index + 1) / sizes.n_flag_runs) / len(POLICIES)
            settings.progress(0.5 + 0.5 * share, f"flags: {name}")
        hours = seconds / HOUR_SECONDS
        upper = float(stats.chi2.ppf(0.95, 2 * (n_flags + 1)) / 2 / hours)
        rows.append(
            (
                name, round(hours, 2), n_flags, round(n_flags / hours, 2), round(upper, 2),
                *(round(float(np.mean(np.array(p_values) <= level)), 4) for level in LEVELS),
            )
        )  # fmt: skip
    columns = (
        "policy", "hours", "flags", "flags an hour", "upper limit",
        *(f"windows at p <= {level:g}" for level in LEVELS),
    )  # fmt: skip
    return Table("flags", "Flags under each policy; 4 an hour are promised", columns, tuple(rows))


def _draw(traces: dict[float, list[Played]], figure: Figure) -> None:
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
