"""The arithmetic of a step does not depend on the machine."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musebots.rnn.exact import GRID, Lookup, exp, on_grid, sigmoid, tanh


def test_tables_are_close_to_the_functions() -> None:
    x = np.linspace(-12, 12, 50_001)
    assert np.abs(tanh(x) - np.tanh(x)).max() < 1.2e-7
    assert np.abs(sigmoid(x) - 1 / (1 + np.exp(-x))).max() < 1.2e-7
    negative = np.linspace(-24, 0, 50_001)
    assert np.abs(exp(negative) - np.exp(negative)).max() < 1.3e-7


def test_tables_are_constant_beyond_their_ends() -> None:
    assert tanh(np.array([-1e6, 1e6])).tolist() == [tanh(np.array([-10.0]))[0],
                                                    tanh(np.array([10.0]))[0]]  # fmt: skip
    assert exp(np.array([0.0]))[0] == 1.0


def test_a_last_bit_of_the_mathematics_library_does_not_reach_the_table() -> None:
    def nudged(x: np.ndarray) -> np.ndarray:
        return np.nextafter(np.tanh(x), np.inf)

    x = np.random.default_rng(0).uniform(-10, 10, 100_000)
    assert np.array_equal(Lookup(nudged, -10.0, 10.0)(x), tanh(x))


@given(seed=st.integers(0, 2**32 - 1))
def test_sums_of_grid_products_do_not_depend_on_their_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = on_grid(rng.uniform(-16, 16, (8, 256)))
    activations = on_grid(rng.uniform(-1, 1, 256))
    order = rng.permutation(256)
    shuffled = weights[:, order] @ activations[order]
    one_by_one = np.zeros(8)
    for column in range(256):
        one_by_one += weights[:, column] * activations[column]
    assert np.array_equal(weights @ activations, shuffled)
    assert np.array_equal(shuffled, one_by_one)


def test_the_grid_is_exact_in_single_precision() -> None:
    values = on_grid(np.random.default_rng(0).uniform(-15.9, 15.9, 10_000))
    assert np.array_equal(values.astype(np.float32).astype(np.float64), values)
    assert GRID == 2.0**-20
