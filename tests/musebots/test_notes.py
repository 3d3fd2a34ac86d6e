import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.notes import Note


@given(
    st.integers(-(2**30), 2**30), st.integers(0, 127), st.integers(1, 2**20), st.integers(1, 127)
)
def test_ticks_survive_the_way_through_beats(onset, pitch, duration, velocity):
    note = Note.from_ticks(onset, pitch, duration, velocity)
    assert (note.onset_ticks, note.duration_ticks) == (onset, duration)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"pitch": 128}, "pitch must be in 0..127, got 128"),
        ({"pitch": -1}, "pitch must be in 0..127, got -1"),
        ({"velocity": 0}, "velocity must be in 1..127, got 0"),
        ({"velocity": 130}, "velocity must be in 1..127, got 130"),
        ({"duration": 0.0}, "duration must be a positive number of beats"),
        ({"duration": float("nan")}, "duration must be a positive number of beats"),
        ({"onset": float("inf")}, "onset must be a finite number of beats"),
    ],
)
def test_a_note_out_of_range_is_refused_by_name_range_and_value(wrong, complaint):
    with pytest.raises(ValueError, match=complaint.replace(".", r"\.")):
        Note(**{"onset": 0.0, "pitch": 60, "duration": 1.0, "velocity": 90, **wrong})


def test_a_very_short_note_lasts_one_tick():
    assert Note(onset=0, pitch=60, duration=1e-6).duration_ticks == 1
