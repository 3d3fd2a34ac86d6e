"""A taste in numbers: kept, taken up again, and blended into what a band is judged to be."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creativity.assessor.preferences import blended
from creativity.assessor.taste import FEATURES, Taste
from creativity.judging import Judgement, of_band

N = len(FEATURES)
NUMBERS = st.tuples(*[st.floats(-10, 10)] * N)


def taste(weight: float = 0.5, **weights: float) -> Taste:
    of = tuple(weights.get(name, 0.0) for name in FEATURES)
    return Taste(weight, of, (0.5,) * N, (0.25,) * N, 400, 12)


@given(st.floats(0, 1), NUMBERS, NUMBERS, st.tuples(*[st.floats(0.01, 10)] * N))
def test_it_is_the_same_after_a_journey_as_text(weight, weights, mean, spread):
    one = Taste(weight, weights, mean, spread, 3, 2)
    assert Taste.from_values(json.loads(json.dumps(one.to_values()))) == one


def test_the_band_is_judged_by_the_means_of_its_members():
    quiet, loud = (0.2, 3.0, 1.0, 1.0, 0.9, 1.0, 0.0), (0.6, 3.0, 1.0, 1.0, 0.1, 1.0, 0.0)
    judged = [Judgement(0.2, features=quiet), Judgement(0.6, features=loud)]
    likes_silence = taste(silence=2.0)
    f = 2.0 * (0.5 - 0.5) / 0.25
    assert of_band(judged, likes_silence) == pytest.approx(
        (0.5 * 0.4 + 0.5 / (1 + math.exp(-f)), 0.5)
    )
    score, _ = of_band(judged[:1], likes_silence)
    assert score == pytest.approx(float(blended(0.2, 2.0 * (0.9 - 0.5) / 0.25, 0.5)))


@pytest.mark.parametrize("known", [None, taste(0.0, silence=2.0), taste(0.5)])
def test_without_a_taste_its_weight_or_anything_to_judge_by_the_mean_stays(known):
    features = () if known and known.weight else (0.5,) * N
    judged = [Judgement(0.25, features=features), Judgement(0.75, features=features)]
    assert of_band(judged, known) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weight": 1.5}, "weight of a taste"),
        ({"weights": [1.0]}, "weights must be 7 numbers"),
        ({"mean": [float("nan")] * N}, "mean must be 7 numbers"),
        ({"spread": [0.0] * N}, "each spread"),
        ({"spread": None}, "no taste"),
    ],
)
def test_what_makes_no_sense_is_refused(change, told):
    with pytest.raises(ValueError, match=told):
        Taste.from_values({**taste().to_values(), **change})
