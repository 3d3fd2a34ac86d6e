"""The published objective, straight through the assessor, and the two repairs. Needs torch.

The objective of Kocasari et al. (2021, equation 1) asks that the assessor's verdict move by just
alpha: ``(A(G(h')) - (A(G(h)) + a))^2``. Two repairs keep it music and the assessor honest: the
exact divergence of every steered choice from the unsteered one of the same state costs something,
and after every round the assessor learns what S says of steered phrases.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from creativity.assessor.network import symbol_codes
from creativity.assessor.score import Score, bits_with_before
from creativity.learning.assessing import Assessor, Judged
from creativity.learning.directions import Direction, NetworkDirection, VectorDirection, turned
from creativity.learning.leading import Leading, noise_per_bar
from creativity.learning.played import Played
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
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import FIRST_NOTE, HOLD

__all__ = ["StraightLesson", "judged_by", "learn_straight", "second_half", "softly"]

_DIVERSITY_CAP = 0.05


@dataclass(frozen=True, slots=True)
class StraightLesson:
    """How a direction is learned as published, with the repairs or without.

    Parameters
    ----------
    kind : {"network", "vector"}
    n_rounds, n_updates : int
        Rounds, each followed by a refresh of the assessor, and updates in each.
    batch_size : int
        Phrases per update.
    kl_weight : float
        What a nat of divergence a step costs; 0 as published.
    gate_weight, gate_kl : float
        What it costs besides, where a phrase's mean divergence is beyond `gate_kl`.
    is_refreshed : bool
        Whether the assessor learns from steered phrases.
    diversity_weight : float
        What it pays, in nats a step up to `_DIVERSITY_CAP`, that other noise gives other choices.
    rate : float
        Of Adam.
    max_alpha : float
        Alphas are drawn from within.
    """

    kind: str = "network"
    n_rounds: int = 3
    n_updates: int = 60
    batch_size: int = 48
    kl_weight: float = 0.1
    gate_weight: float = 1.0
    gate_kl: float = 0.2
    is_refreshed: bool = True
    diversity_weight: float = 0.0
    rate: float = 3e-3
    max_alpha: float = 0.5
    n_refreshed: int = 1000
    softness: float = 0.0


def learn_straight(
    school: School,
    lesson: StraightLesson,
    *,
    seed: int,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[Direction, Assessor]:
    """Learn a direction; it, and the assessor as it became."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    simulator = school.simulator
    direction: NetworkDirection | VectorDirection
    if lesson.kind == "network":
        direction = NetworkDirection(simulator.n_units)
    else:
        direction = VectorDirection(simulator.n_units)
    assessor = copy.deepcopy(school.assessor)
    optimizer = torch.optim.Adam(direction.parameters(), lr=lesson.rate)
    learned = [(school.base, school.base_scores, school.base_bits)]
    for index in range(lesson.n_rounds):
        for update in range(lesson.n_updates):
            loss = _loss(school, lesson, direction, assessor, generator)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(direction.parameters(), 1.0)
            optimizer.step()
            on_progress((index + (update + 1) / lesson.n_updates) / lesson.n_rounds)
        if lesson.is_refreshed:
            n = lesson.n_refreshed
            learned.append(steered_phrases(school, direction, n, lesson.max_alpha, generator))
            refresh(assessor, learned, generator)
    return direction, assessor


