"""Novelty is what a model of the corpus and of this performance did not expect; V is fitness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from creativity.assessor.score import Habit, Score, Wundt, band_score, bits_per_onset
from creativity.assessor.worth import WorthScale, features_of_worth, syncopations, worth
from musebots.harmony import Chord, Harmony, Key
from musebots.measures.part import Part
from musebots.measures.rhythm import syncopation
from musebots.notes import Note
from musebots.novelty.contexts import contexts_of_steps
from musebots.novelty.fitting import fit_novelty
from musebots.novelty.model import NoveltyModel
from musebots.novelty.phrases import Phrases, n_symbols, pitch_words, pitches_of, tokens_of

from .phrases_made import N_STEPS, phrases_of, random_walks

SCALE = WorthScale(0.9, 0.9, 0.1, 4.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def model() -> NoveltyModel:
    """Of forty random walks."""
    pieces = [phrases_of("melody", random_walks(1, seed), 0) for seed in range(40)]
    return fit_novelty(pieces, [phrases_of("melody", random_walks(10, 99))])


def told(model: NoveltyModel, phrases: Phrases) -> np.ndarray:
    """Bits per onset."""
    return bits_per_onset(model.bits(phrases), phrases)[0]


def test_probabilities_of_all_symbols_add_up_to_1(model: NoveltyModel) -> None:
    played = random_walks(1, 7)
    total = np.zeros(1)
    for symbol in range(n_symbols("melody")):
        tried = played[:, :65].copy()
        tried[:, 64] = symbol
        total += 2.0 ** -model.bits(phrases_of("melody", tried))[:, 0]
    assert total == pytest.approx(1.0)


def test_the_bits_of_all_symbols_hold_those_of_the_symbol_that_was_played(
    model: NoveltyModel,
) -> None:
    phrases = phrases_of("melody", random_walks(3, 7))
    every = model.bits_of_all(phrases)
    played = phrases.symbols[:, phrases.judged, None]
    picked = np.take_along_axis(every, played, axis=2)[..., 0]
    np.testing.assert_allclose(picked, model.bits(phrases), atol=1e-3)
    np.testing.assert_allclose((2.0 ** -every.astype(float)).sum(axis=2), 1.0, rtol=1e-4)


def test_what_was_played_before_is_less_new_the_second_time(model: NoveltyModel) -> None:
    tune = random_walks(1, 5)[:, :32]
    known = np.concatenate([random_walks(1, 6)[:, :32], tune, tune], axis=1)
    other = np.concatenate([random_walks(1, 6)[:, :64], tune], axis=1)
    keen = replace(model, strengths=(1.0,) * 4)
    found = told(keen, phrases_of("melody", np.concatenate([known, other])))
    assert found[0] < found[1] - 0.5


def test_leaps_and_odd_places_are_newer_than_steps_on_the_beat(model: NoveltyModel) -> None:
    walk = random_walks(20, 50)
    rng = np.random.default_rng(0)
    odd = walk.copy()
    odd[:, 64:] = np.where(rng.random((20, 32)) < 0.4, rng.integers(2, 51, (20, 32)), walk[:, 64:])
    usual, unusual = (told(model, phrases_of("melody", s)).mean() for s in (walk, odd))
    assert unusual > usual + 1


def test_a_tune_that_repeats_itself_counts_once() -> None:
    tune = random_walks(1, 3)[:, :32]
    once = phrases_of("melody", tune, 0)
    often = phrases_of("melody", np.tile(tune, 5), 0)
    held_out = [phrases_of("melody", random_walks(2, 9))]
    models = [fit_novelty([piece, once], held_out, least_seen=1) for piece in (once, often)]
    first, second = (int(m.n_seen[0].sum()) for m in models)
    assert second == pytest.approx(first, abs=8)  # only what happens where it comes round


def test_a_model_comes_back_from_its_arrays(model: NoveltyModel) -> None:
    again = NoveltyModel.from_tensors("melody", model.to_tensors(), model.strengths)
    played = phrases_of("melody", random_walks(3, 8))
    np.testing.assert_array_equal(again.bits(played), model.bits(played))


@pytest.mark.parametrize("role", ["melody", "bass"])
def test_tokens_of_many_pitches_are_those_of_the_vocabulary(role: str) -> None:
    words = pitch_words(role)  # type: ignore[arg-type]
    for tonic in range(12):
        for root in (0, 4, 11):
            pitches = np.arange(20, 100)
            expected = [words.token_of(int(p), Key(tonic), Chord(root)) for p in pitches]
            found = tokens_of(role, pitches, np.full(80, root), np.full(80, tonic))  # type: ignore[arg-type]
            np.testing.assert_array_equal(found, expected)
            back = pitches_of(role, found, np.full(80, root), np.full(80, tonic))  # type: ignore[arg-type]
            np.testing.assert_array_equal(
                back, [words.pitch_of(t, Key(tonic), Chord(root)) for t in expected]
            )


def test_contexts_know_nothing_of_the_step_itself() -> None:
    played = random_walks(1, 4)
    changed = played.copy()
    changed[0, 70] = 30
    before, after = (contexts_of_steps(phrases_of("melody", s)) for s in (played, changed))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[:, :71], other[:, :71])
    assert not np.array_equal(before[-1], after[-1])


def phrase(judged: list[int]) -> Phrases:
    """Two bars after four silent ones."""
    return phrases_of("melody", [[0] * 64 + judged + [0] * (N_STEPS - 64 - len(judged))])


C4, D4, CSHARP4, HOLD, REST = 19, 21, 20, 1, 0


def test_notes_outside_key_and_chord_are_worth_less() -> None:
    fits, rubs = ([pitch, HOLD] * 16 for pitch in (C4, CSHARP4))
    features = [features_of_worth(phrase(judged)) for judged in (fits, rubs)]
    assert [f["scale"][0] for f in features] == [1.0, 0.0]
    assert worth(features[1], SCALE, is_drums=False)[0] == 0.0


def test_a_16th_that_leads_to_an_eighth_is_carried_by_the_metre_one_that_hangs_is_not() -> None:
    leads = [REST, C4, D4, HOLD] * 8
    hangs = [REST, C4, HOLD, HOLD] * 8
    shares = [features_of_worth(phrase(judged))["metre"][0] for judged in (leads, hangs)]
    assert shares == [1.0, 0.0]


def test_silence_and_one_note_for_ever_are_worth_little() -> None:
    mixed = [C4, HOLD, D4, HOLD] * 8
    silent = [C4, HOLD, D4, HOLD] + [REST] * 28
    stuck = [C4] * 32
    values = [
        worth(features_of_worth(phrase(judged)), SCALE, is_drums=False)[0]
        for judged in (mixed, silent, stuck)
    ]
    assert values[0] == 1.0
    assert max(values[1:]) < 0.5


def test_syncopation_of_many_is_that_of_each_as_a_part() -> None:
    rng = np.random.default_rng(0)
    symbols = np.where(rng.random((30, 32)) < 0.3, C4, HOLD)
    found = syncopations(phrases_of("melody", symbols, 0))
    for row, value in zip(symbols, found, strict=True):
        notes = [Note(step / 4, 60) for step in np.flatnonzero(row == C4)]
        expected = syncopation(Part.of(notes, n_bars=2)) if notes else 0.0
        assert value == pytest.approx(expected)


def test_what_one_has_got_used_to_is_taken_off_as_real_music_teaches() -> None:
    rng = np.random.default_rng(0)
    before = rng.gamma(4, 1, 400)
    now = 0.6 * before + rng.normal(0, 0.3, 400)
    habit = Habit.of(now, before)
    assert habit.slope == pytest.approx(0.6, abs=0.05)
    new = habit.novelty(now, before)
    assert abs(np.corrcoef(new, before)[0, 1]) < 0.05
    np.testing.assert_allclose(
        habit.novelty(np.array([2.0]), np.array([np.nan])), [2.0]
    )  # nothing before: nothing to get used to


def test_moderate_novelty_is_liked_best() -> None:
    bits = np.random.default_rng(0).gamma(4, 1.2, 500)
    wundt = Wundt.of(bits)
    low, middle, high = wundt.liking(np.array([0.0, (wundt.low + wundt.high) / 2, 60.0]))
    assert low < 0.2
    assert middle > 0.7
    assert high < 0.05


def test_a_score_is_novelty_times_value_and_its_constants_come_back(model: NoveltyModel) -> None:
    real = phrases_of("melody", random_walks(60, 70))
    score = Score.fitted(model, real)
    parts = score.parts(real)
    np.testing.assert_allclose(parts["S"], parts["W"] * parts["V"])
    again = Score.from_constants(model, score.constants())
    np.testing.assert_array_equal(again(real), score(real))


def test_a_band_that_does_not_go_together_is_worth_nothing() -> None:
    scores = {"melody": np.array([0.4, 0.4]), "bass": np.array([0.6, 0.6])}
    np.testing.assert_allclose(band_score(scores, np.array([1.0, 0.0])), [0.5, 0.0])


def test_a_part_that_was_heard_is_the_phrase_that_was_played() -> None:
    harmony = Harmony(Key())
    notes = [Note(beat, 60 + beat % 3, duration=0.5) for beat in range(24)]
    part = Part.of(notes, n_bars=6)
    heard = Phrases.of_part("melody", part, harmony, first_bar=4)
    assert heard.symbols.shape == (1, 96)
    np.testing.assert_array_equal(heard.symbols[0, 64:72], [20, 1, 0, 0, 21, 1, 0, 0])
    assert heard.pitch[0, 68] == 62
    early = Phrases.of_part("melody", part, harmony, first_bar=1)
    assert not early.symbols[0, :48].any()
