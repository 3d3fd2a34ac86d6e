"""Passages of every kind as the scans hear them: in activation space, and in note space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import NullTable, ScanResult, scan_group, scan_individual
from creativity.fitting import fit_innovation
from creativity.scores import Statistic
from ensembles.experiments.passages import KINDS, LEAD_IN_STEPS, WINDOW_STEPS, Passage, Stage
from musebots.arrays import FloatArray

__all__ = ["NOTE_SPACE", "OURS", "RAW", "SHARES", "Heard", "hear"]

Doubles = npt.NDArray[np.float64]
SHARES = {"50 %": 16, "10 %": 3, "individual": 1}
"""Of creative steps in a window, and how many steps that is."""
RAW, OURS, NOTE_SPACE = "activations, as the paper", "activations, as the monitor", "notes"


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """One way to look at a run, and how its windows are scanned."""

    name: str
    seen: Callable[[Passage], FloatArray]
    table: NullTable
    statistic: Statistic

    def group(self, run: Passage) -> ScanResult:
        p = self.table.p_values(self.seen(run)[-WINDOW_STEPS:])
        return scan_group(p, statistic=self.statistic, n_starts=1, rng=np.random.default_rng(0))

    def individual(self, run: Passage) -> ScanResult:
        p = self.table.p_values(self.seen(run)[-1])
        return scan_individual(p, statistic=self.statistic)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One role: scores by (space, share, kind), and what the scans chose at 50 %."""

    normal: Mapping[tuple[str, str], Doubles]
    scores: Mapping[tuple[str, str, str], Doubles]
    chosen: Mapping[str, Sequence[ScanResult]]
    n_units: int
    novelty: Mapping[str, Doubles]


def hear(stage: Stage, *, n_background: int, n_runs: int, rng: np.random.Generator) -> Heard:
    """Let a network play passages of every kind and scan them in every space."""
    fit = [stage.run("normal", 0, rng) for _ in range(n_background)]
    held = [stage.run("normal", 0, rng) for _ in range(n_background)]
    stage.measure(fit)
    spaces, known = _spaces(fit, held), _patterns(fit)
    normal_runs = [stage.run("normal", 0, rng) for _ in range(n_runs)]
    normal: dict[tuple[str, str], Doubles] = {}
    scores: dict[tuple[str, str, str], Doubles] = {}
    chosen: dict[str, list[ScanResult]] = {"normal": []}
    novelty = {"normal": np.array([_novelty(run, known) for run in normal_runs])}
    for space in spaces:
        found = [space.group(run) for run in normal_runs]
        groups = np.array([result.score for result in found])
        normal[space.name, "50 %"] = normal[space.name, "10 %"] = groups
        normal[space.name, "individual"] = np.array(
            [space.individual(r).score for r in normal_runs]
        )
        if space.name == OURS:
            chosen["normal"] = found
    for kind in KINDS:
        for share, n_steps in SHARES.items():
            runs = [stage.run(kind, n_steps, rng) for _ in range(n_runs)]
            for space in spaces:
                scan = space.individual if share == "individual" else space.group
                found = [scan(run) for run in runs]
                scores[space.name, share, kind] = np.array([result.score for result in found])
                if share == "50 %" and space.name == OURS:
                    chosen[kind] = found
            if share == "50 %":
                novelty[kind] = np.array([_novelty(run, known) for run in runs])
    return Heard(normal, scores, chosen, fit[0].hidden.shape[1], novelty)


def _spaces(fit: Sequence[Passage], held: Sequence[Passage]) -> tuple[_Space, ...]:
    innovation = fit_innovation([run.hidden for run in fit])
    views: tuple[tuple[str, Callable[[Passage], FloatArray], Statistic], ...] = (
        (RAW, lambda run: run.hidden, "berk-jones"),
        (OURS, lambda run: innovation.apply(run.hidden), "higher-criticism"),
        (NOTE_SPACE, lambda run: run.notes, "berk-jones"),
    )
    return tuple(
        _Space(name, seen, NullTable.fit(np.concatenate([seen(run)[16:] for run in held])), how)
        for name, seen, how in views
    )


def _patterns(fit: Sequence[Passage]) -> Counter[bytes]:
    """How often every two-step pattern of notes occurs in normal playing."""
    known: Counter[bytes] = Counter()
    for run in fit:
        known.update(_pairs(run.notes[16:]))
    return known


def _pairs(notes: FloatArray) -> list[bytes]:
    return [notes[i : i + 2].astype(np.int16).tobytes() for i in range(len(notes) - 1)]


def _novelty(run: Passage, known: Counter[bytes]) -> float:
    """How rare the window's two-step patterns of notes are in normal playing, in nats."""
    total = known.total() + 0.5
    rare = [-np.log((known[key] + 0.5) / total) for key in _pairs(run.notes[LEAD_IN_STEPS:])]
    return float(np.mean(rare))
