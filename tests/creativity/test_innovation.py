"""Innovations take away what the step before explains, too."""

from __future__ import annotations

import numpy as np
import pytest

from creativity import Innovation, NullTable, StreamingScanner
from creativity.fitting import fit_innovation
from creativity.innovation import drive

N_NODES = 12


def recurrent(n_steps: int, rng: np.random.Generator, push: float = 0.0) -> np.ndarray:
    """A contracting recurrent network with three inputs, and a push on node 4 at the end."""
    fixed = np.random.default_rng(9)
    own, given = fixed.normal(size=(N_NODES, N_NODES)) / 4, fixed.normal(size=(3, N_NODES))
    h, steps = np.zeros(N_NODES), []
    for step in range(n_steps):
        h = np.tanh(h @ own + rng.normal(size=3) @ given + 0.1 * rng.normal(size=N_NODES))
        h[4] += push if step >= n_steps - 8 else 0.0
        steps.append(h)
    return np.array(steps)


def fitted(n_smoothed: int = 4) -> Innovation:
    rng = np.random.default_rng(0)
    return fit_innovation([recurrent(400, rng) for _ in range(10)], n_smoothed=n_smoothed)


def test_innovations_of_new_playing_have_mean_0_and_variance_1() -> None:
    rows = fitted(1).apply(recurrent(4000, np.random.default_rng(1)))[1:]
    assert np.abs(rows.mean(axis=0)).max() < 0.1
    assert np.abs(rows.std(axis=0) - 1).max() < 0.15


def test_they_are_the_residuals_of_regressing_on_everything_else() -> None:
    rng = np.random.default_rng(2)
    runs = [recurrent(2000, rng) for _ in range(5)]
    x = recurrent(500, rng)
    rows = fit_innovation(runs, n_smoothed=1).apply(x)[1:]
    before = np.concatenate([np.column_stack([drive(run[1:]), run[:-1]]) for run in runs])
    new = np.column_stack([drive(x[1:]), x[:-1]])
    for node in range(N_NODES):
        others = np.delete(np.arange(2 * N_NODES), node)
        design = np.column_stack([np.ones(len(before)), before[:, others]])
        beta, *_ = np.linalg.lstsq(design, before[:, node], rcond=None)
        residual = new[:, node] - np.column_stack([np.ones(len(new)), new[:, others]]) @ beta
        assert np.corrcoef(residual, rows[:, node])[0, 1] > 0.99


def test_a_lasting_push_of_one_node_stands_out() -> None:
    innovation = fitted()
    pushed = innovation.apply(recurrent(60, np.random.default_rng(3), push=0.3))
    normal = innovation.apply(recurrent(60, np.random.default_rng(3)))
    change = np.abs(pushed[-4:].mean(axis=0) - normal[-4:].mean(axis=0))
    assert int(np.argmax(change)) == 4


def test_smoothing_is_the_mean_of_the_last_steps() -> None:
    x = recurrent(20, np.random.default_rng(4))
    one, four = fitted(1).apply(x), fitted(4).apply(x)
    for step in range(20):
        expected = one[max(0, step - 3) : step + 1].mean(axis=0)
        assert np.allclose(four[step], expected, atol=1e-5)


def test_a_stream_has_the_innovations_of_the_run_to_the_last_bit() -> None:
    innovation = fitted()
    rng = np.random.default_rng(5)
    table = NullTable.fit(innovation.apply(recurrent(500, rng)))
    scanner, x = StreamingScanner(table, 6, residual=innovation), recurrent(30, rng)
    for row in x:
        scanner.push(row)
    assert np.array_equal(scanner.values(), innovation.apply(x.astype(np.float32))[-6:])
    with pytest.raises(ValueError, match="node 0 of the step is nan"):
        scanner.push(np.full(N_NODES, np.nan))
    scanner.push(x[0])
    again = innovation.apply(np.concatenate([x, x[:1]]).astype(np.float32))
    assert np.array_equal(scanner.values(), again[-6:])
    scanner.reset()
    for row in x[:6]:
        scanner.push(row)
    assert np.array_equal(scanner.values(), innovation.apply(x[:6].astype(np.float32)))


def test_a_node_that_never_moves_does_no_harm() -> None:
    run = recurrent(300, np.random.default_rng(6))
    run[:, 2] = 0.5
    assert np.isfinite(fit_innovation([run]).apply(run)).all()


def test_no_steps_have_no_innovations_and_bad_input_is_refused() -> None:
    innovation = fitted()
    assert innovation.apply(np.zeros((0, N_NODES))).shape == (0, N_NODES)
    with pytest.raises(ValueError, match="x has 3 nodes, the background 12"):
        innovation.apply(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"x must be \(n_steps, n_nodes\)"):
        innovation.apply(np.zeros(N_NODES))
    with pytest.raises(ValueError, match=r"x\[0, 0\] is nan"):
        innovation.apply(np.full((2, N_NODES), np.nan))
    with pytest.raises(ValueError, match="n_smoothed must be >= 1, got 0"):
        Innovation(innovation.mean, innovation.weights, 0)
    with pytest.raises(ValueError, match=r"must be \(2 n,\) and \(2 n, n\)"):
        Innovation(innovation.mean[1:], innovation.weights)
    with pytest.raises(ValueError, match="a run must be"):
        fit_innovation([np.zeros((1, 3))])
    with pytest.raises(ValueError, match="at least one run"):
        fit_innovation([])
