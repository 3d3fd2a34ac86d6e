"""A known taste is recovered from pairs, and answers at random change nothing. Seeds 0 to 19."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from creativity.assessor.preferences import (
    Pairs,
    blended,
    fit_preference,
    pairs_of,
    trust_in,
)
from creativity.assessor.ratings import Rating, add_ratings, read_ratings, read_sheet
from musebots.errors import ConfigError

N_CLIPS, N_FEATURES = 120, 4


def clips(rng: np.random.Generator) -> np.ndarray:
    """S in 0..1, and three other features."""
    return np.column_stack([rng.uniform(0, 1, N_CLIPS), rng.normal(size=(N_CLIPS, 3))])


def population(
    features: np.ndarray,
    taste: np.ndarray,
    rng: np.random.Generator,
    *,
    n_listeners: int = 16,
    n_each: int = 40,
    order_bias: float = 0.4,
    tie: float = 0.6,
) -> Pairs:
    """Simulated listeners of one taste, more and less decided, who favour what they hear first."""
    n = n_listeners * n_each
    first = rng.integers(N_CLIPS, size=n)
    second = (first + rng.integers(1, N_CLIPS, size=n)) % N_CLIPS
    listener = np.repeat(np.arange(n_listeners), n_each)
    z = (features - features.mean(axis=0)) / features.std(axis=0)
    liking = z @ taste
    decided = np.exp(rng.normal(0, 0.3, n_listeners))[listener]
    apart = decided * (liking[first] - liking[second]) + order_bias
    shares = np.stack([np.exp(apart / 2), np.full(n, tie), np.exp(-apart / 2)])
    shares /= shares.sum(axis=0)
    answer = (rng.uniform(size=n) > shares.cumsum(axis=0)).sum(axis=0)
    return Pairs(first, second, answer.astype(np.int64), listener)


def test_a_known_taste_is_recovered_with_its_order_bias_and_ties() -> None:
    rng = np.random.default_rng(0)
    features, taste = clips(rng), np.array([0.4, 1.2, -0.8, 0.0])
    found = fit_preference(features, population(features, taste, rng, n_each=120))
    direction = found.weights / np.linalg.norm(found.weights)
    assert direction @ taste / np.linalg.norm(taste) > 0.97
    assert found.order_bias == pytest.approx(0.4, abs=0.15)
    assert found.tie == pytest.approx(0.6, abs=0.15)


def test_who_answers_more_decidedly_is_told_from_who_does_not() -> None:
    rng = np.random.default_rng(0)
    features, taste = clips(rng), np.array([0.4, 1.2, -0.8, 0.0])
    calm, keen = (
        population(features, k * taste, rng, n_listeners=4, n_each=300) for k in (0.4, 2.0)
    )
    both = Pairs(
        *(np.concatenate([getattr(calm, a), getattr(keen, a)]) for a in ("first", "second")),
        np.concatenate([calm.answer, keen.answer]),
        np.concatenate([calm.listener, keen.listener + 4]),
    )
    decidedness = fit_preference(features, both).decidedness
    assert decidedness[:4].max() < decidedness[4:].min()


def test_a_taste_that_s_does_not_know_earns_trust() -> None:
    rng = np.random.default_rng(0)
    features = clips(rng)
    pairs = population(features, np.array([0.3, 1.2, -0.8, 0.0]), rng)
    trust = trust_in(features, pairs, rng=rng)
    assert trust.weight == pytest.approx(0.9 * len(pairs) / (len(pairs) + 400))
    assert trust.gain_low > 0


def test_listeners_who_follow_s_leave_the_proxy_in_place() -> None:
    rng = np.random.default_rng(0)
    features = clips(rng)
    trust = trust_in(features, population(features, np.array([1.0, 0, 0, 0]), rng), rng=rng)
    assert trust.weight == 0.0


def test_answers_at_random_leave_w_at_0_in_twenty_populations() -> None:
    """n = 20; at the 2.5 % that the interval lets through, two or more happen once in eleven."""
    weights = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        features = clips(rng)
        pairs = population(features, np.zeros(N_FEATURES), rng, n_listeners=8, n_each=25)
        weights.append(trust_in(features, pairs, rng=rng).weight)
    assert weights == [0.0] * 20


def test_a_handful_of_listeners_decides_nothing() -> None:
    rng = np.random.default_rng(0)
    features = clips(rng)
    pairs = population(features, np.array([0, 3.0, 0, 0]), rng, n_listeners=4)
    trust = trust_in(features, pairs, rng=rng)
    assert trust.weight == 0.0
    assert "4 listeners" in trust.reason


def test_a_blend_without_weight_is_s() -> None:
    score = np.array([0.1, 0.9])
    np.testing.assert_array_equal(blended(score, np.array([5.0, -5.0]), 0.0), score)
    assert blended(score, np.array([0.0, 0.0]), 1.0) == pytest.approx([0.5, 0.5])


SHEET = """listener,question,first,second,answer
ana,creative,a,b,first
ana,creative,b,c,tie
ben,hear on,a,c,second
ben,creative,a,c,
"""


def test_a_sheet_goes_into_the_table_once_however_often_it_is_read(tmp_path: Path) -> None:
    sheet, database = tmp_path / "sheet.csv", tmp_path / "ratings.sqlite"
    sheet.write_text(SHEET)
    ratings = read_sheet(sheet)
    assert [r.answer for r in ratings] == ["first", "tie", "second"]
    for _ in range(2):
        assert add_ratings(database, ratings, sheet="sheet.csv") == 3
    assert read_ratings(database) == ratings
    assert read_ratings(database, question="hear on") == [
        Rating("ben", "hear on", "a", "c", "second")
    ]
    pairs = pairs_of(ratings, {"a": 0, "b": 1})
    assert (pairs.first.tolist(), pairs.answer.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("listener,first\nana,a\n", "lacks the columns question"),
        (SHEET.replace("tie", "both"), "line 3: answer must be one of first, second, tie"),
        (SHEET.replace("ana,creative,a,b", "ana,creative,a,a"), "line 2: a rating needs"),
    ],
)
def test_a_sheet_that_cannot_be_meant_is_refused_by_line(
    tmp_path: Path, text: str, told: str
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_sheet(sheet)


def test_missing_ratings_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rate fit"):
        read_ratings(tmp_path / "none.sqlite")
