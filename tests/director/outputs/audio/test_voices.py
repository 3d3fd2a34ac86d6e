import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.outputs.audio.voices import VoicePool


def test_a_pitch_that_sounds_is_struck_again_on_its_own_voice():
    pool = VoicePool(3)
    assert pool.take(60) == pool.take(60)


def test_the_oldest_note_is_stolen_when_all_voices_are_taken():
    pool = VoicePool(2)
    first, second = pool.take(60), pool.take(62)
    assert pool.take(64) == first
    assert pool.give_back(60) is None
    assert pool.give_back(62) == second


def test_the_voice_that_rang_out_longest_is_taken_first():
    pool = VoicePool(3)
    voices = [pool.take(pitch) for pitch in (60, 62, 64)]
    for pitch in (62, 60, 64):
        pool.give_back(pitch)
    assert [pool.take(pitch) for pitch in (70, 71, 72)] == [voices[1], voices[0], voices[2]]


@given(st.lists(st.tuples(st.booleans(), st.integers(50, 60)), max_size=60))
def test_no_voice_ever_plays_two_pitches(calls):
    pool, sounding = VoicePool(4), {}
    for is_on, pitch in calls:
        if is_on:
            voice = pool.take(pitch)
            sounding = {p: v for p, v in sounding.items() if v != voice}
            sounding[pitch] = voice
        else:
            assert pool.give_back(pitch) == sounding.pop(pitch, None)
        assert set(sounding.values()) <= set(range(4))


def test_a_pool_needs_a_voice():
    with pytest.raises(ValueError, match="n_voices must be >= 1, got 0"):
        VoicePool(0)
