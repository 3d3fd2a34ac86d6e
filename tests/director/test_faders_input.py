"""Controllers that move faders."""

import mido
import pytest

from director.inputs.faders import fader_of
from musebots.messages import Fader

CHANNELS = {"melody": 0, "bass": 1, "drums": 9}


@pytest.mark.parametrize(
    ("channel", "value", "moved"),
    [
        (1, 64, Fader("bass", 0.0)),
        (1, 127, Fader("bass", 1.0)),
        (9, 0, Fader("drums", -1.0)),
        (1, 32, Fader("bass", -0.5)),
        (15, 127, Fader("", 1.0)),
    ],
)
def test_the_wheel_on_a_bots_channel_is_its_fader_and_elsewhere_the_bands(channel, value, moved):
    wheel = mido.Message("control_change", channel=channel, control=1, value=value)
    assert fader_of(wheel, CHANNELS) == moved


def test_whatever_else_comes_in_moves_nothing():
    for message in (
        mido.Message("control_change", control=7, value=100),
        mido.Message("note_on", note=60),
        mido.Message("clock"),
    ):
        assert fader_of(message, CHANNELS) is None


def test_every_place_of_a_wheel_is_on_the_fader_and_they_rise():
    values = [
        fader_of(mido.Message("control_change", control=1, value=v), CHANNELS).value
        for v in range(128)
    ]
    assert values == sorted(set(values))
    assert (values[0], values[64], values[127]) == (-1.0, 0.0, 1.0)
