"""The subset scan of a stream: one step of activations at a time, over a sliding window."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from creativity import step_kernels
from creativity.innovation import Innovation, InnovationStream
from creativity.planes import Planes, Preference, no_columns, pack, random_starts
from creativity.residual import ConditionalResidual
from creativity.scan import ScanResult, nothing_found, scan_group
from creativity.scores import Statistic, check_statistic, score_counts
from creativity.tables import NullTable
from musebots.arrays import FloatArray

__all__ = ["StreamingScanner", "warm_up"]

T = TypeVar("T", bound=np.generic)


class StreamingScanner:
    """A window that slides over a stream of activations and is scanned as it goes.

    Of a new step only its own residuals, bins and bits are computed; the search starts, besides
    the usual starts, from the nodes of the last window's subset. Its result is that of `scan_group`
    for the same window and p-values (those of the table), or better.

    Parameters
    ----------
    null_table : NullTable
        Of the residuals of normal playing, if `residual` is given, else of its activations.
    window_steps : int
        >= 1, steps per window. Calibrate scores with windows of the same length.
    residual : ConditionalResidual or Innovation, optional
        Applied to every step first.
    statistic : {"berk-jones", "higher-criticism", "kolmogorov-smirnov"}
        What is maximised.
    preference : Preference, optional
        Penalties on the size of the subset and the bonus of nodes that stay.
    n_starts : int
        Random starts at every threshold, beyond the fixed ones; needs `rng`.
    rng : numpy.random.Generator, optional
        Where random starts come from.

    Raises
    ------
    ValueError
        If an argument is out of range or the widths differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = NullTable.fit(rng.normal(size=(1000, 20)))
    >>> scanner = StreamingScanner(table, window_steps=4)
    >>> for _ in range(4):
    ...     score = scanner.push(np.where(np.arange(20) < 5, 3.0, 0.0))
    >>> scanner.scan().columns.tolist()
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        null_table: NullTable,
        window_steps: int,
        *,
        residual: ConditionalResidual | Innovation | None = None,
        statistic: Statistic = "berk-jones",
        preference: Preference | None = None,
        n_starts: int = 0,
        rng: np.random.Generator | None = None,
    ) -> None:
        check_statistic(statistic)
        n = null_table.n_nodes
        if window_steps < 1:
            raise ValueError(f"window_steps must be >= 1, got {window_steps}")
        if residual is not None and residual.n_nodes != n:
            raise ValueError(f"the residual has {residual.n_nodes} nodes, the null table {n}")
        if n_starts < 0 or (n_starts and rng is None):
            raise ValueError(f"n_starts must be >= 0 and needs an rng above 0, got {n_starts}")
        self._upper = np.array(null_table.upper, np.float32, order="C")
        self._lower = np.array(null_table.lower, np.float32, order="C")
        self._alphas = np.array(null_table.alphas, np.float64)
        self._log_alphas = np.log(self._alphas)
        nothing = np.zeros((0, 0), np.float32)
        self._mean, self._weights = np.zeros(n, np.float32), nothing
        if isinstance(residual, ConditionalResidual):
            self._mean, self._weights = residual.mean, residual.weights
        self._stream = InnovationStream(residual) if isinstance(residual, Innovation) else None
        self._statistic = statistic
        self._preference = preference or Preference()
        self._n_starts = n_starts
        self._rng = rng
        self._planes = Planes(window_steps, n, self._alphas)
        self._values = np.zeros((window_steps, n), np.float32)
        self._bins = np.zeros((window_steps, n), np.uint8)
        self.reset()

    @property
    def n_nodes(self) -> int:
        """Width of a step."""
        return int(self._values.shape[1])

    @property
    def window_steps(self) -> int:
        """Steps per window."""
        return int(self._values.shape[0])

    @property
    def is_full(self) -> bool:
        """Whether as many steps have come in as a window holds."""
        return self._n_pushed >= self.window_steps

    def reset(self) -> None:
        """Forget all steps and the last subset."""
        self._n_pushed = 0
        self._pending: list[int] = []
        self._last = no_columns(self.n_nodes)
        if self._stream is not None:
            self._stream.reset()

    def push(self, x: FloatArray) -> float:
        """Take in one step of activations.

        Parameters
        ----------
        x : array
            (n_nodes,); taken as float32.

        Returns
        -------
        float
            The Berk-Jones score of the step alone (`creativity.scan_individual`).

        Raises
        ------
        ValueError
            If the width is wrong or a value is NaN or infinite; the window is then as before.
        """
        row = np.array(x, np.float32)
        if row.shape != (self.n_nodes,):
            raise ValueError(f"a step must be ({self.n_nodes},), got the shape {row.shape}")
        slot = self._n_pushed % self.window_steps
        if self._stream is not None and np.isfinite(row).all():
            row = self._stream.push(row)
        score, _, _ = step_kernels.take_row(
            row, self._mean, self._weights, self._upper, self._lower, self._log_alphas,
            self._values[slot], self._bins[slot],
        )  # fmt: skip
        if score < 0:
            node = int(np.flatnonzero(~np.isfinite(row))[0])
            raise ValueError(f"node {node} of the step is {row[node]}, not a finite number")
        self._n_pushed += 1
        self._pending.append(slot)
        return float(score)

    def scan(self) -> ScanResult:
        """The subset of the window that deviates most; row 0 is its oldest step.

        Raises
        ------
        ValueError
            If the window is not full yet: its score could not be compared with any other.
        """
        if not self.is_full:
            raise ValueError(
                f"the window holds {self._n_pushed} of {self.window_steps} steps: "
                "wait until `is_full`"
            )
        for slot in self._pending[-self.window_steps :]:
            self._planes.put(slot, self._bins[slot])
        self._pending.clear()
        starts = self._last[None]
        if self._n_starts and self._rng is not None:
            drawn = random_starts(self._bins, self._n_starts, self._rng)
            starts = np.concatenate([starts, drawn])
        found = self._planes.search(starts, self._last, self._statistic, self._preference)
        member = np.zeros(self.n_nodes, np.bool_)
        member[found.columns] = True
        self._last = pack(member)
        if not found.rows.size:
            return nothing_found(self._statistic)
        alpha = float(self._alphas[found.threshold])
        cells = self._bins[np.ix_(found.rows, found.columns)]
        n_alpha = int(np.count_nonzero(cells <= found.threshold))
        score = float(score_counts(n_alpha, cells.size, alpha, statistic=self._statistic))
        rows = np.sort((found.rows - self._n_pushed) % self.window_steps)
        return ScanResult(score, rows, found.columns, alpha, n_alpha, self._statistic)

    def values(self) -> npt.NDArray[np.float32]:
        """What is scanned, residuals or activations: (steps so far, n_nodes), oldest first."""
        return self._in_order(self._values)

    def p_values(self) -> npt.NDArray[np.float64]:
        """P-values of the window as the scan sees them, (steps so far, n_nodes), oldest first."""
        p: npt.NDArray[np.float64] = np.append(self._alphas, 1.0)[self._in_order(self._bins)]
        return p

    def _in_order(self, ring: npt.NDArray[T]) -> npt.NDArray[T]:
        if not self.is_full:
            return ring[: self._n_pushed].copy()
        return np.roll(ring, -(self._n_pushed % self.window_steps), axis=0)


def warm_up() -> None:
    """Load, or compile once, all machine code of the scan, so that no performance waits for it.

    Takes milliseconds once numba has the code on disk, and seconds the first time.
    """
    table = NullTable.fit(np.arange(60.0).reshape(20, 3))
    residual = ConditionalResidual(np.zeros(3, np.float32), np.eye(3, dtype=np.float32))
    residual.apply(np.ones(3))
    scanner = StreamingScanner(table, 2, residual=residual)
    for _ in range(2):
        scanner.push(np.arange(3.0))
    scanner.scan()
    scan_group(table.p_values(np.arange(6.0).reshape(2, 3)), rng=np.random.default_rng(0))
