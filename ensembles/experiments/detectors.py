"""Ways to say how unusual a window of activations is: subset scans, and what they must better.

All are fitted on the same normal playing and see the same windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from creativity import NullTable, Preference, ScanResult, scan_group
from creativity.fitting import fit_innovation, fit_residual
from creativity.scores import Statistic
from ensembles.experiments.planting import WINDOW_STEPS, Planted
from musebots.arrays import FloatArray, IntArray

__all__ = ["Baseline", "Detector", "Scan", "TogetherScan", "baselines", "scans"]

Doubles = npt.NDArray[np.float64]
_N_STARTS = 1
_HISTORY = 8


Space = Callable[[FloatArray], FloatArray]
"""From activations, with a few steps of history before the window, to what is looked at."""


class Detector(Protocol):
    """Scores the window that ends before step `end` of a run; higher is more unusual."""

    @property
    def name(self) -> str: ...

    def score(self, run: Planted, end: int) -> float: ...


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Which steps of a window and which nodes deviate."""

    rows: IntArray
    columns: IntArray


class Scan:
    """A group scan in one space; remembers its last result, which several ask for."""

    def __init__(
        self,
        name: str,
        space: Space,
        table: NullTable,
        statistic: Statistic = "berk-jones",
        preference: Preference | None = None,
    ) -> None:
        self.name = name
        self.space = space
        self._table = table
        self._statistic = statistic
        self._preference = preference
        self.blurs = False
        self._last: tuple[Planted, int, ScanResult] | None = None

    def found(self, run: Planted, end: int) -> ScanResult:
        """The subset of the window."""
        if self._last is not None and self._last[0] is run and self._last[1] == end:
            return self._last[2]
        seen = self.space(run.hidden[end - WINDOW_STEPS - _HISTORY : end])
        p = self._table.p_values(seen[_HISTORY:])
        result = scan_group(
            p,
            statistic=self._statistic,
            preference=self._preference,
            n_starts=_N_STARTS,
            rng=np.random.default_rng(0),
        )
        self._last = run, end, result
        return result

    def score(self, run: Planted, end: int) -> float:
        return self.found(run, end).score


class TogetherScan:
    """Several detectors as one: what counts is the one that stands out most.

    Parameters
    ----------
    name : str
    parts : sequence of Detector
        Whose scores count.
    places : sequence of Scan
        Whose subsets count. Those that average over steps have `blurs` set, and have no say in
        which steps deviate.
    normal : sequence of Planted
        Runs of normal playing to take the middle and the spread of each score from.
    """

    def __init__(
        self,
        name: str,
        parts: Sequence[Detector],
        places: Sequence[Scan],
        normal: Sequence[Planted],
    ) -> None:
        self.name = name
        self._members, self._places = parts, places
        self._scale: dict[str, tuple[float, float]] = {}
        for part in (*parts, *places):
            scores = [part.score(run, len(run.hidden)) for run in normal]
            middle, high = np.quantile(scores, (0.5, 0.95))
            self._scale[part.name] = float(middle), max(float(high - middle), 1e-9)

    def found(self, run: Planted, end: int) -> Place:
        """The steps of the scan that stands out most, the nodes of all that stand out."""
        values = [self._prominence(scan, run, end) for scan in self._places]
        judged = list(zip(values, self._places, strict=True))
        _, first = max((pair for pair in judged if not pair[1].blurs), key=lambda pair: pair[0])
        outstanding = [scan for value, scan in judged if value > 1] or [first]
        nodes = [scan.found(run, end).columns for scan in outstanding]
        return Place(first.found(run, end).rows, np.unique(np.concatenate(nodes)))

    def score(self, run: Planted, end: int) -> float:
        return max(self._prominence(part, run, end) for part in self._members)

    def _prominence(self, part: Detector, run: Planted, end: int) -> float:
        """How far a score stands out: 0 is a middling normal window, 1 one of twenty."""
        middle, spread = self._scale[part.name]
        return (part.score(run, end) - middle) / spread


@dataclass(frozen=True, slots=True)
class Baseline:
    """A score of a window without a search."""

    name: str
    of: _Scorer

    def score(self, run: Planted, end: int) -> float:
        return float(self.of(run, end))


class _Scorer(Protocol):
    def __call__(self, run: Planted, end: int) -> float: ...


def scans(fit: FloatArray, table: FloatArray) -> dict[str, Scan]:
    """The scans by name, fitted on runs (n_runs, n_steps, n_nodes): one half, then the other."""
    residual = fit_residual(fit.reshape(-1, fit.shape[-1]))
    lasting, sudden = fit_innovation(fit), fit_innovation(fit, n_smoothed=1)
    spaces: dict[str, Space] = {
        "raw": lambda hidden: hidden,
        "conditional": residual.apply,
        "innovation": sudden.apply,
        "lasting innovation": lasting.apply,
    }
    light, heavy = Preference(2.0, 2.0), Preference(row_penalty=8.0)
    kinds: list[tuple[str, str, Statistic, Preference]] = [
        *(("", name, "berk-jones", Preference()) for name in spaces),
        *((", Higher Criticism", name, "higher-criticism", Preference()) for name in spaces),
        *((", size penalty", name, "berk-jones", light) for name in spaces),
        (", row penalty", "raw", "berk-jones", heavy),
    ]
    tables = {
        name: NullTable.fit(np.concatenate([space(run)[_HISTORY:] for run in table]))
        for name, space in spaces.items()
    }
    found = {}
    for suffix, name, statistic, preference in kinds:
        scan = Scan(f"scan, {name}{suffix}", spaces[name], tables[name], statistic, preference)
        scan.blurs = name == "lasting innovation"
        found[scan.name] = scan
    return found


