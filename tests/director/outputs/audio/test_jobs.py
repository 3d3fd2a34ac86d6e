import math

from hypothesis import given
from hypothesis import strategies as st

from director.outputs.audio.jobs import (
    Cue,
    cue_from_event,
    decode_cue,
    decode_strips,
    encode_cue,
    encode_strips,
)
from director.outputs.base import Level, NoteOff, NoteOn, TempoChange
from director.score import Strip
from musebots.timebase import TempoMap

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS, st.sampled_from(["on", "off", "level", "panic"]), st.text(), NUMBERS, NUMBERS)
def test_a_cue_survives_the_pipe(seconds, kind, bot_id, a, b):
    cue = Cue(seconds, kind, bot_id, a, b)
    line = encode_cue(cue)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_cue(line) == cue


def test_a_band_survives_the_pipe_silence_included():
    strips = (Strip("a", "melody", 0, 4, -3.5, 0.2), Strip("ü", "bass", 1, gain_db=-math.inf))
    assert decode_strips(encode_strips(strips)) == strips


def test_events_become_cues_on_the_clock_asked_for():
    cues = [
        cue_from_event(event, offset_seconds=100.0)
        for event in (
            NoteOn(0, 1.0, "a", 0, 60, 90),
            NoteOff(0, 2.0, "a", 0, 60),
            Level(0, 3.0, "a", 0, 0.5, -1.0),
            TempoChange(0, 4.0, TempoMap.constant(90)),
        )
    ]
    assert cues == [
        Cue(101.0, "on", "a", 60, 90),
        Cue(102.0, "off", "a", 60),
        Cue(103.0, "level", "a", 0.5, -1.0),
        None,
    ]
