"""Whether flags stay as promised while somebody steers: each policy against nobody steering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import stats

from ensembles.experiments.base import Cell, Table
from ensembles.experiments.intervals import interval_of_mean
from ensembles.experiments.loop_runs import LEVELS, Move, Played
from musebots.messages import Fader, Policy

__all__ = [
    "DRIVEN", "DRIVEN_PROMISED_PER_HOUR", "FLAG_NOTES", "OFF", "POLICIES", "PROMISED_PER_HOUR",
    "REACH_POLICIES", "after_table", "flag_table", "flagged", "reach_table",
]  # fmt: skip

OFF = "off"
HOUR_SECONDS = 3600.0
_UP, _DOWN, _BACK = Fader("", 1.0), Fader("", -1.0), Fader("", 0.0)


def _for_a_while(move: Fader) -> tuple[Move, ...]:
    """Four bars of every sixteen."""
    return tuple(
        (bar, what)
        for first in (4, 20, 36, 52)
        for bar, what in ((first, move), (first + 4, _BACK))
    )


POLICIES: Mapping[str, tuple[Move, ...]] = {
    OFF: ((0, Policy("off")),),
    "fader +1": ((0, _UP),),
    "fader -1": ((0, _DOWN),),
    "fader +1, 4 bars of 16": _for_a_while(_UP),
    "fader -1, 4 bars of 16": _for_a_while(_DOWN),
    "nudge to 0.5": ((0, Policy("nudge", 0.5)),),
    "insist on 0.6": ((0, Policy("insist", 0.6)),),
}
PROMISED_PER_HOUR = 4.0
DRIVEN: Mapping[str, tuple[Move, ...]] = {
    OFF: ((0, Policy("off")),),
    "encourage": ((0, Policy("encourage")),),
    "encourage, units": ((0, Policy("encourage", means="units")),),
    "damp": ((0, Policy("damp")),),
    "damp, units": ((0, Policy("damp", means="units")),),
}
DRIVEN_PROMISED_PER_HOUR = 60.0
"""So many, lest policies that wait for flags wait all the time."""
FEWEST_RUNS = 3
LEAST_SCANNED = 0.1
AFTER_POLICIES = ("fader +1, 4 bars of 16", "fader -1, 4 bars of 16")
AFTER_BARS = (4, 8, 10, 12, 16)
REACH_POLICIES = ("fader -1", OFF, "fader +1")

FLAG_NOTES = (
    "Flags: the monitor listens with the shipped background, which knows nothing of steering. "
    "Detection is on clean hidden states, but what was played goes back into the networks: steps "
    "that were steered, and four bars after, are not scanned, which 'scanned' shows. Flags an "
    "hour are for an hour of which as much was scanned as when nobody steers; the upper limit is "
    "the one-sided 95 % limit of a Poisson count.",
    "Against off: the same seeds. p: exact conditional test of the two counts of flags, for as "
    "many windows as each scanned (two-sided). Difference from off: mean over seeds of the share "
    "of windows at p <= .05 less that of off, with Student's 95 % interval.",
    "Policies that act on flags were played where "
    f"{DRIVEN_PROMISED_PER_HOUR:g} flags an hour are promised, so that there is something to act "
    "on; for seeds without a flag their performance is that of off, and was not played again. "
    "Where steering left less than a tenth of the windows to scan, it was played "
    f"{FEWEST_RUNS} times.",
    "After steering: windows by how many bars ago, at their end, the bot (the band: anybody in it) "
    "was steered last; all runs of one kind together, intervals over runs (those with windows "
    "there) of the share less that of off. Windows hold two bars.",
)


def flagged(
    play: Callable[[str, int], Played],
    n_runs: int,
    on_progress: Callable[[float, str], None],
    policies: Mapping[str, Sequence[Move]] = POLICIES,
) -> dict[str, list[Played]]:
    """Policies on the same seeds; `play` is asked by policy and number of the seed.

    Not played are those that need not be: see `FLAG_NOTES`.
    """
    found: dict[str, list[Played]] = {}
    for done, name in enumerate(policies):
        runs: list[Played] = []
        for index in range(n_runs):
            if len(runs) == FEWEST_RUNS and _scanned(runs, found.get(OFF, runs)) < LEAST_SCANNED:
                break
            off = found[OFF][index] if name != OFF else None
            is_idle = off is not None and not off.n_flags and policies is DRIVEN
            runs.append(off if off is not None and is_idle else play(name, index))
            on_progress((done + (index + 1) / n_runs) / len(policies), f"flags: {name}")
        found[name] = runs
    return found


def flag_table(
    found: Mapping[str, Sequence[Played]],
    name: str = "flags",
    promised: float = PROMISED_PER_HOUR,
) -> Table:
    """A row for each policy."""
    off = found[OFF]
    rows: list[tuple[Cell, ...]] = [_row(name, runs, off) for name, runs in found.items()]
    columns = (
        "policy", "runs", "hours", "scanned", "flags", "flags an hour scanned", "upper limit",
        "p, flags as off", *(f"windows at p <= {level:g}" for level in LEVELS),
        "difference from off", "95 % low", "95 % high", "acted", "halved by the gate",
    )  # fmt: skip
    title = f"Flags under each policy; {promised:g} an hour are promised"
    return Table(name, title, columns, tuple(rows))


def after_table(found: Mapping[str, Sequence[Played]]) -> Table:
    """Windows at each level, by how long ago steering ended."""
    rows: list[tuple[Cell, ...]] = []
    for name in AFTER_POLICIES:
        pairs = list(zip(found[name], found[OFF], strict=False))
        for first, end in pairwise(AFTER_BARS):
            counts = [(_between(run, first, end), off) for run, off in pairs]
            there = [(count, off) for count, off in counts if count[0] and off.n_windows]
            cells: list[Cell] = [name, f"{first}..{end - 1}", sum(int(c[0]) for c, _ in there)]
            for index in range(len(LEVELS)):
                cells += _set_against_off(there, index)
            rows.append(tuple(cells))
    columns = ["policy", "bars after", "windows"]
    for level in LEVELS:
        columns += [f"p <= {level:g}", "off", "difference", "95 % low", "95 % high"]
    return Table("after", "Windows after steering has ended", tuple(columns), tuple(rows))


def _between(run: Played, first: int, end: int) -> npt.NDArray[np.int64]:
    """Windows of a run so many bars after steering, and those at each of `LEVELS`."""
    rows = [counts for bar, counts in run.after.items() if first <= bar < end]
    return np.sum(rows, axis=0) if rows else np.zeros(1 + len(LEVELS), dtype=np.int64)


def _set_against_off(
    there: Sequence[tuple[npt.NDArray[np.int64], Played]], index: int
) -> list[Cell]:
    """Share at a level, that of off, the mean difference over runs and its interval."""
    if not there:
        return [None] * 5
    share = sum(c[1 + index] for c, _ in there) / sum(c[0] for c, _ in there)
    usual = sum(off.n_below[index] for _, off in there) / sum(off.n_windows for _, off in there)
    apart = [c[1 + index] / c[0] - off.n_below[index] / off.n_windows for c, off in there]
    ends = interval_of_mean([float(a) for a in apart]) if len(apart) > 1 else (None, None)
    found = (share, usual, np.mean(apart), *ends)
    return [None if value is None else round(float(value), 4) for value in found]


def _row(name: str, runs: Sequence[Played], off: Sequence[Played]) -> tuple[Cell, ...]:
    off = off[: len(runs)]
    hours = sum(run.seconds for run in runs) / HOUR_SECONDS
    n_flags = sum(run.n_flags for run in runs)
    n_windows, scanned = sum(run.n_windows for run in runs), _scanned(runs, off)
    rates: tuple[Cell, ...] = (None, None, None)
    if n_windows:
        exposure = hours * scanned
        upper = float(stats.chi2.ppf(0.95, 2 * (n_flags + 1)) / 2 / exposure)
        rates = (
            round(n_flags / exposure, 2),
            round(upper, 2),
            None if name == OFF else _as_off(runs, off),
        )
    shares = [
        round(sum(run.n_below[i] for run in runs) / n_windows, 4) if n_windows else None
        for i in range(len(LEVELS))
    ]
    apart: tuple[Cell, ...] = (None, None, None)
    differences = [
        run.n_below[0] / run.n_windows - plain.n_below[0] / plain.n_windows
        for run, plain in zip(runs, off, strict=True)
        if run.n_windows and plain.n_windows
    ]
    if name != OFF and len(differences) > 1:
        low, high = interval_of_mean(differences)
        apart = (float(np.mean(differences)), low, high)
    n_acted, n_halved = (sum(getattr(run, of) for run in runs) for of in ("n_acted", "n_halved"))
    return (
        name, len(runs), round(hours, 2), round(scanned, 3), n_flags, *rates, *shares,
        *(None if x is None else round(float(x), 4) for x in apart), n_acted, n_halved,
    )  # fmt: skip


def _scanned(runs: Sequence[Played], off: Sequence[Played]) -> float:
    """How much was scanned, against the same seeds unsteered."""
    usual = sum(run.n_windows for run in off[: len(runs)])
    return sum(run.n_windows for run in runs) / usual if usual else 0.0


def _as_off(runs: Sequence[Played], off: Sequence[Played]) -> float | None:
    """How easily counts so different come about, given all flags: a binomial share of windows."""
    n_flags, n_usual = (sum(run.n_flags for run in of) for of in (runs, off))
    n_all = n_flags + n_usual
    windows, usual = (sum(run.n_windows for run in of) for of in (runs, off))
    if not n_all:
        return None
    return round(float(stats.binomtest(n_flags, n_all, windows / (windows + usual)).pvalue), 3)


def reach_table(found: Mapping[str, Sequence[Played]]) -> Table:
    """How creative the band is with all faders at one place: what a target can ask for."""
    rows: list[tuple[Cell, ...]] = []
    for name in REACH_POLICIES:
        levels = np.concatenate([list(run.levels.values())[8:] for run in found[name]])
        means = [float(np.mean(list(run.scores.values()))) for run in found[name]]
        low, high = np.quantile(levels, (0.05, 0.95)) if len(levels) else (np.nan, np.nan)
        rows.append(
            (name, len(means), *(round(float(v), 3) for v in (np.mean(means), min(means),
             max(means), low, high)))
        )  # fmt: skip
    columns = (
        "faders", "runs", "mean score", "lowest of a run", "highest of a run", "level, 5 %",
        "level, 95 %",
    )  # fmt: skip
    return Table(
        "reach", "What can be reached: the band with all faders there", columns, tuple(rows)
    )
