"""Steering by the style that a network hears: ``y' = y + a NN([y, noise])``. Needs torch.

The seed's second formula, for the embedding of the style tag. Here the recurrence is touched: a
network that hears another style goes another way, and its divergence is measured step by step
against the network that hears the right one after the same notes. The published step is divided by
1000; here the divergence alone holds it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from creativity.learning.assessing import Assessor
from creativity.learning.directions import NetworkDirection
from creativity.learning.leading import noise_per_bar
from creativity.learning.measuring import Bench, Way
from creativity.learning.played import Played, Start
from creativity.learning.school import (
    LEAST,
    MOST,
    School,
    chance,
    divergence,
    drawn_alphas,
    drawn_starts,
)
from creativity.learning.simulation import Simulator
from creativity.learning.straight import StraightLesson, judged_by, second_half, softly

__all__ = ["StyleDirection", "learn_style", "of_style"]


class StyleDirection(nn.Module):
    """A direction of the style's embedding, for a simulator.

    Parameters
    ----------
    simulator : Simulator
    n_noise : int
    """

    def __init__(self, simulator: Simulator, n_noise: int = 8) -> None:
        super().__init__()
        self.n_noise = n_noise
        self.network = NetworkDirection(simulator.style.shape[1], n_noise)

    def shift(self, simulator: Simulator, start: Start, alpha: Tensor, noise: Tensor) -> Tensor:
        """What changes in the inputs, (n, 3 n_units); alpha (n, 1), noise (n, n_noise)."""
        column = simulator.names.index("style")
        first = start.windows.phrases.n_before
        style = torch.from_numpy(start.windows.features[:, first, column].astype(np.int64))
        moved: Tensor = alpha * self.network(simulator.style[style], noise)
        return moved @ simulator.style_inputs


def of_style(bench: Bench, direction: StyleDirection) -> Way:
    """The way of steering, for a bench."""

    @torch.no_grad()
    def play(starts: Start, uniform: Tensor, alpha: float, seed: int) -> Played:
        generator = torch.Generator().manual_seed(seed)
        noise = noise_per_bar(len(starts), direction.n_noise, generator)[:, 0]
        at = torch.full((len(starts), 1), alpha)
        shift = direction.shift(bench.simulator, starts, at, noise)
        return bench.simulator.play(starts, uniform, shift=shift)

    return play


def learn_style(
    school: School,
    lesson: StraightLesson,
    *,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[StyleDirection, Assessor]:
    """Learn a direction of the style as others are learned, with the divergence; no refresh."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    direction = StyleDirection(school.simulator)
    assessor = copy.deepcopy(school.assessor)
    optimizer = torch.optim.Adam(direction.parameters(), lr=lesson.rate)
    n_updates = lesson.n_rounds * lesson.n_updates
    for update in range(n_updates):
        loss = _loss(school, lesson, direction, assessor, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(direction.parameters(), 1.0)
        optimizer.step()
        on_progress((update + 1) / n_updates)
    return direction, assessor


def _loss(
    school: School,
    lesson: StraightLesson,
    direction: StyleDirection,
    assessor: Assessor,
    generator: torch.Generator,
) -> Tensor:
    simulator, n = school.simulator, lesson.batch_size
    start = drawn_starts(school, n, generator)
    uniform = chance(n, simulator, generator)
    noise = noise_per_bar(n, direction.n_noise, generator)[:, 0]
    alpha = drawn_alphas(n, lesson.max_alpha, generator)
    shift = direction.shift(simulator, start, alpha, noise)
    with torch.no_grad():
        twice = start.taken(np.tile(np.arange(n), 2))
        both_shifts = torch.cat([torch.zeros_like(shift), shift])
        both = simulator.play(twice, uniform.repeat(2, 1, 1), shift=both_shifts)
        plain = judged_by(assessor, school.score, both.phrases.taken(slice(0, n)))
    played = second_half(both, n)
    hidden, unshifted = start.hidden, start.hidden
    states, plain_states = [], []
    for step in range(played.features.shape[1]):
        inputs = simulator.inputs(played.features[:, step])
        hidden = simulator.advance(inputs + shift, hidden)
        unshifted = simulator.advance(inputs, unshifted)
        states.append(hidden)
        plain_states.append(unshifted)
    seen = torch.stack(states, dim=1)
    wanted = (plain + alpha[:, 0]).clamp(LEAST, MOST)
    soft = softly(school, played, seen, uniform, lesson.softness)
    log_p = torch.log_softmax(simulator.logits(seen), dim=-1)
    log_q = torch.log_softmax(simulator.logits(torch.stack(plain_states, dim=1)), dim=-1)
    missed: Tensor = (assessor(soft) - wanted).square().mean()
    apart = divergence(log_p, log_q).mean(dim=1)  # (n,)
    beyond = torch.relu(apart - lesson.gate_kl)
    return missed + (lesson.kl_weight * apart + lesson.gate_weight * beyond).mean()
