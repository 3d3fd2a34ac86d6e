"""A second look at steps and nodes, where a scan has found something: learned from other plants.

A scan takes a node for what most of its cells say. What a push does to a node depends on where the
node is: one that holds moves by the push, one at the end of its range leaves it, one that jumps
hides it. A classifier that has seen pushes of many sizes knows these signs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from creativity import NullTable
from creativity.fitting import fit_innovation
from ensembles.experiments.detectors import Place, TogetherScan
from ensembles.experiments.planting import WINDOW_STEPS, Planted
from musebots.arrays import FloatArray, IntArray

__all__ = ["SecondLook"]

Doubles = npt.NDArray[np.float64]
_HISTORY = 8
_PRECISION = 0.58  # of the nodes named in the lessons that set the threshold
_LEAST_CHANCE, _MOST_SD = 0.1, 3.0
_PUSHED_SHARE = 0.6  # a step belongs to the passage if it is pushed so much as the mean one
_TINY = 1e-6


class SecondLook:
    """Names the steps and nodes of a push, from the steps that a scan names.

    Parameters
    ----------
    name : str
    scan : TogetherScan
        Whose steps are looked at first.
    fit, table : array
        Runs of normal playing, (n_runs, n_steps, n_nodes): one half, then the other.
    lessons : sequence of Planted
        To learn from, in any order: half for the classifier, half for its threshold.
    """

    def __init__(
        self,
        name: str,
        scan: TogetherScan,
        fit: FloatArray,
        table: FloatArray,
        lessons: Sequence[Planted],
    ) -> None:
        self.name = name
        self._scan = scan
        self._innovation = fit_innovation(fit, n_smoothed=1)
        self._table = NullTable.fit(table.reshape(-1, table.shape[-1]))
        self._spread = fit.reshape(-1, fit.shape[-1]).std(axis=0) + _TINY
        told = np.concatenate([self._innovation.apply(run)[_HISTORY:] for run in table])
        self._usual = told.std(axis=0) + _TINY
        self._judge = HistGradientBoostingClassifier(
            max_iter=200, learning_rate=0.08, early_stopping=False, random_state=0
        )
        seen = [self._signs(run, len(run.hidden), run.rows) for run in lessons[::2]]
        truth = [_truth(run) for run in lessons[::2]]
        self._judge.fit(np.concatenate(seen), np.concatenate(truth))
        rest = lessons[1::2]
        chances = np.concatenate([self._look(run, len(run.hidden))[1] for run in rest])
        self._least = _least_chance(chances, np.concatenate([_truth(run) for run in rest]))

    def found(self, run: Planted, end: int) -> Place:
        """The steps, in one piece, and the nodes that show the signs of a push at them."""
        rows, chances = self._look(run, end)
        return Place(rows, np.flatnonzero(chances >= self._least))

    def _look(self, run: Planted, end: int) -> tuple[IntArray, Doubles]:
        """From the scan's steps to likely nodes, to the steps of these, to the nodes' chances."""
        rows = self._scan.found(run, end).rows
        if not rows.size:
            rows = np.arange(WINDOW_STEPS)
        rows = self._steps(run, end, rows, self._chances(self._signs(run, end, rows)))
        return rows, self._chances(self._signs(run, end, rows))

    def _chances(self, signs: Doubles) -> Doubles:
        chances: Doubles = self._judge.predict_proba(signs)[:, 1]
        return chances

    def _steps(self, run: Planted, end: int, rows: IntArray, chances: Doubles) -> IntArray:
        """The passage through which likely nodes are pushed the way they are at `rows`."""
        told = self._told(run, end)
        weight = np.where(chances > _LEAST_CHANCE, -np.log1p(-np.minimum(chances, 0.999)), 0.0)
        way = np.sign(told[rows].mean(axis=0))
        pushed = np.clip(told * way, -_MOST_SD, _MOST_SD) @ weight  # (WINDOW_STEPS,)
        sums = np.append(0.0, np.cumsum(pushed - _PUSHED_SHARE * pushed[rows].mean()))
        gain = sums[None, :] - sums[:, None]  # of the steps from i to before j
        gain[np.tril_indices(len(sums))] = -np.inf
        first, last = np.unravel_index(np.argmax(gain), gain.shape)
        return np.arange(first, last)

    def _told(self, run: Planted, end: int) -> Doubles:
        """Innovations of the window, in standard deviations, (WINDOW_STEPS, n_nodes)."""
        heard = run.hidden[end - WINDOW_STEPS - _HISTORY : end]
        told: Doubles = self._innovation.apply(heard)[_HISTORY:] / self._usual
        return told

    def _signs(self, run: Planted, end: int, rows: IntArray) -> Doubles:
        """What each node did at the steps, whichever way it went, (n_nodes, n_signs)."""
        heard = run.hidden[end - WINDOW_STEPS - 1 : end].astype(np.float64)
        told = self._told(run, end)[rows]
        told = np.sort(told * np.sign(told.mean(axis=0)), axis=0)
        moved = np.diff(heard, axis=0)[rows] / self._spread
        rarity = np.sort(-np.log(self._table.p_values(heard[1:][rows])), axis=0)
        reach = np.abs(heard[1:][rows])
        low = len(rows) // 4
        signs = (
            told.mean(axis=0), np.median(told, axis=0), told[0], told[low], told[-1],
            told.std(axis=0), np.abs(moved.mean(axis=0)), np.abs(np.median(moved, axis=0)),
            np.median(np.abs(moved), axis=0), moved.std(axis=0), _repeats(moved),
            rarity.mean(axis=0), rarity[0], rarity[low], rarity[-1], reach.max(axis=0),
            reach.mean(axis=0), (reach > 1).mean(axis=0),
        )  # fmt: skip
        return np.stack(signs, axis=1)


def _repeats(moved: Doubles) -> Doubles:
    """How often a node makes the same move, within a tenth, as its most repeated one."""
    best = np.zeros(moved.shape[1])
    for move in moved:
        alike = np.abs(moved - move) < 0.1 * np.abs(move)
        best = np.maximum(best, np.where(np.abs(move) > 0.03, alike.sum(axis=0), 0))
    return best / len(moved)


def _truth(run: Planted) -> IntArray:
    return np.isin(np.arange(run.hidden.shape[1]), run.nodes).astype(np.intp)


def _least_chance(chances: Doubles, truth: IntArray) -> float:
    """The lowest chance above which as many of the nodes are right as is wanted."""
    order = np.argsort(-chances, kind="stable")
    precision = np.cumsum(truth[order]) / np.arange(1, truth.size + 1)
    enough = np.flatnonzero(precision >= _PRECISION)
    return float(chances[order[enough[-1]]]) if enough.size else 1.0
