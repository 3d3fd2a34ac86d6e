"""Order statistics say what the whole background would say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creativity import NullTable, empirical_p_values


@pytest.mark.parametrize("tail", ["two-sided", "upper", "lower"])
@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_background=st.integers(4, 300),
    n_values=st.integers(1, 40),
    n_thresholds=st.integers(1, 40),
)
def test_a_bin_says_exactly_whether_p_is_at_most_alpha(
    tail: str, seed: int, n_background: int, n_values: int, n_thresholds: int
) -> None:
    rng = np.random.default_rng(seed)
    background = rng.integers(0, n_values, (n_background, 5)).astype(np.float32)
    x = rng.integers(-1, n_values + 1, (6, 5)).astype(np.float32)
    table = NullTable.fit(background, tail=tail, n_thresholds=n_thresholds)
    p, bins = empirical_p_values(x, background, tail=tail), table.bins(x)
    for t, alpha in enumerate(table.alphas):
        assert np.array_equal(bins <= t, p <= alpha)
    assert np.all(table.p_values(x) >= p)


def test_a_table_of_every_rank_has_the_empirical_p_values() -> None:
    rng = np.random.default_rng(0)
    background = rng.normal(size=(199, 3)).astype(np.float32)
    x = rng.normal(size=(50, 3)).astype(np.float32)
    table = NullTable.fit(background, n_thresholds=255)
    p = empirical_p_values(x, background)
    assert np.array_equal(table.p_values(x), np.where(p <= 0.5, p, 1.0))


def test_its_size_does_not_depend_on_the_background() -> None:
    rng = np.random.default_rng(0)
    sizes = {NullTable.fit(rng.normal(size=(n, 512))).n_bytes for n in (2000, 8000)}
    assert max(sizes) <= 1.1 * min(sizes)
    assert max(sizes) <= 2**20


def test_a_small_background_has_fewer_thresholds() -> None:
    assert NullTable.fit(np.arange(9.0)[:, None], tail="upper").alphas.tolist() == [
        0.1, 0.2, 0.3, 0.4, 0.5,
    ]  # fmt: skip


def test_a_background_too_small_for_any_small_p_value_is_refused() -> None:
    with pytest.raises(ValueError, match="background of 2 steps has no p-value <= 0.5"):
        NullTable.fit(np.zeros((2, 3)))


def test_bad_backgrounds_and_steps_are_refused() -> None:
    with pytest.raises(ValueError, match=r"background\[1, 0\] is nan"):
        NullTable.fit(np.array([[0.0], [np.nan]]))
    with pytest.raises(ValueError, match="background must be"):
        NullTable.fit(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"n_thresholds must be in 1..255, got 256"):
        NullTable.fit(np.zeros((9, 3)), n_thresholds=256)
    table = NullTable.fit(np.zeros((9, 3)))
    with pytest.raises(ValueError, match="x has 2 nodes, the background 3"):
        table.bins(np.zeros(2))
    with pytest.raises(ValueError, match=r"x\[1\] is inf"):
        table.bins(np.array([0.0, np.inf, 0.0]))


def test_a_table_is_made_of_what_it_is_read_from() -> None:
    table = NullTable.fit(np.random.default_rng(0).normal(size=(99, 4)))
    again = NullTable(table.alphas, table.upper, table.lower, table.tail)
    x = np.random.default_rng(1).normal(size=(20, 4))
    assert np.array_equal(again.bins(x), table.bins(x))
    with pytest.raises(ValueError, match="alphas must increase"):
        NullTable(table.alphas[::-1], table.upper, table.lower, table.tail)
    with pytest.raises(ValueError, match=r"lower must be \(n_nodes, "):
        NullTable(table.alphas, table.upper, table.lower[:, :-1], table.tail)
