"""Empirical p-values count, exactly and with ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creativity import empirical_p_values


def counted(x: np.ndarray, background: np.ndarray, tail: str) -> np.ndarray:
    p = np.empty(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            up = (1 + sum(z >= x[i, j] for z in background[:, j])) / (len(background) + 1)
            low = (1 + sum(z <= x[i, j] for z in background[:, j])) / (len(background) + 1)
            p[i, j] = {"upper": up, "lower": low, "two-sided": min(1.0, 2 * min(up, low))}[tail]
    return p


@pytest.mark.parametrize("tail", ["two-sided", "upper", "lower"])
@given(seed=st.integers(0, 2**32 - 1), n_background=st.integers(1, 40), n_values=st.integers(1, 30))
def test_p_values_are_a_naive_count(tail: str, seed: int, n_background: int, n_values: int) -> None:
    rng = np.random.default_rng(seed)
    background = rng.integers(0, n_values, (n_background, 4)) / 3
    x = rng.integers(-1, n_values + 1, (3, 4)) / 3
    assert np.array_equal(
        empirical_p_values(x, background, tail=tail), counted(x, background, tail)
    )


def test_one_step_has_the_p_values_of_a_row() -> None:
    rng = np.random.default_rng(0)
    background, x = rng.normal(size=(50, 6)), rng.normal(size=(3, 6))
    assert np.array_equal(
        empirical_p_values(x[1], background), empirical_p_values(x, background)[1]
    )


def test_a_node_that_never_moves_is_never_unusual() -> None:
    assert empirical_p_values(np.zeros(2), np.zeros((20, 2))).tolist() == [1.0, 1.0]


def test_no_steps_have_no_p_values() -> None:
    assert empirical_p_values(np.zeros((0, 3)), np.zeros((5, 3))).shape == (0, 3)


def test_under_the_null_p_values_are_uniform() -> None:
    # n = 40,000; a share beyond 4 sd of its binomial: a false alarm in 16,000 such tests
    rng = np.random.default_rng(0)
    p = empirical_p_values(rng.normal(size=(4000, 10)), rng.normal(size=(20_000, 10)))
    for alpha in (0.01, 0.1, 0.5):
        assert abs((p <= alpha).mean() - alpha) < 4 * np.sqrt(alpha * (1 - alpha) / p.size) + 0.002


@pytest.mark.parametrize(
    ("x", "background", "told"),
    [
        ([0.0, np.nan], [[0.0, 0.0]], r"x\[1\] is nan"),
        ([0.0, 0.0], [[0.0, np.inf]], r"background\[0, 1\] is inf"),
        ([0.0, 0.0, 0.0], [[0.0, 0.0]], "x has 3 nodes, the background 2"),
        ([0.0, 0.0], np.zeros((0, 2)), r"background must be \(n >= 1, n_nodes\)"),
        (np.zeros((1, 2, 2)), [[0.0, 0.0]], "1 or 2 dimensions"),
        (["a", "b"], [[0.0, 0.0]], "real numbers"),
    ],
)
def test_bad_activations_are_refused_with_their_place(x, background, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        empirical_p_values(x, background)


def test_an_unknown_tail_is_refused() -> None:
    with pytest.raises(ValueError, match="tail must be one of two-sided, upper, lower, got 'up'"):
        empirical_p_values(np.zeros(1), np.zeros((1, 1)), tail="up")