def baselines(fit: FloatArray, table: FloatArray, rng: np.random.Generator) -> list[Baseline]:
    """All rivals, fitted on the same runs as the scans."""
    rows = fit.reshape(-1, fit.shape[-1])
    residual = fit_residual(rows)
    held_out = np.concatenate([residual.apply(run) for run in table])
    raw_table = NullTable.fit(table.reshape(-1, table.shape[-1]))
    table_of_residuals = NullTable.fit(held_out)
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6

    def window(run: Planted, end: int) -> FloatArray:
        return run.hidden[end - WINDOW_STEPS : end]

    def standard(run: Planted, end: int) -> FloatArray:
        scaled: FloatArray = (window(run, end) - centre) / spread
        return scaled

    def residuals(run: Planted, end: int) -> FloatArray:
        return residual.apply(window(run, end))

    few = rows[rng.choice(len(rows), min(len(rows), 2000), replace=False)]
    neighbours = NearestNeighbors(n_neighbors=5, algorithm="brute").fit((few - centre) / spread)
    forest = IsolationForest(n_estimators=100, random_state=0).fit((few - centre) / spread)
    _, values, axes = np.linalg.svd((rows - centre) / spread, full_matrices=False)
    n_kept = 1 + int(np.searchsorted(np.cumsum(values**2) / np.sum(values**2), 0.9))
    kept = axes[:n_kept]
    ecod = _Ecod(rows)

    def pca(run: Planted, end: int) -> float:
        x = standard(run, end)
        return float(np.mean((x - x @ kept.T @ kept) ** 2))

    def mahalanobis(run: Planted, end: int) -> float:
        x = residuals(run, end)  # r_j sqrt(L_jj) (x_j - mean_j), summed, is the squared distance
        scale = np.sqrt(residual.weights.diagonal())
        return float(np.mean((x * scale * (window(run, end) - residual.mean)).sum(axis=1)))

    def nearest(run: Planted, end: int) -> float:
        return float(neighbours.kneighbors(standard(run, end))[0][:, -1].mean())

    def isolated(run: Planted, end: int) -> float:
        return -float(forest.score_samples(standard(run, end)).mean())

    scorers: dict[str, _Scorer] = {
        "mean |residual|": lambda run, end: float(np.abs(residuals(run, end)).mean()),
        "Mahalanobis": mahalanobis,
        "kNN": nearest,
        "isolation forest": isolated,
        "PCA error": pca,
        "ECOD": lambda run, end: ecod(window(run, end)),
        "note surprise": lambda run, end: float(run.surprise[end - WINDOW_STEPS : end].mean()),
        "note entropy": lambda run, end: float(run.entropy[end - WINDOW_STEPS : end].mean()),
        "count p <= .05, raw": lambda run, end: _count(raw_table, window(run, end), 0.05),
        "count p <= .001, raw": lambda run, end: _count(raw_table, window(run, end), 0.001),
        "count p <= .05, residuals": lambda run, end: _count(
            table_of_residuals, residuals(run, end), 0.05
        ),
        "CUSUM, worst node": lambda run, end: float(_cusum(residuals(run, end)).max()),
        "CUSUM, all nodes": lambda run, end: float(_cusum(residuals(run, end)).mean()),
    }
    return [Baseline(name, scorer) for name, scorer in scorers.items()]


def _count(table: NullTable, x: FloatArray, alpha: float) -> float:
    return float(np.count_nonzero(table.p_values(x) <= alpha))


def _cusum(residuals: FloatArray, drift: float = 0.5) -> Doubles:
    """The highest one-sided cumulative sum of each node, either way (Page 1954)."""
    highest = np.zeros(residuals.shape[1])
    for sign in (1.0, -1.0):
        level = np.zeros(residuals.shape[1])
        for row in residuals:
            level = np.maximum(0.0, level + sign * row - drift)
            highest = np.maximum(highest, level)
    return highest


class _Ecod:
    """Outliers by empirical cumulative distributions, as the paper has it.

    Li et al., *ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution
    Functions*, IEEE TKDE 2022, equations 5 to 9: per step the largest of the sums over nodes of
    -log of the left tail, the right tail, and the tail on the side of each node's skewness.
    """

    def __init__(self, rows: FloatArray) -> None:
        self._sorted = np.sort(rows, axis=0)
        centred = rows - rows.mean(axis=0)
        self._is_left = (centred**3).mean(axis=0) < 0

    def __call__(self, x: FloatArray) -> float:
        n = len(self._sorted)
        left, right = np.empty(x.shape), np.empty(x.shape)
        for node, column in enumerate(self._sorted.T):
            left[:, node] = np.searchsorted(column, x[:, node], side="right")
            right[:, node] = n - np.searchsorted(column, x[:, node], side="left")
        left, right = -np.log((1 + left) / (n + 1)), -np.log((1 + right) / (n + 1))
        skewed = np.where(self._is_left, left, right)
        per_step = np.maximum(np.maximum(left.sum(1), right.sum(1)), skewed.sum(1))
        return float(per_step.mean())
