"""Sampling obeys its limits and follows its probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.rnn.sampling import draw, velocity_in_level, velocity_level

logit_lists = st.lists(st.floats(-30, 30), min_size=1, max_size=60)
uniforms = st.floats(0, 1, exclude_max=True)


@given(logits=logit_lists, uniform=uniforms, top_p=st.floats(0.01, 1), pick=st.randoms())
def test_only_allowed_tokens_are_drawn(
    logits: list[float], uniform: float, top_p: float, pick: object
) -> None:
    allowed = np.array([pick.random() < 0.5 for _ in logits])  # type: ignore[attr-defined]
    allowed[pick.randrange(len(logits))] = True  # type: ignore[attr-defined]
    token = draw(np.array(logits), uniform, top_p=top_p, allowed=allowed)
    assert allowed[token]


def test_nothing_allowed_is_an_error() -> None:
    with pytest.raises(ValueError, match="allowed"):
        draw(np.zeros(3), 0.5, allowed=np.zeros(3, dtype=bool))


@given(logits=logit_lists, uniform=uniforms)
def test_temperature_zero_takes_the_likeliest(logits: list[float], uniform: float) -> None:
    assert draw(np.array(logits), uniform, temperature=0) == int(np.argmax(logits))


def test_draws_follow_the_probabilities() -> None:
    # a sweep over the unit interval, not a random sample: the shares are exact to 1e-4
    probabilities = np.array([0.5, 0.3, 0.15, 0.05])
    sweep = (np.arange(10_000) + 0.5) / 10_000
    tokens = [draw(np.log(probabilities), float(u)) for u in sweep]
    assert np.abs(np.bincount(tokens) / 10_000 - probabilities).max() < 2e-4


def test_nucleus_keeps_the_fewest_tokens_that_reach_its_share() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    sweep = (np.arange(1000) + 0.5) / 1000
    assert {draw(logits, float(u), top_p=0.75) for u in sweep} == {0, 1}
    assert {draw(logits, float(u), top_p=0.4) for u in sweep} == {0}
    assert {draw(logits, float(u), top_p=1.0) for u in sweep} == {0, 1, 2, 3}


def test_low_temperature_makes_the_likely_likelier() -> None:
    logits = np.log(np.array([0.6, 0.4]))
    sweep = (np.arange(1000) + 0.5) / 1000
    shares = [np.mean([draw(logits, float(u), temperature=t) == 0 for u in sweep])
              for t in (2.0, 1.0, 0.5)]  # fmt: skip
    assert shares == pytest.approx([0.5505, 0.6, 0.6923], abs=2e-3)


@given(velocity=st.integers(1, 127), uniform=uniforms)
def test_velocity_stays_within_a_level_of_itself(velocity: int, uniform: float) -> None:
    level = int(velocity_level(np.array([velocity], dtype=np.float32))[0])
    assert 0 <= level <= 7
    again = velocity_in_level(level, uniform)
    assert 1 <= again <= 127
    assert abs(again - velocity) <= 16


@given(logits=logit_lists, uniform=uniforms, top_p=st.floats(0.01, 1), n_exempt=st.integers(0, 3))
def test_every_draw_is_a_token(
    logits: list[float], uniform: float, top_p: float, n_exempt: int
) -> None:
    token = draw(np.array(logits), uniform, top_p=top_p, n_exempt=min(n_exempt, len(logits)))
    assert 0 <= token < len(logits)


def test_nucleus_leaves_the_share_of_exempt_tokens_alone() -> None:
    logits = np.log(np.array([0.02, 0.58, 0.25, 0.1, 0.05]))  # rest, hold, three pitches
    sweep = (np.arange(10_000) + 0.5) / 10_000
    tokens = [draw(logits, float(u), top_p=0.8, n_exempt=2) for u in sweep]
    shares = np.bincount(tokens, minlength=5) / 10_000
    # of the pitches' 0.4 the first two make up 0.35, more than 0.8 of it: they share it 5 to 2
    expected = [0.02, 0.58, 0.4 * 5 / 7, 0.4 * 2 / 7, 0.0]
    assert np.abs(shares - expected).max() < 3e-4
