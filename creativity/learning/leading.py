"""Playing along a direction: what is told, what is turned, what is remembered. Needs torch."""

from __future__ import annotations

import torch
from torch import Tensor

from creativity.assessor.score import Score
from creativity.learning.directions import Direction, turned
from creativity.learning.played import Start
from creativity.learning.simulation import Simulator
from creativity.learning.told import Telling

__all__ = ["Leading", "noise_per_bar", "steered_logits"]

_BAR = 16


def noise_per_bar(n: int, n_noise: int, generator: torch.Generator, n_steps: int = 32) -> Tensor:
    """Noise of mean 0 and variance 1, new in every bar: (n, n_steps, n_noise)."""
    bars = torch.rand(n, -(-n_steps // _BAR), n_noise, generator=generator)
    return ((2 * bars - 1) * 3**0.5).repeat_interleave(_BAR, dim=1)[:, :n_steps]


def steered_logits(
    simulator: Simulator,
    direction: Direction,
    hidden: Tensor,
    noise: Tensor,
    alpha: Tensor,
    told: Tensor | None,
    features: Tensor | None,
) -> Tensor:
    """What is played from along a direction, before locks, (..., n_tokens).

    Parameters
    ----------
    simulator : Simulator
    direction : Direction
    hidden, noise : Tensor
        (..., n_units) and (..., n_noise).
    alpha : Tensor
        (..., 1).
    told, features : Tensor or None
        (..., N_TOLD) and (..., n_tokens, N_FEATURES), for a direction that is told.
    """
    away, lean = direction.leaning(hidden, noise, told)
    logits = simulator.logits(turned(hidden, away, alpha))
    if lean is None or features is None:
        return logits
    return logits + alpha * (features * lean[..., None, :]).sum(dim=-1)


class Leading:
    """A `Steer` along a direction, for phrases that begin at `start`.

    Parameters
    ----------
    simulator : Simulator
    score : Score
        Whose novelty model a direction that is told hears.
    direction : Direction
    start : Start
    alpha : Tensor
        (n_phrases, 1).
    noise : Tensor
        (n_phrases, n_steps, n_noise).
    """

    def __init__(
        self,
        simulator: Simulator,
        score: Score,
        direction: Direction,
        start: Start,
        alpha: Tensor,
        noise: Tensor,
    ) -> None:
        self._simulator, self._direction = simulator, direction
        self._alpha, self._noise = alpha, noise
        self._telling: Telling | None = None
        if direction.is_told:
            phrases = start.windows.phrases
            pitches = simulator.pitches(phrases).numpy()
            self._telling = Telling(score, phrases, simulator.symbols, pitches)
        self._told: list[Tensor] = []
        self._features: list[Tensor] = []

    @property
    def is_locked(self) -> bool:
        """As live; the ways of old that are compared with it are not."""
        return self._telling is not None

    @property
    def told(self) -> Tensor | None:
        """(n_phrases, n_steps, N_TOLD): what it was told so far."""
        return torch.stack(self._told, dim=1) if self._told else None

    @property
    def features(self) -> Tensor | None:
        """(n_phrases, n_steps, n_tokens, N_FEATURES): what tokens would have been so far."""
        return torch.stack(self._features, dim=1) if self._features else None

    def logits(self, hidden: Tensor, step: int) -> Tensor:
        """See `Steer.logits`."""
        told = features = None
        if self._telling is not None:
            told, features = self._telling.now(step)
            self._told.append(told)
            self._features.append(features)
        noise = self._noise[:, step]
        return steered_logits(
            self._simulator, self._direction, hidden, noise, self._alpha, told, features
        )

    def took(self, tokens: Tensor, step: int) -> None:
        """See `Steer.took`."""
        if self._telling is not None:
            self._telling.took(tokens, step)
