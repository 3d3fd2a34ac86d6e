"""What each node does beyond what the other nodes and the step before explain, over a few steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity import step_kernels
from creativity.checks import as_activations
from musebots.arrays import FloatArray
from musebots.rnn.exact import Lookup

__all__ = ["DRIVE_LIMIT", "Innovation", "InnovationStream", "drive"]

Singles = npt.NDArray[np.float32]

DRIVE_LIMIT = 1023 / 1024
"""Activations beyond it, either way, count as it."""

_drive = Lookup(
    lambda x: np.arctanh(np.clip(x, -DRIVE_LIMIT, DRIVE_LIMIT)), -DRIVE_LIMIT, DRIVE_LIMIT
)


def drive(x: FloatArray) -> Singles:
    """What drives units of a tanh-like range: their inverse hyperbolic tangent, cut at the limit.

    The drive is closer to linear in the rest of the network than the activation, and does not
    flatten a unit that is near its limit.
    """
    return _drive(np.asarray(x, dtype=np.float64)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Innovation:
    """Each node's deviation from its prediction by all other nodes and by the step before.

    Of a recurrent network most of a step follows from the step before. What does not is small,
    nearly independent from step to step, and adds up over a few steps where a deviation lasts,
    which is why it is averaged over the last `n_smoothed`. For units in -1..1, as those of GRU and
    LSTM networks. `creativity.fitting.fit_innovation` fits one.

    Attributes
    ----------
    mean : array
        (2 n_nodes,), float32: of the drives, then of the activations a step before.
    weights : array
        (2 n_nodes, n_nodes), float32.
    n_smoothed : int
        >= 1, steps that are averaged.

    Notes
    -----
    As `creativity.ConditionalResidual`, given the past too: ``(x - mean) L / sqrt(diag L)`` for the
    precision L of drives and past activations together, of which the columns of the drives are
    kept (Lauritzen, *Graphical Models*, 1996, section 5.1).
    """

    mean: Singles
    weights: Singles
    n_smoothed: int = 4

    def __post_init__(self) -> None:
        n = self.mean.size // 2
        if self.mean.shape != (2 * n,) or self.weights.shape != (2 * n, n):
            shapes = f"mean {self.mean.shape} and weights {self.weights.shape}"
            raise ValueError(f"{shapes} must be (2 n,) and (2 n, n)")
        if self.n_smoothed < 1:
            raise ValueError(f"n_smoothed must be >= 1, got {self.n_smoothed}")
        for name in ("mean", "weights"):
            array = as_activations(getattr(self, name), name).astype(np.float32, order="C")
            object.__setattr__(self, name, array)

    @property
    def n_nodes(self) -> int:
        """How many nodes it takes."""
        return self.mean.size // 2

    def apply(self, x: FloatArray) -> Singles:
        """Innovations of one run, step by step.

        Parameters
        ----------
        x : array
            (n_steps, n_nodes), in order, without gaps. Before the first step the mean is taken.

        Returns
        -------
        array
            float32 of the shape of `x`; the same bits on every machine, and as `InnovationStream`
            gives them one by one.

        Raises
        ------
        ValueError
            If a value is not finite or the shape is wrong.
        """
        values = as_activations(x, "x", n_nodes=self.n_nodes)
        if values.ndim != 2:
            raise ValueError(f"x must be (n_steps, n_nodes), got the shape {values.shape}")
        stream = InnovationStream(self)
        rows = [stream.push(row) for row in values.astype(np.float32)]
        return np.stack(rows) if rows else np.zeros((0, self.n_nodes), np.float32)


class InnovationStream:
    """Innovations one step at a time."""

    def __init__(self, innovation: Innovation) -> None:
        self._innovation = innovation
        self.reset()

    def reset(self) -> None:
        """Forget the steps so far."""
        n = self._innovation.n_nodes
        self._features = self._innovation.mean.copy()  # drives, activations before
        self._before = self._innovation.mean[n:].copy()
        self._recent: list[Singles] = []

    def push(self, x: Singles) -> Singles:
        """The innovation of the next step: finite activations, (n_nodes,)."""
        of = self._innovation
        self._features[: of.n_nodes] = drive(x)
        self._features[of.n_nodes :] = self._before
        self._before = np.array(x, np.float32)
        now = np.empty(of.n_nodes, np.float32)
        step_kernels.project(self._features, of.mean, of.weights, now)
        self._recent = [now, *self._recent[: of.n_smoothed - 1]]
        total = now.copy()
        for earlier in self._recent[1:]:
            total += earlier
        return total / np.float32(len(self._recent))
