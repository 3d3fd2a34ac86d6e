"""What is learned from is what a live bot plays, and what is learned can be played. Seed 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from creativity.assessor.assessor import load_assessor
from creativity.learning.assessing import Assessor, Judged, assessed, exported, fit_assessor
from creativity.learning.directions import NetworkDirection, VectorDirection, turned
from creativity.learning.making import exact_steering, score_of, train_steering
from creativity.learning.material import Material, material_of
from creativity.learning.school import School, chance
from creativity.learning.simulation import Simulator
from creativity.learning.training import Lesson, learn
from ensembles.experiments.tiny_corpus import write_tiny_corpus
from musebots.errors import CheckpointError
from musebots.novelty.phrases import Phrases
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.model import model_of
from musebots.rnn.steering import noise_of
from musebots.rnn.steering_files import load_steering
from musebots.rnn.told import Told
from musebots.rnn.vocabulary import ROLES, Role

from .phrases_made import phrases_of, random_walks

QUICK = Lesson(n_updates=2, n_beginnings=2, n_each=2, n_refreshed=6)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", params=ROLES)
def material(request: pytest.FixtureRequest, corpus: Path) -> Material:
    return material_of(shipped_checkpoint(request.param), corpus)


def forced(simulator: Simulator, material: Material) -> torch.Tensor:
    """Chance with which just the corpus' tokens are drawn."""
    windows = material.windows["train"]
    tokens = torch.from_numpy(windows.tokens[:, 64:].astype(np.int64))
    uniform = torch.full((*tokens.shape, simulator.n_tokens), 1e-12, dtype=torch.float64)
    return uniform.scatter_(2, tokens[..., None], 1 - 1e-12)


def test_a_simulated_bot_hears_and_is_what_the_live_one_would_be(material: Material) -> None:
    windows = material.windows["train"]
    simulator = Simulator(material.checkpoint, temperature=20.0)
    played = simulator.play(simulator.start(windows), forced(simulator, material))
    said = (played.tokens.numpy() == windows.tokens[:, 64:]).all(axis=1)
    assert said.any()  # what the instrument cannot play is not said
    np.testing.assert_array_equal(played.features.numpy()[said], windows.features[said][:, 64:])
    np.testing.assert_array_equal(played.phrases.symbols[said], windows.phrases.symbols[said])
    np.testing.assert_array_equal(played.phrases.pitch[said], windows.phrases.pitch[said])
    model = model_of(material.checkpoint).eval()
    with torch.no_grad():
        output = model(torch.from_numpy(windows.features[said].astype(np.int64)))
    np.testing.assert_allclose(
        output.hidden[:, 64:].numpy(), played.hidden.numpy()[said], atol=1e-4
    )


def test_the_same_chance_gives_the_same_music_and_a_nucleus_cuts_the_rare(
    material: Material,
) -> None:
    simulator = Simulator(material.checkpoint, top_p=0.5)
    start = simulator.start(material.windows["train"])
    uniform = chance(len(start), simulator, torch.Generator().manual_seed(0))
    first, second = (simulator.play(start, uniform) for _ in range(2))
    assert torch.equal(first.tokens, second.tokens)
    log_p = simulator.log_p(first.logits, first.allowed)
    assert torch.allclose(log_p.exp().sum(dim=-1), torch.ones(log_p.shape[:-1]), atol=1e-4)
    kept = (log_p > -100).sum(dim=-1)
    assert int(kept.max()) < simulator.n_tokens


@pytest.mark.parametrize("role", ROLES)
def test_the_assessor_that_plays_live_is_the_one_that_was_trained(role: Role) -> None:
    torch.manual_seed(0)
    assessor = Assessor(role, width=8).eval()
    rng = np.random.default_rng(0)
    symbols = rng.integers(0, 512, (5, 96)) if role == "drums" else random_walks(5)
    phrases = phrases_of(role, symbols)
    bits = rng.gamma(2.0, 2.0, (5, 64))
    np.testing.assert_allclose(
        exported(assessor)(phrases, bits), assessed(assessor, phrases, bits), atol=1e-5
    )


def test_an_assessor_learns_what_a_score_says() -> None:
    """Whether a phrase lies high or low: told apart on phrases that it did not see."""
    torch.manual_seed(0)

    def some(seed: int) -> tuple[Phrases, np.ndarray]:
        symbols = random_walks(240, seed)
        is_high = np.random.default_rng(seed).random(240) < 0.5
        symbols[:, 64:] += np.where((symbols[:, 64:] > 1) & is_high[:, None], 12, 0)
        return phrases_of("melody", symbols), is_high.astype(float)

    phrases, scores = some(1)
    assessor = Assessor("melody", width=16)
    generator = torch.Generator().manual_seed(0)
    fit_assessor(assessor, phrases, scores, np.zeros((240, 64)), n_epochs=60, generator=generator)
    others, wanted = some(2)
    told = assessed(assessor, others, np.zeros((240, 64)))
    assert ((told > 0.5) == wanted).mean() > 0.95


