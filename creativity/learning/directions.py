"""Ways from calmer to bolder: directions that can be learned, and those to compare with. Torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from musebots.rnn.told import N_FEATURES, N_TOLD

__all__ = ["Direction", "NetworkDirection", "VectorDirection", "turned"]

_SMALL_WEIGHTS = 0.3
_SMALL_LEANS = 0.1
_FIRST_LEAN = 1.0
_LEAN_SCALE = 4.0
"""What is learned of the leans is multiplied by this: it has further to go than a weight has."""


class Direction(Protocol):
    """Where bolder lies from a hidden state."""

    n_noise: int
    is_told: bool

    def to_tensors(self) -> dict[str, Tensor]:
        """Its parameters as `musebots.rnn.steering.Steering` has them."""

    def __call__(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction alone, (..., n_units), of one that is not told."""

    def leaning(
        self, hidden: Tensor, noise: Tensor, told: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """The direction, (..., n_units), and how it leans on a token's features.

        Parameters
        ----------
        hidden, noise : Tensor
            (..., n_units) and (..., n_noise).
        told : Tensor or None
            (..., N_TOLD), for a direction that is told.

        Returns
        -------
        tuple
            (..., n_units), and (..., N_FEATURES) or None: see `musebots.rnn.told`.
        """


class NetworkDirection(nn.Module):
    """``d = W2 relu(W1 [h, noise] + b1) + b2`` (Kocasari et al. 2021, equation 2, for `h`).

    Parameters
    ----------
    n_units : int
    n_noise : int
        8 in the authors' code.
    is_told : bool
        Whether it also hears where the phrase stands, and leans on what tokens would be.
    """

    is_told = False

    def __init__(self, n_units: int, n_noise: int = 8, *, is_told: bool = False) -> None:
        super().__init__()
        self.n_noise, self.is_told = n_noise, is_told
        self.first = nn.Linear(n_units + n_noise + N_TOLD * is_told, n_units)
        self.second = nn.Linear(n_units, n_units)
        with torch.no_grad():
            self.second.weight.mul_(_SMALL_WEIGHTS)
            self.second.bias.mul_(_SMALL_WEIGHTS)
        if is_told:
            self.coef = nn.Linear(n_units, N_FEATURES)
            with torch.no_grad():
                self.coef.weight.mul_(_SMALL_LEANS)
                self.coef.bias.copy_(torch.tensor([_FIRST_LEAN / _LEAN_SCALE, 0.0, 0.0]))

    def leaning(
        self, hidden: Tensor, noise: Tensor, told: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """See `Direction.leaning`."""
        heard = [hidden, noise] if told is None else [hidden, noise, told]
        inner = torch.relu(self.first(torch.cat(heard, dim=-1)))
        return self.second(inner), _LEAN_SCALE * self.coef(inner) if self.is_told else None

    def forward(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction alone, (..., n_units)."""
        return self.leaning(hidden, noise)[0]

    def to_tensors(self) -> dict[str, Tensor]:
        """Its parameters as `musebots.rnn.steering.Steering` has them."""
        return _unscaled(self)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], n_noise: int) -> NetworkDirection:
        """The inverse of `to_tensors`."""
        is_told = "coef.bias" in tensors
        direction = cls(len(tensors["second.bias"]), n_noise, is_told=is_told)
        direction.load_state_dict(
            {n: t / _LEAN_SCALE if n.startswith("coef") else t for n, t in tensors.items()}
        )
        return direction


class VectorDirection(nn.Module):
    """One vector for all states: ``d = theta`` (GANalyze, Goetschalckx et al. 2019).

    Told, it leans on what tokens would be, by the same for all states.
    """

    is_told = False

    def __init__(self, n_units: int, theta: Tensor | None = None, *, is_told: bool = False) -> None:
        super().__init__()
        self.n_noise, self.is_told = 0, is_told
        first = 0.05 * torch.randn(n_units) if theta is None else theta.clone()
        self.theta = nn.Parameter(first)
        if is_told:
            self.coef = nn.Parameter(torch.tensor([_FIRST_LEAN / _LEAN_SCALE, 0.0, 0.0]))

    def leaning(
        self, hidden: Tensor, noise: Tensor, told: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """See `Direction.leaning`."""
        if not self.is_told:
            return self.theta.expand_as(hidden), None
        lean = _LEAN_SCALE * self.coef
        return self.theta.expand_as(hidden), lean.expand(*hidden.shape[:-1], N_FEATURES)

    def forward(self, hidden: Tensor, noise: Tensor) -> Tensor:
        """The direction alone, (..., n_units)."""
        return self.leaning(hidden, noise)[0]

    def to_tensors(self) -> dict[str, Tensor]:
        """Its parameters as `musebots.rnn.steering.Steering` has them."""
        return _unscaled(self)


def _unscaled(direction: nn.Module) -> dict[str, Tensor]:
    return {
        name: _LEAN_SCALE * tensor if name.startswith("coef") else tensor
        for name, tensor in direction.state_dict().items()
    }


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
