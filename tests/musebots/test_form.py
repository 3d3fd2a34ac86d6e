import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.form import Course, Section
from musebots.messages import Form, decode, encode
from musebots.timebase import MeterMap, TimeSignature

BAR = 1920
METERS = MeterMap()


def course_of(*parts):
    """Sections of so many bars, one after the other."""
    course, bar = Course(), 0
    for name, n_bars in parts:
        course = course.joined(Section(name, bar * BAR, (bar + n_bars) * BAR))
        bar += n_bars
    return course


SONG = course_of(("intro", 2), ("A", 8), ("B", 4), ("A", 8), ("A", 2))


def test_an_a_comes_back_to_the_same_bar_of_the_a_before():
    assert [SONG.recall_bars(bar, METERS) for bar in range(24)] == [0] * 14 + [12] * 8 + [8] * 2


def test_a_bar_beyond_the_end_of_the_passage_before_comes_back_to_nothing():
    course = course_of(("A", 2), ("A", 4))
    assert [course.recall_bars(bar, METERS) for bar in range(2, 6)] == [2, 2, 0, 0]


def test_bars_of_another_length_are_no_recollection():
    meters = MeterMap(((0, TimeSignature(4, 4)), (2, TimeSignature(3, 4))))
    course = Course((Section("A", 0, 2 * BAR), Section("A", 2 * BAR, 2 * BAR + 2 * 1440)))
    assert course.recall_bars(2, meters) == 0


def test_each_bar_has_its_place_in_its_section():
    places = [SONG.place(bar, METERS, 24 * BAR) for bar in range(24)]
    assert places[:4] == ["opening", "closing", "opening", "opening"]
    assert places[4:10] == ["inside"] * 5 + ["closing"]
    assert places[-2:] == ["opening", "final"]
    assert SONG.place(23, METERS, None) == "closing"
    assert SONG.place(30, METERS, None) == ""


def test_phrases_are_counted_from_the_start_of_the_section():
    assert [bar for bar in range(16) if SONG.is_phrase_start(bar, METERS)] == [0, 2, 6, 10, 14]


def test_a_section_told_twice_is_one_section():
    section = Section("A", 0, BAR)
    assert Course().joined(section).joined(section).sections == (section,)


@given(st.permutations(SONG.sections))
def test_the_order_in_which_sections_are_told_does_not_matter(sections):
    course = Course()
    for section in sections:
        course = course.joined(section)
    assert course == SONG


def test_a_long_session_does_not_grow():
    course = Course()
    for number in range(1000):
        course = course.joined(Section("A", number * BAR, (number + 1) * BAR))
    assert len(course.sections) < 500
    assert course.recall_bars(999, METERS) == 1


@pytest.mark.parametrize("solo", ["", "bass", "turns"])
def test_the_soloist_travels_with_the_form(solo):
    section = Section("A", 0, BAR, tacet=("drums",), solo=solo)
    assert decode(encode(Form.of(section))).section == section
