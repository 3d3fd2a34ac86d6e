"""The scan is exact where exactness exists, and has an answer for every input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creativity import Preference, scan_group, scan_individual, score_counts, score_subset
from creativity.planes import Planes, no_columns, pack

from . import brute

STATISTICS = ["berk-jones", "higher-criticism", "kolmogorov-smirnov"]


@pytest.mark.parametrize("n_background", [9, 100, 100_000])
def test_the_individual_scan_is_the_reference_formula(n_background: int) -> None:
    rng = np.random.default_rng(0)
    for case in range(400):
        p = brute.tied(rng, (int(rng.integers(1, 60)),), n_background) ** (1 + case % 3)
        expected = max(
            (np.sum(p <= alpha) * np.log(1 / alpha) for alpha in p if alpha <= 0.5),
            default=0.0,
        )
        found = scan_individual(p)
        assert abs(found.score - expected) <= 1e-9 * max(1.0, expected)
        if expected > 0:
            assert found.columns.tolist() == np.flatnonzero(p <= found.alpha).tolist()


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_individual_scan_is_the_best_subset_of_a_row(statistic: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        p = brute.planted(rng, (1, 7), 30)
        best = max(brute.score(p, [0], columns, statistic) for columns in brute.subsets(7))
        assert scan_individual(p[0], statistic=statistic).score == pytest.approx(best, abs=1e-9)
        assert scan_group(p, statistic=statistic, rng=rng).score == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_scores_are_the_published_formulas(statistic: str) -> None:
    for n in (1, 7, 60):
        for n_alpha in range(n + 1):
            for alpha in (0.001, 0.1, 0.5):
                assert float(score_counts(n_alpha, n, alpha, statistic=statistic)) == pytest.approx(
                    brute.phi(statistic, n_alpha, n, alpha), abs=1e-9
                )


@pytest.mark.parametrize("statistic", STATISTICS)
@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_score_returned_is_that_of_the_subset_returned(statistic: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = brute.planted(rng, (int(rng.integers(1, 20)), int(rng.integers(1, 90))), 200)
    found = scan_group(p, statistic=statistic, rng=rng)
    score, alpha, n_alpha = score_subset(p, found.rows, found.columns, statistic=statistic)
    assert found.score == pytest.approx(score, rel=1e-12, abs=1e-12)
    assert (found.alpha, found.n_alpha) == (alpha, n_alpha)
    if found.rows.size:
        rows, columns = found.rows.tolist(), found.columns.tolist()
        assert found.score == pytest.approx(brute.score(p, rows, columns, statistic), rel=1e-9)
        assert found.n_alpha == int((p[np.ix_(rows, columns)] <= found.alpha).sum())
        assert rows == sorted(set(rows))
        assert columns == sorted(set(columns))


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_default_starts_find_the_global_optimum(statistic: str) -> None:
    """Of 200 exhaustive cases each: at least 95 % of the optima, mean ratio at least .995."""
    rng = np.random.default_rng(2)
    ratios = []
    for case in range(200):
        shape = (int(rng.integers(2, 7)), int(rng.integers(2, 9)))
        p = (brute.planted if case % 2 else brute.tied)(rng, shape, [19, 500][case % 4 // 2])
        best = brute.optimum(p, statistic)
        found = scan_group(p, statistic=statistic, rng=np.random.default_rng(case)).score
        assert found <= best * (1 + 1e-9)
        ratios.append(found / best if best else 1.0)
    assert np.mean(np.array(ratios) > 1 - 1e-9) >= 0.95
    assert np.mean(ratios) >= 0.995


def at_a_threshold(
    p: np.ndarray, alpha: float, statistic: str, preference: Preference, kept: np.ndarray
) -> None:
    """No other rows better the columns found, no other columns the rows found."""
    bins = (p > alpha).astype(np.uint8)
    planes = Planes(p.shape[0], p.shape[1], np.array([alpha]))
    planes.fill(bins)
    none = no_columns(p.shape[1])[None][:0]
    found = planes.search(none, pack(kept), statistic, preference)
    if not found.rows.size:
        return

    def value(rows: list[int], columns: list[int]) -> float:
        cells = bins[np.ix_(rows, columns)]
        score = brute.phi(statistic, int(np.sum(cells == 0)), cells.size, alpha)
        cost = preference.row_penalty * len(rows) + preference.column_penalty * len(columns)
        bonus = preference.persistence_bonus * kept[columns].sum()
        return score - cost + bonus if score > 0 else -np.inf

    rows, columns = found.rows.tolist(), found.columns.tolist()
    own = value(rows, columns)
    assert own == pytest.approx(found.objective, rel=1e-9)
    assert own >= max(value(other, columns) for other in brute.subsets(p.shape[0])) - 1e-9
    assert own >= max(value(rows, other) for other in brute.subsets(p.shape[1])) - 1e-9


@pytest.mark.parametrize(
    ("statistic", "preference"),
    [
        *((statistic, Preference()) for statistic in STATISTICS),
        ("berk-jones", Preference(0.3, 0.2)),
        ("berk-jones", Preference(0.3, 0.2, 0.7)),
    ],
)
def test_each_half_step_of_the_ascent_is_optimal(statistic: str, preference: Preference) -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        p = brute.planted(rng, (6, 8), 40)
        alpha = float(rng.choice(p[p <= 0.5]))
        at_a_threshold(p, alpha, statistic, preference, rng.random(8) < 0.4)


def test_a_penalty_makes_the_subset_smaller() -> None:
    p = brute.planted(np.random.default_rng(5), (32, 128), 1000)
    free = scan_group(p, rng=np.random.default_rng(0))
    paid = scan_group(
        p, rng=np.random.default_rng(0), preference=Preference(row_penalty=2, column_penalty=2)
    )
    assert paid.rows.size + paid.columns.size < free.rows.size + free.columns.size
    assert paid.score <= free.score + 1e-9


@pytest.mark.parametrize("statistic", STATISTICS)
@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_permuted_window_gives_the_permuted_subset(statistic: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = brute.planted(rng, (12, 70), 10**6)  # hardly any ties
    rows, columns = rng.permutation(12), rng.permutation(70)
    one = scan_group(p, statistic=statistic, rng=np.random.default_rng(1))
    other = scan_group(p[rows][:, columns], statistic=statistic, rng=np.random.default_rng(1))
    assert other.score == pytest.approx(one.score, rel=1e-9)
    back = score_subset(p, rows[other.rows], columns[other.columns], statistic=statistic)
    assert back[0] == pytest.approx(one.score, rel=1e-9)


def test_one_seed_gives_one_result() -> None:
    p = brute.tied(np.random.default_rng(6), (30, 200), 5000)
    one, other = (scan_group(p, rng=np.random.default_rng(7)) for _ in range(2))
    assert one.score == other.score
    assert one.columns.tolist() == other.columns.tolist()


def test_a_planted_block_is_found() -> None:
    p = brute.tied(np.random.default_rng(8), (32, 256), 1000)
    p[8:16, 30:60] = np.ceil(p[8:16, 30:60] * 50) / 1001
    found = scan_group(p, rng=np.random.default_rng(0))
    assert found.rows.tolist() == list(range(8, 16))
    assert found.columns.tolist() == list(range(30, 60))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_an_empty_window_has_nothing_in_it(shape: tuple[int, int]) -> None:
    found = scan_group(np.zeros(shape), rng=np.random.default_rng(0))
    assert (found.score, found.rows.size, found.columns.size, found.alpha) == (0, 0, 0, 0)
    assert scan_individual(np.zeros(0)).score == 0


def test_no_small_p_value_is_nothing_found_not_one_node() -> None:
    for p in (np.full((3, 4), 0.51), np.ones((1, 4)), np.full((3, 1), 0.7)):
        found = scan_group(p, rng=np.random.default_rng(0))
        assert (found.score, found.rows.tolist(), found.columns.tolist()) == (0, [], [])
    assert scan_individual(np.full(4, 0.51)).columns.tolist() == []


@pytest.mark.parametrize("statistic", STATISTICS)
def test_all_tied_small_p_values_are_the_whole_window(statistic: str) -> None:
    found = scan_group(np.full((3, 4), 0.25), statistic=statistic, rng=np.random.default_rng(0))
    assert (found.rows.size, found.columns.size, found.n_alpha, found.alpha) == (3, 4, 12, 0.25)
    assert found.score == pytest.approx(brute.phi(statistic, 12, 12, 0.25))


@pytest.mark.parametrize(
    ("p", "told"),
    [
        ([[0.5, np.nan]], r"p\[0, 1\] must be in \(0, 1\], got nan"),
        ([[0.0, 0.5]], r"p\[0, 0\] must be in \(0, 1\], got 0"),
        ([[0.5, 1.5]], r"p\[0, 1\] must be in \(0, 1\], got 1.5"),
        ([[0.5, np.inf]], r"p\[0, 1\] must be in \(0, 1\], got inf"),
        ([0.5, 0.5], r"p must have the shape \(n_rows, n_nodes\), got \(2,\)"),
    ],
)
def test_bad_p_values_are_refused_with_their_place(p, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        scan_group(p, rng=np.random.default_rng(0))


def test_the_individual_scan_takes_one_step_only() -> None:
    with pytest.raises(ValueError, match=r"shape \(n_nodes,\), got \(1, 2\)"):
        scan_individual([[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"p\[1\] must be in"):
        scan_individual([0.5, np.nan])


def test_arguments_out_of_range_are_refused() -> None:
    p, rng = np.full((2, 2), 0.1), np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"alpha_max must be in \(0, 1\), got 1"):
        scan_group(p, alpha_max=1.0, rng=rng)
    with pytest.raises(ValueError, match="statistic must be one of berk-jones"):
        scan_group(p, statistic="bj", rng=rng)
    with pytest.raises(ValueError, match="n_starts must be >= 0, got -1"):
        scan_group(p, n_starts=-1, rng=rng)
    with pytest.raises(ValueError, match="row_penalty must be >= 0"):
        Preference(row_penalty=-1)


def test_the_example_of_the_readme_runs_and_finds_what_it_plants(capsys) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    code = readme.split("## The scan, for any network")[1].split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(code, names)
    found = names["found"]
    assert set(range(8, 16)) <= set(found.rows.tolist())
    assert np.isin(np.arange(12), found.columns).mean() >= 0.9
    assert "8" in capsys.readouterr().out
