import contextlib
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.generator import load_generator
from musebots.snapshots import MAX_BYTES, packed, unpacked

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=9)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=5), st.integers()), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(values)
def test_plain_values_come_back_as_they_were(value):
    assert unpacked(packed(value)) == value


def test_arrays_and_our_own_dataclasses_come_back():
    arrays = (
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.array([0.1, 2.0**-20]),
        np.ones(2, "f4"),
    )
    back = unpacked(packed({"chord": Chord(2, "min7"), "key": Key(9, "minor"), "arrays": arrays}))
    assert back["chord"] == Chord(2, "min7")
    assert back["key"] == Key(9, "minor")
    for before, after in zip(arrays, back["arrays"], strict=True):
        assert after.dtype == before.dtype
        assert (after == before).all()
    assert unpacked(packed(np.float64(0.5))) == 0.5


@pytest.mark.parametrize("role", ["melody", "bass", "drums"])
def test_a_network_goes_on_from_its_packed_snapshot_note_for_note(role):
    def contexts():
        return (StepContext(step_in_bar=i % 16, chord=Chord(i // 16 % 12)) for i in range(96))

    first = load_generator(role, rng=np.random.default_rng(0))
    steps = iter(contexts())
    for _ in range(40):
        first.step(next(steps))
    blob = packed(first.snapshot())
    assert len(blob) < 6000
    second = load_generator(role, rng=np.random.default_rng(99))
    second.restore(unpacked(blob))
    for context in steps:
        assert first.step(context).onsets == second.step(context).onsets


@given(st.binary(max_size=60))
def test_no_bytes_at_all_do_more_than_raise_a_value_error(data):
    for blob in (data, zlib.compress(data)):
        with contextlib.suppress(ValueError):
            unpacked(blob)


@pytest.mark.parametrize(
    "plain",
    [
        ["o", "os", "system", ["true"]],
        ["o", "musebots.nowhere", "X", []],
        ["o", "musebots.registry", "resolve", ["melody"]],
        ["o", "musebots.harmony", "Key", [99, "major"]],
        ["a", "|O", "|O", [1], "AAAAAAAAAAA="],
        ["x", []],
    ],
)
def test_only_our_own_dataclasses_are_made_again(plain):
    with pytest.raises(ValueError, match=r"not a snapshot|tonic_pc"):
        unpacked(zlib.compress(json.dumps(plain).encode()))


def test_a_bomb_does_not_go_off():
    with pytest.raises(ValueError, match="too long"):
        unpacked(zlib.compress(b" " * (2 * MAX_BYTES)))


def test_what_cannot_be_kept_is_named():
    with pytest.raises(TypeError, match="set"):
        packed({"voices": {1, 2}})
