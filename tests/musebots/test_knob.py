"""What a fader is worth: as far as it was measured half of it does half of what all of it does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.knob import STILL, Knob, isotonic

MEASURED = Knob((-0.5, -0.2, 0.0, 0.1, 0.4), (-0.12, -0.1, 0.0, 0.15, 0.2))


@given(value=st.floats(-1, 1), low=st.floats(-1, 0), high=st.floats(0, 1))
def test_without_a_measurement_the_fader_covers_the_whole_range_on_both_sides(value, low, high):
    knob = Knob.of_range(low, high)
    assert low <= knob.alpha(value) <= high
    assert (knob.alpha(-1.0), knob.alpha(0.0), knob.alpha(1.0)) == (low, 0, high)
    assert knob.change(knob.alpha(value)) == 0.0


@given(value=st.floats(-1, 1))
def test_what_the_fader_changes_is_in_proportion_to_it(value):
    whole = 0.2 if value > 0 else 0.12
    assert MEASURED.change(MEASURED.alpha(value)) == pytest.approx(value * whole, abs=1e-9)


@given(first=st.floats(-1, 1), second=st.floats(-1, 1))
def test_a_higher_fader_never_leads_less_far(first, second):
    low, high = sorted((first, second))
    assert MEASURED.alpha(low) <= MEASURED.alpha(high)


def test_where_more_alpha_changes_no_more_the_least_that_does_is_taken():
    knob = Knob((0.0, 0.2, 0.4), (0.0, 0.25, 0.25))
    assert knob.alpha(1.0) == 0.2
    assert knob.change(0.4) == knob.change(9.0) == 0.25


def test_a_side_that_changes_nothing_is_followed_as_if_nobody_had_measured_it():
    assert Knob((-0.5, 0.0, 0.5), (0.0, 0.0, 0.25)).alpha(-0.5) == -0.25


def test_who_cannot_be_steered_stays_where_he_is():
    assert {STILL.alpha(value) for value in (-1.0, 0.3, 1.0)} == {0.0}


@pytest.mark.parametrize(
    ("alphas", "changes", "told"),
    [
        ((0.1, 0.2), (), "hold 0"),
        ((0.0, 0.2, 0.1), (), "must rise"),
        ((0.0, 0.2), (0.0,), "a change for each alpha"),
        ((0.0, 0.2), (0.0, -0.1), "none falling"),
        ((0.0, 0.2), (0.1, 0.2), "the change at 0"),
    ],
)
def test_what_is_no_knob_is_refused(alphas, changes, told):
    with pytest.raises(ValueError, match=told):
        Knob(alphas, changes)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9), st.data())
def test_no_other_sequence_that_never_falls_is_nearer(values, data):
    found = isotonic(values)
    assert found == sorted(found)
    other = sorted(
        data.draw(st.lists(st.floats(-5, 5), min_size=len(values), max_size=len(values)))
    )
    near, far = (sum((a - b) ** 2 for a, b in zip(x, values, strict=True)) for x in (found, other))
    assert near <= far + 1e-9
