"""Learning where bolder lies: the published objective, and what a recurrent network needs besides.

The objective of Kocasari et al. (2021, equation 1) asks that the assessor's verdict move by just
alpha: ``(A(G(h')) - (A(G(h)) + a))^2``. Two repairs keep it music and the assessor honest: the
exact divergence of every steered choice from the unsteered one of the same state costs something,
and after every round the assessor learns what S says of steered phrases. Needs torch.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from creativity.assessor.network import symbol_codes
from creativity.assessor.score import Score, bits_with_before
from creativity.learning.assessing import Assessor, Judged, assessed, fit_assessor
from creativity.learning.directions import Direction, NetworkDirection, VectorDirection, turned
from creativity.learning.material import Windows
from creativity.learning.simulation import Played, Simulator, Start
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import FIRST_NOTE, HOLD

__all__ = ["LEAST", "MOST", "Lesson", "School", "chance", "learn", "noise_per_bar", "steering_by"]

Labelled = tuple[Phrases, npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Phrases, their S, the bits of their steps."""

LEAST, MOST = 0.02, 0.98
"""What is asked of the assessor lies within."""
_TEMPERATURES = (0.5, 1.8)
_BAR = 16


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a direction is learned.

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


_DIVERSITY_CAP = 0.05


def chance(n: int, simulator: Simulator, generator: torch.Generator, n_steps: int = 32) -> Tensor:
    """Uniform numbers for `Simulator.play`, (n, n_steps, n_tokens)."""
    drawn = torch.rand(n, n_steps, simulator.n_tokens, generator=generator)
    return drawn.clamp(1e-7, 1 - 1e-6)


def noise_per_bar(n: int, n_noise: int, generator: torch.Generator, n_steps: int = 32) -> Tensor:
    """Noise of mean 0 and variance 1, new in every bar: (n, n_steps, n_noise)."""
    bars = torch.rand(n, -(-n_steps // _BAR), n_noise, generator=generator)
    return ((2 * bars - 1) * 3**0.5).repeat_interleave(_BAR, dim=1)[:, :n_steps]


def steering_by(
    direction: Direction, alpha: Tensor, noise: Tensor
) -> Callable[[Tensor, int], Tensor]:
    """What `Simulator.play` steers with: alpha (n, 1), noise (n, n_steps, n_noise)."""

    def steer(hidden: Tensor, step: int) -> Tensor:
        return turned(hidden, direction(hidden, noise[:, step]), alpha)

    return steer


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


def learn(
    school: School,
    lesson: Lesson,
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
            steered = _steered(school, lesson, direction, generator)
            bits = bits_with_before(school.score.novelty, steered)
            learned.append((steered, school.score.parts(steered, bits)["S"], bits))
            refresh(assessor, learned, generator)
    return direction, assessor


def drawn_starts(school: School, n: int, generator: torch.Generator) -> Start:
    index = torch.randint(len(school.starts), (n,), generator=generator)
    return school.starts.taken(index.numpy())


def drawn_alphas(n: int, largest: float, generator: torch.Generator) -> Tensor:
    return (2 * torch.rand(n, 1, generator=generator) - 1) * largest


@torch.no_grad()
def _steered(
    school: School, lesson: Lesson, direction: Direction, generator: torch.Generator
) -> Phrases:
    """Phrases steered by alphas of the whole range."""
    n = lesson.n_refreshed
    start = drawn_starts(school, n, generator)
    noise = noise_per_bar(n, direction.n_noise, generator)
    steer = steering_by(direction, drawn_alphas(n, lesson.max_alpha, generator), noise)
    return school.simulator.play(start, chance(n, school.simulator, generator), steer=steer).phrases


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


def _loss(
    school: School,
    lesson: Lesson,
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
        both = simulator.play(
            twice,
            uniform.repeat(2, 1, 1),
            steer=steering_by(
                direction, torch.cat([torch.zeros(n, 1), alpha]), noise.repeat(2, 1, 1)
            ),
        )
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
    return Played(
        played.tokens[n:], played.hidden[n:], played.features[n:], played.allowed[n:],
        played.phrases.taken(slice(n, None)), played.is_shifted,
    )  # fmt: skip


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Kullback-Leibler divergence of each step's choice, (..., n_steps)."""
    return torch.sum(log_p.exp() * (log_p - log_q), dim=-1)


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
    log_p = simulator.log_p(seen, played.allowed, is_whole=True)
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


def honest(assessor: Assessor, phrases: Phrases, score: Score) -> float:
    """How well A follows S on phrases: correlation."""
    bits = bits_with_before(score.novelty, phrases)
    found = assessed(assessor, phrases, bits)
    return float(np.corrcoef(found, score.parts(phrases, bits)["S"])[0, 1])
