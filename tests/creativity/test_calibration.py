"""What a score is worth. Seed 0; each statistical test says its false-alarm rate."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creativity.calibration import RateNull, WindowNull, block_maxima, design_effect

scores = st.lists(st.integers(0, 20), min_size=1, max_size=60).map(lambda x: np.array(x, float))


@given(scores, st.integers(-1, 21))
def test_a_p_value_counts_the_null_scores_that_are_as_high(null, score):
    expected = (1 + sum(s >= score for s in null)) / (len(null) + 1)
    assert WindowNull(null).p_value(score) == pytest.approx(expected)


@given(scores)
def test_p_values_fall_as_scores_rise(null):
    p = [WindowNull(null).p_value(s) for s in range(-1, 22)]
    assert all(a >= b for a, b in itertools.pairwise(p))
    assert 0 < p[-1] <= p[0] == 1


def test_p_values_of_exchangeable_windows_are_as_small_as_they_say():
    # 4000 windows against 999: the share of p <= .05 is within .035...065 in all but 1 of 1000
    # samples (the null's own spread, sd .007, is most of it)
    rng = np.random.default_rng(0)
    null = WindowNull(rng.gamma(2.0, size=999))
    p = np.array([null.p_value(s) for s in rng.gamma(2.0, size=4000)])
    assert 0.035 < np.mean(p <= 0.05) < 0.065


def test_null_scores_must_be_finite_and_in_a_row():
    with pytest.raises(ValueError, match="finite"):
        WindowNull(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="n_windows"):
        WindowNull(np.zeros((2, 2)))


def test_block_maxima_do_not_cross_runs_and_leave_partial_blocks_out():
    maxima = block_maxima([np.arange(7.0), np.array([9.0, 1.0, 2.0]), np.zeros(1)], 3)
    assert maxima.tolist() == [2.0, 5.0, 9.0]


def test_the_threshold_keeps_the_promise_in_expectation_and_mostly_in_each_sample():
    # blocks of 20 s: 18 flags an hour are one block in ten. 200 backgrounds of 300 blocks each;
    # the true rate of each follows from the threshold, as the maxima are uniform.
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(200):
        threshold = RateNull(rng.random(300), 128).threshold(18.0, 20 / 128)
        rates.append((1 - threshold) * 180)
    assert np.mean(rates) <= 18.0
    assert np.mean(np.array(rates) <= 18.0) >= 0.85  # .9 promised; 1 of 100 samples is below .85
    assert np.mean(rates) > 12.0  # and it is not merely silent


def test_the_promise_is_kept_where_the_blocks_of_a_run_are_alike():
    # 100 runs of 6 blocks whose maxima are all the same: counted as independent, the promise is
    # broken in many samples; counted as clusters in at most 15 of 100, .9 being promised
    rng = np.random.default_rng(0)
    kept, kept_naively = [], []
    for _ in range(200):
        runs = [np.full(6, of_run) for of_run in rng.random(100)]
        maxima = np.concatenate(runs)
        alike = design_effect([(run > 0.95).astype(float) for run in runs])
        for share, alike_by in ((kept, alike), (kept_naively, 1.0)):
            threshold = RateNull(maxima, 128, alike_by).threshold(18.0, 20 / 128)
            share.append(1 - min(threshold, 1.0) <= 0.1)
    assert np.mean(kept) >= 0.85
    assert np.mean(kept_naively) < 0.85


def test_how_alike_blocks_are_is_one_for_independent_ones_and_their_number_for_equal_ones():
    rng = np.random.default_rng(0)
    independent = [(rng.random(8) < 0.2).astype(float) for _ in range(4000)]
    assert design_effect(independent) == pytest.approx(1.0, abs=0.1)
    equal = [np.full(8, float(rng.random() < 0.2)) for _ in range(4000)]
    assert design_effect(equal) == pytest.approx(8.0, abs=0.1)
    assert design_effect([np.zeros(8), np.zeros(8)]) == 1.0


@given(st.integers(0, 400), st.floats(0.01, 3600.0))
def test_more_flags_allowed_never_raise_the_threshold(n_blocks, rate):
    null = RateNull(np.random.default_rng(0).random(n_blocks), 128)
    assert null.threshold(rate, 0.15) >= null.threshold(rate * 2, 0.15)


def test_a_short_background_keeps_its_promise_on_average_with_its_highest_maximum():
    # 40 blocks, one flag allowed in 20: too few to be sure of more than the highest maximum
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(400):
        maxima = rng.random(40)
        threshold = RateNull(maxima, 128).threshold(9.0, 20 / 128)
        assert threshold == maxima.max()
        rates.append((1 - threshold) * 180)
    assert np.mean(rates) <= 9.0


def test_a_background_too_short_for_a_promise_flags_nothing():
    assert math.isinf(RateNull(np.ones(10), 128).threshold(1.0, 0.15))


def test_a_long_background_needs_no_float_that_underflows():
    null = RateNull(np.arange(200_000.0), 128)
    assert 0 < null.threshold(60.0, 0.15) < 200_000


@pytest.mark.parametrize(("rate", "seconds"), [(0.0, 0.1), (-1.0, 0.1), (1.0, 0.0)])
def test_senseless_promises_are_refused(rate, seconds):
    with pytest.raises(ValueError, match="> 0"):
        RateNull(np.ones(10), 128).threshold(rate, seconds)
