"""Learning where bolder lies: by what S says of what is played, step by step told how it stands.

The objective is that of Kocasari et al. (2021, equation 1), that a score move by just alpha. Here
the score is asked itself: of each beginning several continuations are played at one alpha, and
those that came nearer to what was asked than their like become likelier (REINFORCE, Williams 1992,
with the mean of the others as baseline: Kool, van Hoof and Welling 2019). No assessor stands
between that could be fooled, and any judge of notes will do. The exact divergence of every steered
choice from the unsteered one of the same state, its surprise, and what the phrase loses in value
cost something, lest calmer be met by silence and bolder by noise. Needs torch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from creativity.learning.assessing import Assessor
from creativity.learning.directions import Direction, NetworkDirection, VectorDirection
from creativity.learning.leading import Leading, noise_per_bar, steered_logits
from creativity.learning.locking import is_outside, locked
from creativity.learning.school import (
    LEAST,
    MOST,
    School,
    chance,
    divergence,
    drawn_alphas,
    drawn_starts,
    refresh,
    steered_phrases,
)
from creativity.learning.straight import StraightLesson, learn_straight

__all__ = ["Lesson", "learn"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a direction is learned.

    Parameters
    ----------
    kind : {"network", "vector"}
    is_told : bool
        Whether it hears how the phrase stands and what tokens would be: `musebots.rnn.told`.
    n_updates : int
    n_beginnings, n_each : int
        Beginnings of an update, and continuations of each.
    kl_weight : float
        What a nat of divergence a step costs.
    gate_weight, gate_kl : float
        What it costs besides, where a phrase's mean divergence is beyond `gate_kl`.
    surprise_weight, most_surprise : float
        What it costs to be more than `most_surprise` times as surprising to the network as it
        would be unsteered.
    value_weight : float
        What it costs, per unit, that V of a phrase is less than unsteered.
    rate : float
        Of Adam, at its highest.
    max_alpha : float
        Alphas are drawn from within.
    n_refreshed : int
        So many steered phrases the assessor is taught in the end; 0 leaves it as it was.
    """

    kind: str = "network"
    is_told: bool = True
    n_updates: int = 600
    n_beginnings: int = 24
    n_each: int = 8
    kl_weight: float = 0.05
    gate_weight: float = 1.0
    gate_kl: float = 0.15
    surprise_weight: float = 0.04
    most_surprise: float = 1.3
    value_weight: float = 0.1
    rate: float = 3e-3
    max_alpha: float = 0.5
    n_refreshed: int = 3000


def learn(
    school: School,
    lesson: Lesson | StraightLesson,
    *,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[Direction, Assessor]:
    """Learn a direction; it, and the assessor as it became."""
    if isinstance(lesson, StraightLesson):
        return learn_straight(school, lesson, seed=seed, on_progress=on_progress)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    n_units = school.simulator.n_units
    direction: NetworkDirection | VectorDirection
    if lesson.kind == "network":
        direction = NetworkDirection(n_units, is_told=lesson.is_told)
    else:
        direction = VectorDirection(n_units, is_told=lesson.is_told)
    optimizer = torch.optim.Adam(direction.parameters(), lr=lesson.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lesson.rate, total_steps=max(2, lesson.n_updates), pct_start=0.1
    )
    for update in range(lesson.n_updates):
        loss = _loss(school, lesson, direction, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(direction.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        on_progress((update + 1) / lesson.n_updates)
    assessor = copy.deepcopy(school.assessor)
    if lesson.n_refreshed:
        first = (school.base, school.base_scores, school.base_bits)
        steered = steered_phrases(
            school, direction, lesson.n_refreshed, lesson.max_alpha, generator
        )
        refresh(assessor, [first, steered], generator)
    return direction, assessor


def _loss(
    school: School, lesson: Lesson, direction: Direction, generator: torch.Generator
) -> Tensor:
    """One batch: several continuations of each beginning, unsteered and at one alpha."""
    simulator, n, k = school.simulator, lesson.n_beginnings, lesson.n_each
    start = drawn_starts(school, n, generator).taken(np.repeat(np.arange(n), k))
    alpha = drawn_alphas(n, lesson.max_alpha, generator).repeat_interleave(k, dim=0)
    noise = noise_per_bar(n * k, direction.n_noise, generator)
    steer = Leading(simulator, school.score, direction, start, alpha, noise)
    with torch.no_grad():
        plain = simulator.play(start, chance(n * k, simulator, generator))
        played = simulator.play(start, chance(n * k, simulator, generator), steer=steer)
        usual, found = (school.score.parts(p.phrases) for p in (plain, played))
        reward = _reward(usual, found, alpha[:, 0], k, lesson.value_weight)
        others = (reward.sum(dim=1, keepdim=True) - reward) / (k - 1)
        advantage = (reward - others).reshape(-1)  # (n k,)
    hidden, plain_logits = played.hidden, simulator.logits(played.hidden)
    logits = steered_logits(
        simulator, direction, hidden, noise, alpha[:, None], steer.told, steer.features
    )
    if steer.is_locked and simulator.role != "drums":
        phrases = played.phrases
        fitting = torch.from_numpy(phrases.fitting[:, phrases.judged].astype(np.int64))
        logits = locked(logits, plain_logits, is_outside(simulator.pitches(phrases), fitting))
    drawn_from = simulator.log_p(logits, played.allowed, is_whole=True)
    said = drawn_from.gather(2, played.tokens[..., None])[..., 0].sum(dim=1)
    log_p, log_q = torch.log_softmax(logits, dim=-1), torch.log_softmax(plain_logits, dim=-1)
    apart = divergence(log_p, log_q).mean(dim=1)
    beyond = torch.relu(apart - lesson.gate_kl)
    surprise = -(log_p.exp() * log_q).sum(dim=-1).mean(dim=1).view(n, k).mean(dim=1)
    as_usual = -(log_q.exp() * log_q).sum(dim=-1).mean()
    strange = torch.relu(surprise / as_usual - lesson.most_surprise).mean()
    costs = (lesson.kl_weight * apart + lesson.gate_weight * beyond).mean()
    loss: Tensor = costs + lesson.surprise_weight * strange - (advantage * said).mean()
    return loss


def _reward(
    usual: dict[str, np.ndarray],
    found: dict[str, np.ndarray],
    alpha: Tensor,
    n_each: int,
    value_weight: float,
) -> Tensor:
    """How near each continuation came to what was asked, (n_beginnings, n_each)."""

    def of(parts: dict[str, np.ndarray], name: str) -> Tensor:
        return torch.from_numpy(parts[name]).float().view(-1, n_each)

    wanted = (of(usual, "S").mean(dim=1, keepdim=True) + alpha.view(-1, n_each)).clamp(LEAST, MOST)
    lost = torch.relu(of(usual, "V").mean(dim=1, keepdim=True) - of(found, "V"))
    return -(of(found, "S") - wanted).square() - value_weight * lost
