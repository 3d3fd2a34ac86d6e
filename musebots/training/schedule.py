"""How the learning rate falls while a network is trained."""

from __future__ import annotations

import math

import torch

__all__ = ["set_learning_rate"]

_LAST_SHARE = 0.05


def set_learning_rate(
    optimizer: torch.optim.Optimizer, learning_rate: float, fraction: float
) -> None:
    """Let the rate fall to a twentieth along a half cosine.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    learning_rate : float
        Where it starts.
    fraction : float
        0..1, how much of the training is done.
    """
    factor = _LAST_SHARE + (1 - _LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * fraction))
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * factor
