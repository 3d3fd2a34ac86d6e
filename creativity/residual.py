"""What each node does beyond what the other nodes of the same step explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import step_kernels
from creativity.checks import as_activations
from musebots.arrays import FloatArray

__all__ = ["ConditionalResidual"]

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalResidual:
    """Each node's deviation from its prediction by all other nodes, in standard deviations.

    The nodes of a network move together, which hides a deviation of a few among the movements of
    all; what the others do not explain is nearly independent and is what the scan takes.
    `creativity.fitting.fit_residual` fits one.

    Attributes
    ----------
    mean : array
        Of each node, (n_nodes,), float32.
    weights : array
        (n_nodes, n_nodes), float32: ``precision / sqrt(diag(precision))``, by columns.

    Notes
    -----
    ``r = (x - mean) L / sqrt(diag L)`` for the precision L, which is ``(x_j - E[x_j | others]) /
    sd[x_j | others]``: the conditional mean and variance of a normal variable (Lauritzen,
    *Graphical Models*, 1996, section 5.1).
    """

    mean: Singles
    weights: Singles

    def __post_init__(self) -> None:
        n = self.mean.size
        if self.mean.shape != (n,) or self.weights.shape != (n, n):
            raise ValueError(
                f"mean {self.mean.shape} and weights {self.weights.shape} must be (n,) and (n, n)"
            )
        for name in ("mean", "weights"):
            array = as_activations(getattr(self, name), name).astype(np.float32, order="C")
            object.__setattr__(self, name, array)

    @property
    def n_nodes(self) -> int:
        """How many nodes it takes."""
        return self.mean.size

    def apply(self, x: FloatArray) -> Singles:
        """Residuals of activations.

        Parameters
        ----------
        x : array
            (n_nodes,) or (n_steps, n_nodes).

        Returns
        -------
        array
            float32 of the shape of `x`, about mean 0 and variance 1 in normal playing; the same
            bits on every machine.

        Raises
        ------
        ValueError
            If a value is not finite or the width is wrong.
        """
        values = as_activations(x, "x", n_nodes=self.n_nodes).astype(np.float32, order="C")
        rows = np.atleast_2d(values)
        residuals = np.empty(rows.shape, np.float32)
        for row, out in zip(rows, residuals, strict=True):
            step_kernels.project(row, self.mean, self.weights, out)
        return residuals.reshape(values.shape)
