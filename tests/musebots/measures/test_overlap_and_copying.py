"""Two sets of pieces; and one piece in another."""

import math

import numpy as np
import pytest

from musebots.measures.copying import bars_of, found_share, melodic_ngrams
from musebots.measures.overlap import (
    cross_distances,
    density_overlap,
    inner_distances,
    overlap_area,
)

from .parts import kit, line, scale

RNG = np.random.default_rng(0)  # seed 0


def test_distances_are_euclidean_and_every_pair_comes_once():
    a = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0]])
    assert sorted(inner_distances(a).tolist()) == [5.0, 5.0, 8.0]
    assert cross_distances(a, a[:1]).tolist() == [0.0, 5.0, 8.0]


def test_the_overlap_of_two_normal_densities_is_that_of_the_textbook():
    # n = 200,000 each, two sd apart: 2 Phi(-1) = 0.3173; the error of the estimate is far below .01
    a, b = RNG.normal(0, 1, 200_000), RNG.normal(2, 1, 200_000)
    assert density_overlap(a, b) == pytest.approx(0.3173, abs=0.01)
    assert density_overlap(a, a) == pytest.approx(1.0)


def test_the_kernel_is_that_of_scipy_with_the_wider_bandwidth_for_both():
    stats = pytest.importorskip("scipy.stats")
    a, b = RNG.normal(0, 1, 60), RNG.normal(0.7, 2, 40)
    grid = np.linspace(-20, 20, 20_001)
    width = max(x.std(ddof=1) * len(x) ** -0.2 for x in (a, b))
    f, g = (stats.gaussian_kde(x, width / x.std(ddof=1))(grid) for x in (a, b))
    expected = np.minimum(f, g).sum() * (grid[1] - grid[0])
    assert density_overlap(a, b) == pytest.approx(expected, abs=2e-3)


def test_pieces_from_the_same_source_overlap_and_others_do_not():
    # false alarm: 200 + 200 pieces of one source fall under .9 in less than one of 1,000 draws
    real, same, other = (RNG.normal(mean, 1, 200) for mean in (0, 0, 4))
    assert overlap_area(real, same) > 0.9
    assert overlap_area(real, other) < 0.4


def test_values_that_are_all_alike_overlap_wholly_or_not_at_all():
    assert overlap_area(np.zeros(5), np.zeros(3)) == pytest.approx(1.0)
    assert overlap_area(np.zeros(5), np.ones(3)) == pytest.approx(0.0, abs=1e-6)


def test_a_rare_exception_costs_little_where_nearly_all_values_are_the_same():
    ours = np.zeros(200)
    ours[:10] = 1 / 32
    assert overlap_area(np.zeros(50), ours) == pytest.approx(0.95, abs=0.02)


def test_histograms_are_compared_whole_and_undefined_ones_left_out():
    real = np.array([[1.0, 0.0], [0.0, 1.0], [np.nan, np.nan]])
    assert overlap_area(real, real[:2]) == pytest.approx(
        density_overlap(np.array([np.sqrt(2)]), np.array([0, 0, np.sqrt(2), np.sqrt(2)]))
    )


def test_too_few_pieces_have_no_overlap():
    assert math.isnan(overlap_area(np.array([1.0, np.nan]), np.ones(3)))
    assert math.isnan(overlap_area(np.ones(3), np.array([])))


def test_runs_of_notes_know_no_key():
    here, there = scale(), line(*((beat, p + 5) for beat, p in enumerate((60, 62, 64, 65, 67))))
    known = set(melodic_ngrams(here, 3, is_rhythm_counted=False))
    assert found_share(melodic_ngrams(there, 3, is_rhythm_counted=False), known) == 1.0


def test_another_rhythm_is_another_run_where_rhythm_counts():
    here, there = line((0, 60), (1, 62)), line((0, 60), (0.5, 62))
    assert melodic_ngrams(here, 2, is_rhythm_counted=False) == [(2,)]
    known = set(melodic_ngrams(here, 2, is_rhythm_counted=True))
    assert found_share(melodic_ngrams(there, 2, is_rhythm_counted=True), known) == 0.0


def test_a_short_line_has_no_run_of_eight():
    assert melodic_ngrams(line((0, 60)), is_rhythm_counted=True) == []
    assert math.isnan(found_share([], set()))
    with pytest.raises(ValueError, match="n_notes must be >= 2"):
        melodic_ngrams(line((0, 60)), 1, is_rhythm_counted=True)


def test_bars_of_drums_are_compared_whole():
    groove, other = kit(kick=(0, 8, 16), snare=(20,)), kit(kick=(0, 8))
    assert bars_of(other) == [(0, 36, 8, 36)]
    assert found_share(bars_of(groove), set(bars_of(other))) == 0.5
