"""A stream is scanned as its windows would be."""

from __future__ import annotations

import numpy as np
import pytest

from creativity import (
    NullTable,
    Preference,
    StreamingScanner,
    plane_kernels,
    scan_group,
    scan_individual,
    score_subset,
    search_kernels,
    step_kernels,
    warm_up,
)
from creativity.fitting import fit_residual

N_NODES, WINDOW = 70, 9


def null_table() -> NullTable:
    """With as few thresholds as the batch scan takes without choosing among them."""
    return NullTable.fit(background(), n_thresholds=24)


def background(n: int = 600) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, N_NODES))


def stream(n: int, seed: int = 1) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(n, N_NODES))
    x[n // 2 : n // 2 + 4, 10:20] += 1.5
    return x


@pytest.mark.parametrize("statistic", ["berk-jones", "higher-criticism", "kolmogorov-smirnov"])
def test_a_window_scores_as_in_the_batch_scan_or_better(statistic: str) -> None:
    table = null_table()
    scanner = StreamingScanner(table, WINDOW, statistic=statistic)
    x = stream(80)
    for step in range(80):
        scanner.push(x[step])
        if not scanner.is_full:
            continue
        found, p = scanner.scan(), table.p_values(x[step - WINDOW + 1 : step + 1])
        batch = scan_group(p, statistic=statistic, n_starts=0, rng=np.random.default_rng(0))
        assert found.score >= batch.score - 1e-9
        score, alpha, n_alpha = score_subset(p, found.rows, found.columns, statistic=statistic)
        assert found.score == pytest.approx(score, rel=1e-9)
        assert (found.alpha, found.n_alpha) == (alpha, n_alpha)
        assert np.array_equal(scanner.p_values(), p)


def test_a_first_scan_is_the_batch_scan() -> None:
    table = null_table()
    for seed in range(30):
        scanner, x = StreamingScanner(table, WINDOW), stream(WINDOW, seed)
        for row in x:
            scanner.push(row)
        found = scanner.scan()
        batch = scan_group(table.p_values(x), n_starts=0, rng=np.random.default_rng(0))
        assert found.score == pytest.approx(batch.score, rel=1e-9)


@pytest.mark.parametrize("window_steps", [1, 63, 64, 65, 130])
def test_windows_of_any_length_and_rare_scans_see_the_right_rows(window_steps: int) -> None:
    table = NullTable.fit(background())
    scanner, x = StreamingScanner(table, window_steps), stream(3 * window_steps + 5)
    for step, row in enumerate(x):
        scanner.push(row)
        if scanner.is_full and step % 7 == 0:
            found = scanner.scan()
            p = table.p_values(x[step - window_steps + 1 : step + 1])
            assert found.score == pytest.approx(score_subset(p, found.rows, found.columns)[0])


def test_a_residual_is_applied_to_every_step() -> None:
    mix = np.eye(N_NODES) + 0.3 * np.random.default_rng(3).normal(size=(N_NODES, N_NODES))
    fit, held_out, x = background(500) @ mix, stream(500, 5) @ mix, stream(30, 6) @ mix
    residual = fit_residual(fit)
    table = NullTable.fit(residual.apply(held_out))
    scanner = StreamingScanner(table, WINDOW, residual=residual)
    for row in x:
        scanner.push(row)
    assert np.array_equal(scanner.values(), residual.apply(x)[-WINDOW:])
    assert np.array_equal(scanner.p_values(), table.p_values(residual.apply(x)[-WINDOW:]))


def test_push_returns_the_individual_scan() -> None:
    table = NullTable.fit(background())
    scanner = StreamingScanner(table, WINDOW)
    for row in stream(20):
        expected = scan_individual(table.p_values(row)).score
        assert scanner.push(row) == pytest.approx(expected, rel=1e-9)


def test_a_bad_step_is_refused_and_leaves_the_window_as_it_was() -> None:
    table = NullTable.fit(background())
    scanner, twin = StreamingScanner(table, WINDOW), StreamingScanner(table, WINDOW)
    for row in stream(WINDOW + 3):
        scanner.push(row)
        twin.push(row)
    for bad, told in (
        (np.where(np.arange(N_NODES) == 3, np.nan, 0.0), "node 3 of the step is nan"),
        (np.where(np.arange(N_NODES) == 5, -np.inf, 0.0), "node 5 of the step is -inf"),
        (np.zeros(N_NODES - 1), r"a step must be \(70,\), got the shape \(69,\)"),
        (np.zeros((1, N_NODES)), r"a step must be \(70,\), got the shape \(1, 70\)"),
    ):
        with pytest.raises(ValueError, match=told):
            scanner.push(bad)
    assert np.array_equal(scanner.values(), twin.values())
    assert scanner.scan().score == twin.scan().score


def test_a_window_that_is_not_full_is_not_scanned() -> None:
    scanner = StreamingScanner(NullTable.fit(background()), 3)
    scanner.push(np.zeros(N_NODES))
    assert not scanner.is_full
    assert scanner.values().shape == (1, N_NODES)
    with pytest.raises(ValueError, match="holds 1 of 3 steps"):
        scanner.scan()


def test_a_stream_of_medians_deviates_nowhere() -> None:
    null = background(601)
    scanner = StreamingScanner(NullTable.fit(null), 3)
    for _ in range(3):
        assert scanner.push(np.median(null, axis=0)) == 0
    found = scanner.scan()
    assert (found.score, found.rows.size, found.columns.size) == (0, 0, 0)


def test_after_a_reset_it_is_as_new() -> None:
    table = NullTable.fit(background())
    scanner, new = StreamingScanner(table, WINDOW), StreamingScanner(table, WINDOW)
    for row in stream(25, 2):
        scanner.push(row)
    scanner.scan()
    scanner.reset()
    assert not scanner.is_full
    for row in stream(WINDOW, 3):
        scanner.push(row)
        new.push(row)
    assert scanner.scan().score == new.scan().score


def test_one_seed_gives_one_stream_of_results() -> None:
    table = NullTable.fit(background())
    runs = []
    for _ in range(2):
        scanner = StreamingScanner(table, WINDOW, n_starts=3, rng=np.random.default_rng(0))
        scores = []
        for row in stream(40):
            scanner.push(row)
            if scanner.is_full:
                scores.append(scanner.scan().score)
        runs.append(scores)
    assert runs[0] == runs[1]


def test_a_bonus_keeps_nodes_in_the_subset() -> None:
    table = NullTable.fit(background())
    n_changes = []
    for bonus in (0.0, 3.0):
        preference = Preference(persistence_bonus=bonus)
        scanner = StreamingScanner(table, WINDOW, preference=preference)
        changes, last = 0, None
        for row in stream(60):
            scanner.push(row)
            if scanner.is_full:
                now = set(scanner.scan().columns.tolist())
                changes += len(now ^ last) if last is not None else 0
                last = now
        n_changes.append(changes)
    assert n_changes[1] < n_changes[0]


def test_nothing_is_compiled_after_the_warm_up() -> None:
    warm_up()
    loops = [
        step_kernels.take_row, plane_kernels.put_row, plane_kernels.fill_planes,
        search_kernels.scan_planes, search_kernels.climb, plane_kernels.count_distinct,
        step_kernels.bin_row, step_kernels.project, plane_kernels.largest_of_bins,
    ]  # fmt: skip
    before = [len(loop.signatures) for loop in loops]
    null = background()
    null.setflags(write=False)
    residual = fit_residual(null)
    table = NullTable.fit(residual.apply(null), n_thresholds=20)
    for array in (table.upper, table.lower, table.alphas):
        array.setflags(write=False)
    scanner = StreamingScanner(
        table, 5, residual=residual, n_starts=2, rng=np.random.default_rng(0)
    )
    wire = stream(12).astype(">f4")
    for row in wire[:, ::-1]:
        scanner.push(row)
    scanner.scan()
    scan_group(np.asfortranarray(table.p_values(null[:9])), rng=np.random.default_rng(0))
    assert [len(loop.signatures) for loop in loops] == before


def test_bad_arguments_are_refused() -> None:
    table = NullTable.fit(background())
    with pytest.raises(ValueError, match="window_steps must be >= 1, got 0"):
        StreamingScanner(table, 0)
    with pytest.raises(ValueError, match="n_starts must be >= 0 and needs an rng above 0, got 2"):
        StreamingScanner(table, 4, n_starts=2)
    with pytest.raises(ValueError, match="the residual has 3 nodes, the null table 70"):
        StreamingScanner(table, 4, residual=fit_residual(background()[:, :3]))
