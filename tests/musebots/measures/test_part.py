"""A part: its grid, its bars, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.measures import Part
from musebots.timebase import TimeSignature

from .parts import line

rows = st.lists(
    st.tuples(
        st.integers(-59, 1920 * 4 - 1),
        st.integers(0, 127),
        st.integers(1, 4000),
        st.integers(1, 127),
    ),
    max_size=30,
)


def test_notes_are_sorted_and_the_last_one_closes_the_last_bar():
    part = Part.from_rows([(1920, 60, 10, 1), (0, 62, 10, 1), (0, 61, 10, 1)])
    assert part.pitch.tolist() == [61, 62, 60]
    assert part.n_bars == 2


def test_micro_timing_does_not_move_an_onset_to_another_step():
    part = Part.from_rows([(-20, 36, 60, 9), (130, 36, 60, 9), (1900, 36, 60, 9)], n_bars=1)
    assert part.steps.tolist() == [0, 1, 15]  # the last is early for a bar that is not there


def test_what_sounds_covers_the_note_to_its_nearest_step():
    part = line((0, 60, 0.5), (2, 60, 0.05), n_bars=1)
    assert np.flatnonzero(part.sounding).tolist() == [0, 1, 8]


def test_overlapping_notes_sound_until_the_longer_one_ends():
    part = line((0, 60, 2), (0.5, 64, 0.5), n_bars=1)
    assert np.flatnonzero(part.sounding).tolist() == list(range(8))


def test_bars_can_be_cut_out():
    part = line((0, 60), (4, 62), (8, 64)).between(1, 3)
    assert part.onset_ticks.tolist() == [0, 1920]
    assert part.pitch.tolist() == [62, 64]


def test_a_note_early_for_its_bar_line_is_cut_with_its_bar():
    part = Part.from_rows([(1900, 36, 60, 9)], n_bars=2)
    assert len(part.between(0, 1)) == 0
    assert part.between(1, 2).steps.tolist() == [0]


def test_a_beat_of_six_eight_is_dotted():
    assert line((0, 60), meter="6/8").beat_ticks == 720
    assert line((0, 60), meter="3/4").beat_ticks == 480


@pytest.mark.parametrize(
    ("first", "end", "n_bars", "words"),
    [(0, 3, 2, "bars must lie in 0..2"), (1, 1, 2, "bars must lie"), (0, 1, 0, "n_bars must be")],
)
def test_bars_that_are_not_there_are_refused(first, end, n_bars, words):
    with pytest.raises(ValueError, match=words):
        Part.from_rows([], n_bars=n_bars).between(first, end)


def test_notes_beyond_the_end_are_refused():
    with pytest.raises(ValueError, match=r"onsets must be in 0\.\.1919"):
        line((4, 60), n_bars=1)
    with pytest.raises(ValueError, match="onsets must be"):
        Part.from_rows([(-300, 60, 1, 1)], n_bars=1)


def test_a_bar_that_16ths_do_not_fill_is_refused():
    none = np.zeros(0, dtype=int)
    assert Part(none, none, none, none, 1, TimeSignature(5, 16)).steps_per_bar == 5
    with pytest.raises(ValueError, match="equally many"):
        Part(none, none, none, np.ones(1, dtype=int), 1)


@given(rows)
def test_the_grid_holds_every_onset_and_what_starts_sounds(notes):
    part = Part.from_rows(notes, n_bars=4)
    assert part.onset_grid.sum() == len(set(part.steps.tolist()))
    assert part.sounding[part.steps].all()
    assert sum(len(bar) for bar in part.bar_contents) <= len(part)


@given(rows)
def test_cutting_into_bars_loses_no_note(notes):
    part = Part.from_rows(notes, n_bars=4)
    assert sum(len(part.between(bar, bar + 1)) for bar in range(4)) == len(part)