def test_soft_phrases_have_the_codes_of_hard_ones() -> None:
    phrases = phrases_of("melody", random_walks(3))
    judged = Judged(phrases, np.random.default_rng(0).gamma(2.0, 2.0, (3, 64)))
    again = judged.softened(judged.codes[:, 64:], judged.flags[:, 32:], judged.bits[:, 32:])
    for name in ("codes", "flags", "bits"):
        assert torch.equal(getattr(again, name), getattr(judged, name))


def test_turning_keeps_each_samples_own_length() -> None:
    torch.manual_seed(0)
    hidden, direction = torch.randn(7, 5, 12), torch.randn(7, 5, 12)
    found = turned(hidden, direction, torch.full((7, 1, 1), 0.5))
    norms = torch.linalg.vector_norm(found, dim=-1), torch.linalg.vector_norm(hidden, dim=-1)
    assert torch.allclose(*norms, rtol=1e-5)
    assert torch.equal(turned(hidden, direction, torch.zeros(7, 1, 1)), hidden)


@pytest.mark.parametrize("kind", [NetworkDirection, VectorDirection])
def test_what_plays_live_turns_as_what_was_learned(kind: type) -> None:
    torch.manual_seed(0)
    network = shipped_checkpoint("melody")
    direction = kind(256)
    steering = exact_steering(network, direction, (-0.5, 0.5))
    hidden = np.random.default_rng(0).integers(-(2**22), 2**22, 256) / 2.0**22
    noise = noise_of(0.3, direction.n_noise)
    with torch.no_grad():
        found = direction(torch.from_numpy(hidden).float(), torch.from_numpy(noise).float())
        expected = turned(torch.from_numpy(hidden).float(), found, torch.tensor([0.5]))
    steered = steering.turned(hidden, 0.5, noise)
    np.testing.assert_allclose(steered.hidden, expected.numpy(), atol=2e-4)
    assert steered.leans == ()


@pytest.mark.parametrize("kind", [NetworkDirection, VectorDirection])
def test_what_plays_live_leans_as_what_was_learned(kind: type) -> None:
    torch.manual_seed(0)
    direction = kind(256, is_told=True)
    told = Told(3.0, 0.7, 0.4, 3.5, "of nobody")
    steering = exact_steering(shipped_checkpoint("melody"), direction, (-0.5, 0.5), told=told)
    hidden = np.random.default_rng(0).integers(-(2**22), 2**22, 256) / 2.0**22
    noise, where = noise_of(0.3, direction.n_noise), np.arange(-3, 4) / 2
    with torch.no_grad():
        heard = (torch.from_numpy(x).float() for x in (hidden, noise, where))
        found, leans = direction.leaning(*heard)
        expected = turned(torch.from_numpy(hidden).float(), found, torch.tensor([-0.3]))
    steered = steering.turned(hidden, -0.3, noise, where)
    np.testing.assert_allclose(steered.hidden, expected.numpy(), atol=5e-4)
    np.testing.assert_allclose(steered.leans, -0.3 * leans.detach().numpy(), atol=1e-3)


def test_the_same_seed_learns_the_same_direction(material: Material) -> None:
    score = score_of(material, seed=0)
    simulator = Simulator(material.checkpoint, top_p=0.95)
    windows = material.windows["valid"]
    found = []
    for _ in range(2):
        school = School.opened(simulator, score, windows, seed=0, n_epochs=1, n_repeats=1, width=8)
        direction, _ = learn(school, QUICK, seed=0)
        found.append([p.detach().numpy().copy() for p in direction.parameters()])  # type: ignore[attr-defined]
    for first, second in zip(*found, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_training_writes_a_direction_and_an_assessor_that_load(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "bass.steering.safetensors"
    told: list[float] = []
    report = train_steering(
        "bass", corpus, out, lesson=QUICK, on_progress=lambda share, what: told.append(share)
    )
    assert told == sorted(told)
    steering, assessor = load_steering(out), load_assessor(report.assessor)
    assert steering.checkpoint_sha256 == shipped_checkpoint("bass").sha256
    assert steering.alpha_range == report.alpha_range == steering.knob.reach
    assert steering.knob.changes == tuple(sorted(steering.knob.changes))
    phrases = phrases_of("bass", random_walks(2) % 40)
    parts = assessor.parts(phrases)
    np.testing.assert_allclose(parts["S"], parts["W"] * parts["V"])
    assert ((parts["A"] > 0) & (parts["A"] < 1)).all()
    content = bytearray(report.assessor.read_bytes())
    content[-1] ^= 1
    report.assessor.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="again"):
        load_assessor(report.assessor)
