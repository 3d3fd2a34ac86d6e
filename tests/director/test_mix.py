import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.mix import Mix, gain_from_db
from director.score import Strip


def band(**gains):
    return Mix.of(
        Strip(name, name, channel, gain_db=db) for channel, (name, db) in enumerate(gains.items())
    )


@pytest.mark.parametrize(("db", "gain"), [(0.0, 1.0), (-6.0206, 0.5), (6.0206, 2.0), (-200.0, 0.0)])
def test_decibels_are_what_they_are(db, gain):
    assert gain_from_db(db) == pytest.approx(gain, rel=1e-4)


def test_mute_silences_one_and_solo_all_the_others():
    mix = band(a=0.0, b=0.0, c=0.0)
    muted = mix.changed("a", "mute", 1.0, now_seconds=0.0)
    assert [muted.gain_at(x, 0) for x in "abc"] == [0.0, 1.0, 1.0]
    solo = mix.changed("b", "solo", 1.0, now_seconds=0.0)
    assert [solo.gain_at(x, 0) for x in "abc"] == [0.0, 1.0, 0.0]
    both = solo.changed("b", "mute", 1.0, now_seconds=0.0)
    assert [both.gain_at(x, 0) for x in "abc"] == [0.0, 0.0, 0.0]
    back = both.changed("b", "mute", 0.0, now_seconds=0.0).changed(
        "b", "solo", 0.0, now_seconds=0.0
    )
    assert [back.gain_at(x, 0) for x in "abc"] == [1.0, 1.0, 1.0]


def test_the_master_turns_everybody():
    mix = band(a=-6.0, b=0.0).changed("", "gain_db", -6.0, now_seconds=0.0)
    assert mix.gain_at("a", 0) == pytest.approx(gain_from_db(-12.0))
    assert mix.gain_at("b", 0) == pytest.approx(gain_from_db(-6.0))


@given(st.floats(-60, 12), st.floats(-60, 12), st.floats(0.1, 10), st.floats(0, 1))
def test_a_fade_moves_evenly_in_decibels_and_arrives(start, end, seconds, share):
    mix = band(a=start).changed("a", "gain_db", end, now_seconds=5.0, fade_seconds=seconds)
    heard = mix.gain_at("a", 5.0 + share * seconds)
    assert 20 * math.log10(heard) == pytest.approx(start + share * (end - start), abs=1e-6)
    assert mix.gain_at("a", 5.0 + seconds + 1) == pytest.approx(gain_from_db(end))


def test_a_fade_that_is_overtaken_starts_from_where_it_stands():
    mix = band(a=0.0).changed("a", "gain_db", -40.0, now_seconds=0.0, fade_seconds=4.0)
    mix = mix.changed("a", "gain_db", 0.0, now_seconds=2.0, fade_seconds=1.0)
    assert 20 * math.log10(mix.gain_at("a", 2.0)) == pytest.approx(-20.0)


@pytest.mark.parametrize(
    ("strip", "name", "value", "complaint"),
    [
        ("z", "mute", 1.0, "no strip 'z'; there are a"),
        ("a", "volume", 1.0, "gain_db, pan, reverb, mute and solo"),
        ("", "mute", 1.0, "the master has gain_db only"),
        ("a", "gain_db", math.nan, "must be a number"),
    ],
)
def test_a_control_that_is_none_is_refused(strip, name, value, complaint):
    with pytest.raises(ValueError, match=complaint):
        band(a=0.0).changed(strip, name, value, now_seconds=0.0)
