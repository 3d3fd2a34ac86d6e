"""What a listener who follows live expects is what the model says of the whole. Seed 0."""

from __future__ import annotations

import numpy as np
import pytest

from musebots.novelty.expecting import BITS_GRID
from musebots.novelty.files import load_novelty
from musebots.novelty.following import Following, Place
from musebots.novelty.phrases import Phrases, pitches_of
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.told import MOST_BITS, Told
from musebots.rnn.vocabulary import FIRST_NOTE, ROLES, DrumVocabulary, Role

TOLD = Told(3.0, 0.7, 0.4, 3.5, "")
N_STEPS = 6 * 16


def symbols_of(role: Role) -> np.ndarray:
    vocabulary = shipped_checkpoint(role).vocabulary
    if isinstance(vocabulary, DrumVocabulary):
        return np.array(vocabulary.masks)
    return np.arange(vocabulary.n_tokens)


def some_phrases(role: Role, seed: int) -> Phrases:
    """Six bars that repeat themselves a little, over changing chords."""
    rng = np.random.default_rng(seed)
    known = symbols_of(role)
    likely = known[:12] if role == "drums" else known[FIRST_NOTE + 14 : FIRST_NOTE + 26]
    bar = np.where(rng.random(16) < 0.5, rng.choice(likely, 16), 0)
    symbols = np.where(rng.random(N_STEPS) < 0.7, np.tile(bar, 6), rng.choice(likely, N_STEPS))
    root = np.repeat(rng.integers(0, 12, 12), 8)
    tonic = np.full(N_STEPS, 7)
    pitch = np.full(N_STEPS, -1) if role == "drums" else pitches_of(role, symbols, root, tonic)
    place = np.arange(N_STEPS) % 16
    arrays = (symbols, pitch, place, root, tonic, np.full(N_STEPS, 0b101010110101))
    return Phrases(role, *(a[None].astype(np.int64) for a in arrays), 64)


def place_of(phrases: Phrases, step: int) -> Place:
    return Place(
        step % 16, 16, step // 16 % 4, int(phrases.root[0, step]), int(phrases.tonic[0, step])
    )


def follow(following: Following, phrases: Phrases, first: int, end: int) -> None:
    for step in range(first, end):
        following.observe(
            place_of(phrases, step), int(phrases.symbols[0, step]), int(phrases.pitch[0, step])
        )


@pytest.mark.parametrize("role", ROLES)
def test_each_token_is_worth_what_the_model_says(role: Role) -> None:
    model, symbols = load_novelty(role), symbols_of(role)
    phrases = some_phrases(role, 1)
    expected = np.minimum(model.bits_of_all(phrases)[0][:, symbols], MOST_BITS)
    following = Following(model, symbols.tolist(), TOLD)
    follow(following, phrases, 0, 64)
    for step in range(64, N_STEPS):
        _, worth, is_onset = following.now(place_of(phrases, step))
        wanted = (expected[step - 64] - TOLD.low) / 4 * is_onset
        np.testing.assert_allclose(worth, wanted, atol=BITS_GRID)
        follow(following, phrases, step, step + 1)


@pytest.mark.parametrize("role", ROLES)
def test_where_the_phrase_stands_is_what_was_played(role: Role) -> None:
    model, symbols = load_novelty(role), symbols_of(role)
    phrases = some_phrases(role, 2)
    bits = np.minimum(model.bits(phrases)[0], MOST_BITS)
    onset = phrases.is_onset[0, 64:]
    following = Following(model, symbols.tolist(), TOLD)
    follow(following, phrases, 0, 84)
    told, _, _ = following.now(place_of(phrases, 84))
    assert told[:3].tolist() == [20 / 32, 0, 1]
    n = int(onset[:20].sum())
    assert told[4] == min(1.5, n / 8)
    expected = TOLD.low + TOLD.slope * 2 * told[5]
    if abs(told[5]) < 1.5:
        mean = (bits[:20] * onset[:20]).sum() / n
        off = np.clip((mean - expected) / (3 * TOLD.width), -1.5, 1.5)
        np.testing.assert_allclose(told[3], off, atol=0.01)


@pytest.mark.parametrize("role", ROLES)
def test_who_asks_late_or_comes_back_hears_the_same(role: Role) -> None:
    model, symbols = load_novelty(role), symbols_of(role)
    rows = [some_phrases(role, seed) for seed in range(5)]
    asked, silent, restored = (Following(model, symbols.tolist(), TOLD) for _ in range(3))
    for phrases in rows:
        for step in range(N_STEPS):
            asked.now(place_of(phrases, step))
            follow(asked, phrases, step, step + 1)
        follow(silent, phrases, 0, N_STEPS)
    restored.restore(silent.snapshot())
    for step in range(40):
        place = place_of(rows[0], step)
        found = [one.now(place) for one in (asked, silent, restored)]
        for other in found[1:]:
            for first, second in zip(found[0], other, strict=True):
                np.testing.assert_array_equal(first, second)
        for one in (asked, silent, restored):
            follow(one, rows[0], step, step + 1)


def test_a_long_performance_takes_no_more_room() -> None:
    model, symbols = load_novelty("bass"), symbols_of("bass")
    following = Following(model, symbols.tolist(), TOLD)
    phrases = some_phrases("bass", 0)
    sizes = []
    for _ in range(8):
        follow(following, phrases, 0, N_STEPS)
        following.now(place_of(phrases, 0))
        sizes.append(len(following.snapshot()[0]))
    assert max(sizes) <= 12 * 16
