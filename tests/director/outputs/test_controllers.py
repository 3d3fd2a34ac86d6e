import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.outputs.controllers import (
    gain_from_db,
    key_signature_name,
    pan_controller,
    volume_controller,
)
from musebots.harmony import Key


@given(st.floats(-40.0, 0.0))
def test_the_volume_controller_follows_the_general_midi_law_within_its_steps(gain_db):
    controller = volume_controller(gain_from_db(gain_db))
    realised = 40.0 * math.log10(controller / 127)
    step = 40.0 * math.log10((controller + 0.5) / (controller - 0.5))
    assert abs(realised - gain_db) <= step


@pytest.mark.parametrize(("gain", "controller"), [(0.0, 0), (1.0, 127), (2.0, 127), (-1.0, 0)])
def test_the_volume_controller_never_raises_and_reaches_silence(gain, controller):
    assert volume_controller(gain) == controller


@given(st.floats(-2.0, 2.0))
def test_the_pan_controller_is_in_range_and_on_the_right_side(pan):
    controller = pan_controller(pan)
    assert 0 <= controller <= 127
    if abs(pan) > 0.01:
        assert (controller > 64) == (pan > 0)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic_pc", range(12))
def test_every_key_has_a_signature_that_mido_can_write(tonic_pc, mode):
    import mido

    message = mido.MetaMessage(
        "key_signature", key=key_signature_name(Key(tonic_pc=tonic_pc, mode=mode))
    )
    assert message.bytes()[0] == 0xFF