def _loss(
    school: School,
    lesson: StraightLesson,
    direction: Direction,
    assessor: Assessor,
    generator: torch.Generator,
) -> Tensor:
    """One batch: the same starts and the same chance, unsteered and steered."""
    simulator, n = school.simulator, lesson.batch_size
    start = drawn_starts(school, n, generator)
    uniform = chance(n, simulator, generator)
    noise = noise_per_bar(n, direction.n_noise, generator)
    alpha = drawn_alphas(n, lesson.max_alpha, generator)
    with torch.no_grad():
        twice = start.taken(np.tile(np.arange(n), 2))
        both_alphas = torch.cat([torch.zeros(n, 1), alpha])
        steer = Leading(
            simulator, school.score, direction, twice, both_alphas, noise.repeat(2, 1, 1)
        )
        both = simulator.play(twice, uniform.repeat(2, 1, 1), steer=steer)
        plain = judged_by(assessor, school.score, both.phrases.taken(slice(0, n)))  # (n,)
    steered = second_half(both, n)
    hidden = steered.hidden
    seen = turned(hidden, direction(hidden, noise), alpha[:, None])
    soft = softly(school, steered, seen, uniform, lesson.softness)
    wanted = (plain + alpha[:, 0]).clamp(LEAST, MOST)
    loss: Tensor = (assessor(soft) - wanted).square().mean()
    if lesson.kl_weight or lesson.gate_weight or lesson.diversity_weight:
        log_p = torch.log_softmax(simulator.logits(seen), dim=-1)
        unsteered = torch.log_softmax(simulator.logits(hidden), dim=-1)
        apart = divergence(log_p, unsteered).mean(dim=1)  # (n,)
        beyond = torch.relu(apart - lesson.gate_kl)
        loss = loss + (lesson.kl_weight * apart + lesson.gate_weight * beyond).mean()
        if lesson.diversity_weight:
            other = noise_per_bar(n, direction.n_noise, generator)
            elsewhere = turned(hidden, direction(hidden, other), alpha[:, None])
            log_q = torch.log_softmax(simulator.logits(elsewhere), dim=-1)
            varied = divergence(log_p, log_q).mean(dim=1).clamp(max=_DIVERSITY_CAP)
            loss = loss - lesson.diversity_weight * varied.mean()
    return loss


def second_half(played: Played, n: int) -> Played:
    """All but the first n phrases."""
    return Played(
        played.tokens[n:], played.hidden[n:], played.features[n:], played.logits[n:],
        played.allowed[n:], played.phrases.taken(slice(n, None)), played.is_shifted,
    )  # fmt: skip


@torch.no_grad()
def judged_by(assessor: Assessor, score: Score, phrases: Phrases) -> Tensor:
    """A of some phrases, (n,)."""
    verdict: Tensor = assessor(Judged(phrases, bits_with_before(score.novelty, phrases)))
    return verdict


def softly(
    school: School, played: Played, seen: Tensor, uniform: Tensor, softness: float
) -> Judged:
    """What was played, for the assessor, with gradients to what the readout saw.

    Straight through: forward the tokens that were drawn; backward the distribution that they were
    drawn from, or, with a `softness`, the Gumbel-softmax of that temperature (Jang et al., ICLR
    2017). What a note is worth in bits is told of every token at every step; what it does to the
    bits of later notes is not followed.
    """
    simulator, phrases = school.simulator, played.phrases
    log_p = simulator.log_p(simulator.logits(seen), played.allowed, is_whole=True)
    if softness:
        gumbel = -torch.log(-torch.log(uniform))
        soft = torch.softmax((log_p + gumbel) / softness, dim=-1)  # (n, n_steps, n_tokens)
    else:
        soft = log_p.exp()
    hard = torch.nn.functional.one_hot(played.tokens, simulator.n_tokens).float()
    chosen = hard + soft - soft.detach()
    codes = torch.from_numpy(symbol_codes(simulator.role))
    novelty = school.score.novelty
    bits_of_all = torch.from_numpy(novelty.bits_of_all(phrases))  # (n, n_steps, n_symbols)
    if simulator.role == "drums":
        codes, bits_of_all = codes[simulator.masks], bits_of_all[..., simulator.masks]
        onset = chosen @ (simulator.masks > 0).float()
        flags = torch.stack([onset, onset, torch.zeros_like(onset)], dim=2)
    else:
        pitches = simulator.pitches(phrases)
        fitting = torch.from_numpy(phrases.fitting[:, phrases.judged].astype(np.int64))
        fits = (pitches >= 0) & (fitting[..., None] >> (pitches.clamp(min=0) % 12) & 1).bool()
        onset = chosen[..., FIRST_NOTE:].sum(dim=-1)
        flags = torch.stack([onset, (chosen * fits).sum(dim=-1), chosen[..., HOLD]], dim=2)
    judged = Judged(phrases, bits_with_before(novelty, phrases))
    return judged.softened(chosen @ codes, flags, (chosen * bits_of_all).sum(dim=-1))
