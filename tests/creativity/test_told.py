"""What steering is told while it plays is what one would count afterwards. Seed 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from creativity.assessor.score import Score, bits_per_onset, bits_with_before
from creativity.learning.directions import NetworkDirection, VectorDirection
from creativity.learning.leading import Leading, noise_per_bar, steered_logits
from creativity.learning.locking import is_outside, locked
from creativity.learning.making import exact_steering, score_of, told_of
from creativity.learning.material import Material, material_of
from creativity.learning.played import Played
from creativity.learning.school import chance
from creativity.learning.simulation import Simulator
from ensembles.experiments.tiny_corpus import write_tiny_corpus
from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.helm import Helm
from musebots.rnn.memory import Memory
from musebots.rnn.steering import noise_of
from musebots.rnn.told import MOST_BITS, MOST_TOLD
from musebots.rnn.vocabulary import ROLES


@pytest.fixture(scope="module", params=ROLES)
def material(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Material:
    corpus = write_tiny_corpus(tmp_path_factory.mktemp("tiny"))
    return material_of(shipped_checkpoint(request.param), corpus)


@pytest.fixture(scope="module")
def score(material: Material) -> Score:
    return score_of(material, seed=0)


def led(material: Material, score: Score, alpha: float) -> tuple[Simulator, Played, Leading]:
    torch.manual_seed(0)
    simulator = Simulator(material.checkpoint)
    start = simulator.start(material.windows["valid"])
    n = len(start)
    generator = torch.Generator().manual_seed(0)
    direction = NetworkDirection(simulator.n_units, is_told=True)
    noise = noise_per_bar(n, 8, generator)
    steer = Leading(simulator, score, direction, start, torch.full((n, 1), alpha), noise)
    with torch.no_grad():
        return simulator, simulator.play(start, chance(n, simulator, generator), steer=steer), steer


def test_tokens_are_worth_what_the_novelty_model_says_afterwards(
    material: Material, score: Score
) -> None:
    simulator, played, steer = led(material, score, 0.5)
    assert steer.features is not None
    bits = np.minimum(score.novelty.bits_of_all(played.phrases), MOST_BITS)
    bits = bits[..., simulator.symbols]
    onset = steer.features[..., 1].numpy() > 0
    expected = np.where(onset, (bits - score.wundt.low) / 4, 0.0)
    np.testing.assert_allclose(steer.features[..., 0].numpy(), expected, atol=1e-3)
    assert 0 < onset.mean() < 1


def test_where_a_phrase_stands_is_what_one_counts_afterwards(
    material: Material, score: Score
) -> None:
    _, played, steer = led(material, score, 0.5)
    assert steer.told is not None
    phrases = played.phrases
    bits = np.minimum(bits_with_before(score.novelty, phrases), MOST_BITS)
    now, before = bits_per_onset(bits, phrases)
    onset = phrases.is_onset[:, phrases.judged]
    n_onsets = onset.cumsum(axis=1) - onset  # before each step
    np.testing.assert_allclose(
        steer.told[..., 4].numpy(), np.minimum(n_onsets / 8, MOST_TOLD), atol=1e-5
    )
    off = (np.where(np.isfinite(before), before, score.habit.usual) - score.habit.usual) / 2
    np.testing.assert_allclose(
        steer.told[:, 0, 5].numpy(), np.clip(off, -MOST_TOLD, MOST_TOLD), atol=1e-3
    )
    total = (bits[:, -phrases.n_steps + phrases.n_before :] * onset).sum(axis=1)
    is_last = ~onset[:, -1] & onset.any(axis=1)  # then all of it was told at the last step
    expected = score.wundt.low + score.habit.slope * 2 * off
    mean = np.clip((now - expected) / (3 * score.wundt.width), -MOST_TOLD, MOST_TOLD)
    np.testing.assert_allclose(steer.told[:, -1, 3].numpy()[is_last], mean[is_last], atol=1e-3)
    beyond = (total - onset.sum(axis=1) * expected) / (10 * score.wundt.width)
    np.testing.assert_allclose(
        steer.told[:, -1, 6].numpy()[is_last],
        np.clip(beyond, -MOST_TOLD, MOST_TOLD)[is_last], atol=1e-3,
    )  # fmt: skip
    assert is_last.any()


def test_what_is_learned_from_is_what_was_played_from(material: Material, score: Score) -> None:
    simulator, played, steer = led(material, score, -0.4)
    torch.manual_seed(0)
    direction = NetworkDirection(simulator.n_units, is_told=True)
    n = len(played.tokens)
    noise = noise_per_bar(n, 8, torch.Generator().manual_seed(0))
    alpha = torch.full((n, 1, 1), -0.4)
    with torch.no_grad():
        logits = steered_logits(
            simulator, direction, played.hidden, noise, alpha, steer.told, steer.features
        )
        if simulator.role != "drums":
            phrases = played.phrases
            fitting = torch.from_numpy(phrases.fitting[:, phrases.judged].astype(np.int64))
            outside = is_outside(simulator.pitches(phrases), fitting)
            logits = locked(logits, simulator.logits(played.hidden), outside)
    torch.testing.assert_close(logits, played.logits, atol=1e-4, rtol=1e-4)


def test_a_live_bot_is_steered_as_the_simulated_one(material: Material, score: Score) -> None:
    """One phrase, note for note: the logits that a live step draws from, before any leaning."""
    simulator, steps, plains = Simulator(material.checkpoint), [], []
    windows = material.windows["valid"].taken(slice(0, 1))
    chords = {root: Chord(root) for root in range(12)}
    key = Key(int(windows.phrases.tonic[0, 0]), "major")
    fitting = {
        root: sum(1 << pc for pc in {*key.scale, *chord.pitch_classes})
        for root, chord in chords.items()
    }
    phrases = windows.phrases
    fits = np.array([[fitting[int(root)] for root in phrases.root[0]]])
    tonic = np.full_like(phrases.tonic, key.relative_major_pc)
    windows = replace(windows, phrases=replace(phrases, fitting=fits, tonic=tonic))
    torch.manual_seed(0)
    direction = NetworkDirection(simulator.n_units, is_told=True)
    steering = exact_steering(material.checkpoint, direction, (-0.5, 0.5), told=told_of(score))
    start, noise = simulator.start(windows), noise_of(0.3, 8)
    tensor = torch.from_numpy(noise).float().expand(1, 32, 8)
    steer = Leading(simulator, score, direction, start, torch.full((1, 1), 0.5), tensor)
    with torch.no_grad():
        uniform = chance(1, simulator, torch.Generator().manual_seed(0))
        played = simulator.play(start, uniform, steer=steer)
    stepper, vocabulary = material.checkpoint.stepper(), material.checkpoint.vocabulary
    helm, memory = Helm(stepper, vocabulary, steering, score.novelty), Memory(vocabulary)
    tokens = np.concatenate([windows.tokens[0, :64], played.tokens[0].numpy()])
    heard = np.concatenate([windows.features[0, :64], played.features[0].numpy()])
    for step, token in enumerate(tokens.tolist()):
        plain = stepper.step(heard[step].tolist())
        context = StepContext(
            step % 16, bar_in_phrase=step // 16 % 4, key=key,
            chord=chords[int(phrases.root[0, step])], alpha=0.5 if step >= 64 else 0.0,
        )  # fmt: skip
        plains.append(plain)
        steps.append(helm.steer(plain, context, memory, 0.3))
        memory.observe(context, token)
        helm.observe(context, memory, token)
    np.testing.assert_allclose(steps[64:], played.logits[0].numpy(), atol=2e-2)
    assert steps[63] is plains[63]
    assert np.abs(np.array(steps[64:]) - plains[64:]).max() > 0.1


def test_the_lock_lets_nothing_outside_get_likelier_than_all_inside() -> None:
    generator = torch.Generator().manual_seed(0)
    plain, steered = (torch.randn(5, 12, generator=generator) for _ in range(2))
    outside = torch.arange(12).expand(5, 12) % 3 == 0
    before, after = (torch.softmax(x, dim=-1) for x in (plain, locked(steered, plain, outside)))
    odds = [(p[:, ::3] / p[~outside].view(5, -1).sum(dim=1, keepdim=True)) for p in (before, after)]
    assert (odds[1] <= odds[0] * 1.0001).all()
    unlocked = torch.softmax(steered, dim=-1)
    assert (unlocked[:, ::3] / unlocked[~outside].view(5, -1).sum(1, keepdim=True) > odds[0]).any()


def test_a_vector_leans_alike_everywhere() -> None:
    direction = VectorDirection(4, is_told=True)
    away, lean = direction.leaning(torch.zeros(2, 3, 4), torch.zeros(2, 3, 0), torch.zeros(2, 3, 7))
    assert away.shape == (2, 3, 4)
    assert lean is not None
    assert torch.equal(lean, lean[:1, :1].expand_as(lean))
