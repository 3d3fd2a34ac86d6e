"""What all lessons of a role share: where phrases begin, who judges them, how it is kept honest.

Needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from creativity.assessor.score import Score, bits_with_before
from creativity.learning.assessing import Assessor, fit_assessor
from creativity.learning.directions import Direction
from creativity.learning.leading import Leading, noise_per_bar
from creativity.learning.material import Windows
from creativity.learning.played import Start
from creativity.learning.simulation import Simulator
from musebots.novelty.phrases import Phrases

__all__ = [
    "LEAST", "MOST", "Labelled", "School", "chance", "divergence", "drawn_alphas", "drawn_starts",
    "refresh", "steered_phrases",
]  # fmt: skip

Labelled = tuple[Phrases, npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Phrases, their S, the bits of their steps."""

LEAST, MOST = 0.02, 0.98
"""What is asked of a score lies within."""
_TEMPERATURES = (0.5, 1.8)


def chance(n: int, simulator: Simulator, generator: torch.Generator, n_steps: int = 32) -> Tensor:
    """Uniform numbers for `Simulator.play`, (n, n_steps, n_tokens)."""
    drawn = torch.rand(n, n_steps, simulator.n_tokens, generator=generator)
    return drawn.clamp(1e-7, 1 - 1e-6)


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each step's choice, (..., n_steps)."""
    return torch.sum(log_p.exp() * (log_p - log_q), dim=-1)


@dataclass(frozen=True, eq=False)
class School:
    """What all lessons of a role and seed share.

    Parameters
    ----------
    simulator : Simulator
    score : Score
        S.
    starts : Start
        Where phrases begin, from the training pieces.
    assessor : Assessor
        A, as trained on phrases that nobody steered.
    base, base_scores, base_bits
        Those phrases, their S and the bits of their steps.
    """

    simulator: Simulator
    score: Score
    starts: Start
    assessor: Assessor
    base: Phrases
    base_scores: npt.NDArray[np.float64]
    base_bits: npt.NDArray[np.float64]

    @classmethod
    def opened(
        cls,
        simulator: Simulator,
        score: Score,
        windows: Windows,
        *,
        seed: int,
        more: Windows | None = None,
        n_epochs: int = 6,
        n_repeats: int = 3,
        width: int = 48,
    ) -> School:
        """Let the network play, and train the assessor on that and on the corpus.

        Parameters
        ----------
        simulator : Simulator
        score : Score
        windows : Windows
            Where lessons begin: of pieces that the score did not count, or it would find all that
            follows from them familiar.
        seed : int
        more : Windows, optional
            Other windows for the assessor alone.
        n_epochs, n_repeats, width : int
            Of the assessor's training; how often each window is played on; of its network.
        """
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        starts = simulator.start(windows)
        played = [windows.phrases, *_played_on(simulator, starts, n_repeats, generator)]
        if more is not None and len(more):
            played.append(more.phrases)
            played += _played_on(simulator, simulator.start(more), 1, generator, is_varied=True)
        base = Phrases.joined(played)
        bits = bits_with_before(score.novelty, base)
        scores = score.parts(base, bits)["S"]
        assessor = Assessor(simulator.role, width)
        fit_assessor(assessor, base, scores, bits, n_epochs=n_epochs, generator=generator)
        return cls(simulator, score, starts, assessor, base, scores, bits)


def _played_on(
    simulator: Simulator,
    starts: Start,
    n_repeats: int,
    generator: torch.Generator,
    *,
    is_varied: bool = False,
) -> list[Phrases]:
    """Unsteered phrases; every second one, or all, at temperatures from safe to wild."""
    low, high = _TEMPERATURES
    played = []
    for repeat in range(n_repeats):
        warm = low * (high / low) ** torch.rand(len(starts), 1, generator=generator)
        drawn = chance(len(starts), simulator, generator)
        own = warm if is_varied or repeat % 2 else None
        played.append(simulator.play(starts, drawn, temperature=own).phrases)
    return played


def drawn_starts(school: School, n: int, generator: torch.Generator) -> Start:
    """Some beginnings."""
    index = torch.randint(len(school.starts), (n,), generator=generator)
    return school.starts.taken(index.numpy())


def drawn_alphas(n: int, largest: float, generator: torch.Generator) -> Tensor:
    """Alphas from -largest to largest, (n, 1)."""
    return (2 * torch.rand(n, 1, generator=generator) - 1) * largest


@torch.no_grad()
def steered_phrases(
    school: School, direction: Direction, n: int, max_alpha: float, generator: torch.Generator
) -> Labelled:
    """Phrases steered by alphas of the whole range, with what S says of them."""
    start = drawn_starts(school, n, generator)
    noise = noise_per_bar(n, direction.n_noise, generator)
    alpha = drawn_alphas(n, max_alpha, generator)
    steer = Leading(school.simulator, school.score, direction, start, alpha, noise)
    uniform = chance(n, school.simulator, generator)
    phrases = school.simulator.play(start, uniform, steer=steer).phrases
    bits = bits_with_before(school.score.novelty, phrases)
    return phrases, school.score.parts(phrases, bits)["S"], bits


def refresh(assessor: Assessor, learned: list[Labelled], generator: torch.Generator) -> None:
    """Teach it the steered phrases, and as many of the first ones, lest it forget."""
    n = sum(len(phrases) for phrases, *_ in learned[1:])
    base = learned[0][0]
    kept = torch.randperm(len(base), generator=generator)[: max(n, 2000)].numpy()
    first = (base.taken(kept), *(values[kept] for values in learned[0][1:]))
    phrases, scores, bits = zip(first, *learned[1:], strict=True)
    fit_assessor(
        assessor, Phrases.joined(phrases), np.concatenate(scores), np.concatenate(bits),
        n_epochs=3, generator=generator, rate=1.5e-3,
    )  # fmt: skip
