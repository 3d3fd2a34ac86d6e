"""Conditional residuals take away what the other nodes explain."""

from __future__ import annotations

import numpy as np
import pytest

from creativity import ConditionalResidual
from creativity.fitting import fit_residual


def together(n: int, rng: np.random.Generator) -> np.ndarray:
    """Twelve nodes driven by three common causes."""
    return rng.normal(size=(n, 3)) @ np.random.default_rng(9).normal(
        size=(3, 12)
    ) + 0.3 * rng.normal(size=(n, 12))


def test_a_residual_is_that_of_regressing_a_node_on_the_others() -> None:
    rng = np.random.default_rng(0)
    background, x = together(20_000, rng), together(200, rng)
    residuals = fit_residual(background).apply(x)
    for node in range(12):
        others = np.delete(np.arange(12), node)
        design = np.column_stack([np.ones(len(background)), background[:, others]])
        beta, *_ = np.linalg.lstsq(design, background[:, node], rcond=None)
        spread = np.std(background[:, node] - design @ beta)
        predicted = np.column_stack([np.ones(len(x)), x[:, others]]) @ beta
        assert np.corrcoef((x[:, node] - predicted) / spread, residuals[:, node])[0, 1] > 0.999


def test_residuals_of_new_normal_playing_have_mean_0_and_variance_1() -> None:
    rng = np.random.default_rng(1)
    residuals = fit_residual(together(5000, rng)).apply(together(5000, rng))
    assert np.abs(residuals.mean(axis=0)).max() < 0.1
    assert np.abs(residuals.std(axis=0) - 1).max() < 0.1


def test_a_weak_deviation_of_one_node_stands_out_after_it() -> None:
    rng = np.random.default_rng(2)
    residual = fit_residual(together(5000, rng))
    x = together(1, rng)[0]
    moved = x.copy()
    moved[4] += 1.5
    change = residual.apply(moved) - residual.apply(x)
    assert int(np.argmax(np.abs(change))) == 4
    assert change[4] > 3


def test_a_node_that_never_moves_has_residual_0() -> None:
    background = np.random.default_rng(3).normal(size=(100, 4))
    background[:, 2] = 0.7
    residuals = fit_residual(background).apply(background)
    assert np.all(residuals[:, 2] == 0)


def test_fewer_steps_than_nodes_will_do() -> None:
    background = np.random.default_rng(4).normal(size=(20, 60))
    assert np.all(np.isfinite(fit_residual(background).apply(background)))


def test_it_is_the_sum_in_the_order_of_the_nodes_to_the_last_bit() -> None:
    rng = np.random.default_rng(5)
    residual = ConditionalResidual(
        rng.normal(size=70).astype(np.float32), rng.normal(size=(70, 70)).astype(np.float32)
    )
    x = rng.normal(size=70).astype(np.float32)
    expected = np.zeros(70, np.float32)
    for node in range(70):
        expected += (x[node] - residual.mean[node]) * residual.weights[node]
    assert np.array_equal(residual.apply(x), expected)


def test_bad_input_is_refused() -> None:
    residual = fit_residual(np.random.default_rng(6).normal(size=(50, 3)))
    with pytest.raises(ValueError, match="x has 4 nodes, the background 3"):
        residual.apply(np.zeros(4))
    with pytest.raises(ValueError, match=r"x\[0\] is nan"):
        residual.apply(np.array([np.nan, 0, 0]))
    with pytest.raises(ValueError, match=r"must be \(n,\) and \(n, n\)"):
        ConditionalResidual(np.zeros(3, np.float32), np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match="n >= 2"):
        fit_residual(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="no node of the background ever moves"):
        fit_residual(np.ones((10, 3)))
