"""Normal playing as order statistics: what a p-value needs, in a table of fixed size.

"``p <= alpha``" says that an activation exceeds the c-th largest of the background, so a few order
statistics per node replace the background, however long it was, and are exact with ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import step_kernels
from creativity.checks import as_activations, check_alpha_max
from creativity.pvalues import Tail, check_tail
from musebots.arrays import FloatArray

__all__ = ["NullTable"]

Singles = npt.NDArray[np.float32]
_MOST_THRESHOLDS = 255


@dataclass(frozen=True, slots=True, eq=False)
class NullTable:
    """Order statistics of the background of each node, at each threshold.

    Attributes
    ----------
    alphas : array
        Thresholds, increasing, (n_thresholds,): float64.
    upper, lower : array
        float32, (n_nodes, n_thresholds): an activation above `upper`, or below `lower`, is
        significant at the threshold. A tail that does not count holds infinities.
    tail : {"two-sided", "upper", "lower"}
        Which activations count as extreme; two-sided is both tables at half of alpha.
    """

    alphas: npt.NDArray[np.float64]
    upper: Singles
    lower: Singles
    tail: Tail

    def __post_init__(self) -> None:
        check_tail(self.tail)
        n = self.alphas.size
        if self.alphas.ndim != 1 or not 1 <= n <= _MOST_THRESHOLDS:
            raise ValueError(f"alphas must be 1..{_MOST_THRESHOLDS} numbers, got {n}")
        if not (self.alphas[0] > 0 and self.alphas[-1] < 1 and np.all(np.diff(self.alphas) > 0)):
            raise ValueError("alphas must increase within (0, 1)")
        for name in ("upper", "lower"):
            table = getattr(self, name)
            if table.ndim != 2 or table.shape != (self.upper.shape[0], n):
                raise ValueError(f"{name} must be (n_nodes, {n}), got {table.shape}")
            if table.dtype != np.float32 or np.isnan(table).any():
                raise ValueError(f"{name} must be float32 without NaN, got {table.dtype}")

    @classmethod
    def fit(
        cls,
        background: FloatArray,
        *,
        tail: Tail = "two-sided",
        n_thresholds: int = 32,
        alpha_max: float = 0.5,
    ) -> NullTable:
        """The table of a background.

        Parameters
        ----------
        background : array
            Activations while the generator plays normally, (n_background, n_nodes); taken as
            float32, which is what comes over the wire.
        tail : {"two-sided", "upper", "lower"}
            Which activations count as extreme.
        n_thresholds : int
            1..255; thresholds asked for, geometrically spaced. Small backgrounds have fewer.
        alpha_max : float
            In (0, 1), the largest threshold.

        Raises
        ------
        ValueError
            If the background is empty, too small to have a p-value <= alpha_max, or not finite.
        """
        check_tail(tail)
        check_alpha_max(alpha_max)
        if not 1 <= n_thresholds <= _MOST_THRESHOLDS:
            raise ValueError(f"n_thresholds must be in 1..{_MOST_THRESHOLDS}, got {n_thresholds}")
        null = as_activations(background, "background")
        if null.ndim != 2 or not null.size:
            raise ValueError(f"background must be (n >= 1, n_nodes >= 1), got {null.shape}")
        ordered = np.sort(null.astype(np.float32), axis=0).T  # (n_nodes, n_background)
        n_sides = 2 if tail == "two-sided" else 1
        ranks = _ranks(null.shape[0], n_thresholds, alpha_max / n_sides)
        if not ranks.size:
            raise ValueError(
                f"a background of {null.shape[0]} steps has no p-value <= {alpha_max}: record more"
            )
        upper, lower = ordered[:, -ranks], ordered[:, ranks - 1]
        never = np.full_like(upper, np.inf)
        return cls(
            alphas=n_sides * ranks / (null.shape[0] + 1),
            upper=never if tail == "lower" else np.ascontiguousarray(upper),
            lower=-never if tail == "upper" else np.ascontiguousarray(lower),
            tail=tail,
        )

    @property
    def n_nodes(self) -> int:
        """How many nodes it knows."""
        return int(self.upper.shape[0])

    @property
    def n_bytes(self) -> int:
        """Size of the two tables."""
        return self.upper.nbytes + self.lower.nbytes

    def bins(self, x: FloatArray) -> npt.NDArray[np.uint8]:
        """For each activation the index of the first threshold at which it is significant.

        Parameters
        ----------
        x : array
            (n_nodes,) or (n_steps, n_nodes); taken as float32.

        Returns
        -------
        array of uint8
            Of the shape of `x`; `n_thresholds` where it is significant at none.

        Raises
        ------
        ValueError
            If a value is not finite or the width is wrong.
        """
        values = as_activations(x, "x", n_nodes=self.n_nodes).astype(np.float32, order="C")
        bins = np.empty(np.atleast_2d(values).shape, np.uint8)
        upper, lower = _ordered(self.upper), _ordered(self.lower)
        for row, out in zip(np.atleast_2d(values), bins, strict=True):
            step_kernels.bin_row(row, upper, lower, out)
        return bins.reshape(values.shape)

    def p_values(self, x: FloatArray) -> npt.NDArray[np.float64]:
        """Empirical p-values, rounded up to the next threshold; 1 above the last.

        Equal to `creativity.empirical_p_values` wherever that is a threshold.
        """
        p: npt.NDArray[np.float64] = np.append(self.alphas, 1.0)[self.bins(x)]
        return p


def _ordered(table: Singles) -> Singles:
    """The table in the one layout that the machine code is compiled for."""
    return np.require(table, np.float32, ["C", "W"])


def _ranks(n_background: int, n_thresholds: int, alpha_max: float) -> npt.NDArray[np.int64]:
    """Which order statistics: c such that ``alpha = c / (n_background + 1)`` <= alpha_max."""
    largest = int(np.floor(alpha_max * (n_background + 1) * (1 + 1e-12)))
    if largest < 1:
        return np.zeros(0, np.int64)
    return np.unique(np.rint(np.geomspace(1, largest, n_thresholds)).astype(np.int64))
