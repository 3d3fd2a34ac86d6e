"""The assessors that come with musebots judge what the bots play. Seed 0."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from creativity.assessor.assessor import load_assessor
from ensembles.config import load_piece
from ensembles.experiments.performing import perform
from musebots.errors import CheckpointError
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import ROLES, Role


@pytest.fixture(scope="module")
def played() -> dict[str, Phrases]:
    """Every two bars of the shipped trio, from the fifth on."""
    performance = perform(load_piece("trio"), seed=0)
    n_bars = performance.parts["melody"].n_bars
    return {
        role: Phrases.joined(
            [
                Phrases.of_part(role, performance.parts[role], performance.harmony, first_bar=bar)
                for bar in range(4, n_bars - 1, 2)
            ]
        )
        for role in ROLES
    }


@pytest.mark.parametrize("role", ROLES)
def test_its_network_says_of_the_band_what_its_score_says(
    role: Role, played: dict[str, Phrases]
) -> None:
    parts = load_assessor(role).parts(played[role])
    assert np.corrcoef(parts["A"], parts["S"])[0, 1] > 0.8
    assert ((parts["A"] > 0) & (parts["A"] < 1)).all()


@pytest.mark.parametrize("role", ROLES)
def test_bold_noise_is_new_and_worthless(role: Role, played: dict[str, Phrases]) -> None:
    phrases, rng = played[role], np.random.default_rng(0)
    symbols, pitch = phrases.symbols.copy(), phrases.pitch.copy()
    noise = rng.random((len(phrases), 32)) < 0.8
    if role == "drums":
        symbols[:, 64:] = np.where(noise, rng.integers(1, 512, noise.shape), 0)
    else:
        symbols[:, 64:] = np.where(noise, rng.integers(2, 50, noise.shape), 0)
        pitch[:, 64:] = np.where(noise, rng.integers(40, 80, noise.shape), -1)
    assessor = load_assessor(role)
    usual = assessor.parts(phrases)
    found = assessor.parts(phrases.with_symbols(symbols, pitch))
    assert found["novelty"].mean() > usual["novelty"].mean() + 2
    assert found["S"].mean() < usual["S"].mean()


@pytest.mark.parametrize("role", ROLES)
def test_it_is_small_enough_to_come_along(role: Role) -> None:
    place = resources.files("creativity") / "assessors" / f"{role}.safetensors"
    assert len(place.read_bytes()) < 3_000_000


def test_another_role_has_none(tmp_path: object) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        load_assessor("bagpipe.safetensors")
