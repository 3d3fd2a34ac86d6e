from hypothesis import given
from hypothesis import strategies as st

from creativity.flagging import Peaks


def flagged(scores, *, threshold=10.0, patience=2, block=8):
    """The steps whose peaks were told, and when."""
    peaks = Peaks(threshold, patience_steps=patience, block_steps=block)
    told = [(i, peak) for i, s in enumerate(scores) if (peak := peaks.add(s, i)) is not None]
    last = peaks.finish()
    return told + ([(len(scores), last)] if last is not None else [])


def test_a_peak_is_told_once_when_nothing_higher_follows():
    assert flagged([0, 11, 14, 13, 12, 11, 0]) == [(4, 2)]


def test_what_stays_below_the_threshold_is_not_told():
    assert flagged([10, 10, 10, 9, 10]) == []


def test_the_same_excursion_is_not_told_twice():
    assert flagged([11, 0, 0, 12, 0, 0, 0, 0], block=8) == [(2, 0)]


def test_after_a_block_another_peak_is_told():
    assert [at for _, at in flagged([11, 0, 0, *[0] * 6, 12, 0, 0], block=8)] == [0, 9]


def test_a_peak_that_is_open_at_the_end_is_told_then():
    assert flagged([0, 11]) == [(2, 1)]


@given(st.lists(st.integers(0, 20), max_size=80), st.integers(1, 6), st.integers(1, 20))
def test_no_block_holds_two_crossings_and_every_peak_is_above_the_threshold(
    scores, patience, block
):
    told = [at for _, at in flagged(scores, patience=patience, block=block)]
    assert all(scores[at] > 10 for at in told)
    assert len(told) <= -(-len(scores) // block)


def test_a_rise_without_end_is_told_within_a_block():
    told = flagged(list(range(11, 60)), patience=4, block=8)
    assert told[0][0] <= 8 + 4
