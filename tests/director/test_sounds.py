import pytest

from director.score import Strip
from director.sounds import SOUNDS, family_of, program_of, sound_of, sounds_for


def test_every_role_has_at_least_two_instruments_and_no_name_is_given_twice():
    for role in ("melody", "bass", "drums", "theremin"):
        assert len(sounds_for(role)) >= 2
    names = [sound.name for sound in SOUNDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("strip", "name"),
    [
        (Strip("x", "melody", 0, program=11), "vibraphone"),
        (Strip("x", "melody", 0, program=11, instrument="flute"), "flute"),
        (Strip("x", "melody", 0, program=11, instrument="upright"), "vibraphone"),
        (Strip("x", "melody", 0, program=87), "e-piano"),
        (Strip("x", "bass", 0, program=32), "upright"),
        (Strip("x", "bass", 0, program=0), "finger"),
        (Strip("x", "drums", 9), "studio"),
        (Strip("x", "shaker", 9, program=40), "jazz"),
    ],
)
def test_a_strip_sounds_as_it_says_else_as_its_program_else_as_is_usual(strip, name):
    assert sound_of(strip).name == name


def test_an_instrument_is_what_its_own_program_stands_for():
    for sound in SOUNDS:
        strip = Strip("x", sound.family, 9 if sound.family == "drums" else 0,
                      program=program_of(sound.name))  # fmt: skip
        assert sound_of(strip) == sound
        assert family_of(strip.role, strip.channel) == sound.family
