"""Ways from calmer to bolder: directions that can be learned, and those to compare with. Torch."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

__all__ = ["Direction", "NetworkDirection", "VectorDirection", "turned"]

_SMALL_WEIGHTS = 0.3


class Direction(Protocol):
    """Where bolder lies from a hidden state."""

    n_noise: int

    def __call__(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction, (..., n_units), from hidden states and noise of one leading shape."""


class NetworkDirection(nn.Module):
    """``d = W2 relu(W1 [h, noise] + b1) + b2`` (Kocasari et al. 2021, equation 2, for `h`).

    Parameters
    ----------
    n_units : int
    n_noise : int
        8 in the authors' code.
    """

    def __init__(self, n_units: int, n_noise: int = 8) -> None:
        super().__init__()
        self.n_noise = n_noise
        self.first = nn.Linear(n_units + n_noise, n_units)
        self.second = nn.Linear(n_units, n_units)
        with torch.no_grad():
            self.second.weight.mul_(_SMALL_WEIGHTS)
            self.second.bias.mul_(_SMALL_WEIGHTS)

    def forward(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction, (..., n_units)."""
        inner = torch.relu(self.first(torch.cat([hidden, noise], dim=-1)))
        out: Tensor = self.second(inner)
        return out


class VectorDirection(nn.Module):
    """One vector for all states: ``d = theta`` (GANalyze, Goetschalckx et al. 2019)."""

    def __init__(self, n_units: int, theta: Tensor | None = None) -> None:
        super().__init__()
        self.n_noise = 0
        first = 0.05 * torch.randn(n_units) if theta is None else theta.clone()
        self.theta = nn.Parameter(first)

    def forward(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction, (..., n_units)."""
        return self.theta.expand_as(hidden)


def turned(hidden: Tensor, direction: Tensor, alpha: Tensor) -> Tensor:
    """``|h| (h + a d) / |h + a d|``, the norms of each sample for itself.

    Parameters
    ----------
    hidden, direction : Tensor
        (..., n_units).
    alpha : Tensor
        (..., 1).
    """
    moved = hidden + alpha * direction
    before, after = (torch.linalg.vector_norm(x, dim=-1, keepdim=True) for x in (hidden, moved))
    found: Tensor = moved * (before / after.clamp(min=1e-6))
    return found
