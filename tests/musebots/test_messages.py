import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots import messages as m
from musebots.errors import ProtocolError
from musebots.form import Section
from musebots.harmony import QUALITIES, Chord, ChordSpan, Key
from musebots.notes import Note
from musebots.timebase import MeterMap, TempoMap, TimeSignature

# What the original conductors and kits put on the wire, byte for byte.
CLASSIC = [
    (m.Alive("bass"), b"/agent/alive\0\0\0\0,s\0\0bass\0\0\0\0"),
    (m.Time(120.0, 16), b"/mc/time\0\0\0\0,fi\0\x42\xf0\0\0\0\0\0\x10"),
    (m.Meter(3, 4), b"/mc/meter\0\0\0,ii\0\0\0\0\x03\0\0\0\x04"),
    (m.AgentList(()), b"/mc/agentList\0\0\0,\0\0\0"),
    (m.AgentList(("a", "b")), b"/mc/agentList\0\0\0,ss\0a\0\0\0b\0\0\0"),
    (m.Gain(0.5), b"/agent/gain\0,f\0\0\x3f\0\0\0"),
    (m.Gain(0.5, 100.0), b"/agent/gain\0,ff\0\x3f\0\0\0\x42\xc8\0\0"),
    (m.Off(), b"/agent/off\0\0,\0\0\0"),
    (
        m.Broadcast("notepool", "bass", (60, 64, 67)),
        b"/broadcast/notepool\0,siii\0\0\0bass\0\0\0\0\0\0\0\x3c\0\0\0\x40\0\0\0\x43",
    ),
]

names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
ints = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)
doubles = st.floats(allow_nan=False, allow_infinity=False)
rows = st.lists(st.tuples(ints, ints, ints, ints), max_size=40).map(tuple)

ROUND_TRIPS = {
    m.Alive: st.builds(m.Alive, names),
    m.Time: st.builds(m.Time, singles, ints),
    m.Meter: st.builds(m.Meter, ints, ints),
    m.AgentList: st.builds(m.AgentList, st.lists(names, max_size=5).map(tuple)),
    m.Gain: st.builds(m.Gain, singles, singles),
    m.Off: st.just(m.Off()),
    m.Broadcast: st.builds(
        m.Broadcast, names, names, st.lists(st.one_of(ints, singles, names), max_size=6).map(tuple)
    ),
    m.Hello: st.builds(m.Hello, ints, names, names, names, names),
    m.Welcome: st.builds(m.Welcome, ints, names, longs, ints, ints, names),
    m.Ready: st.builds(m.Ready, names),
    m.Bye: st.builds(m.Bye, names),
    m.Roster: st.builds(m.Roster, st.lists(st.tuples(names, names), max_size=5).map(tuple)),
    m.ClockPing: st.builds(m.ClockPing, names, longs),
    m.ClockPong: st.builds(m.ClockPong, longs, longs, longs),
    m.Tempo: st.builds(
        m.Tempo, longs, st.lists(st.tuples(ints, doubles, st.integers(0, 1)), max_size=5).map(tuple)
    ),
    m.Ending: st.builds(m.Ending, ints),
    m.Bars: st.builds(m.Bars, st.lists(st.tuples(ints, ints, ints), max_size=5).map(tuple)),
    m.HarmonyPlan: st.builds(
        m.HarmonyPlan,
        ints,
        names,
        st.lists(st.tuples(ints, ints, ints, names, ints), max_size=8).map(tuple),
    ),
    m.Form: st.builds(m.Form, names, ints, ints, singles, singles, singles, names, names, names),
    m.Notes: st.builds(m.Notes, names, ints, rows),
    m.Heard: st.builds(m.Heard, names, ints, rows),
    m.Lead: st.builds(m.Lead, names, doubles, longs, doubles, ints),
    m.Cancel: st.builds(m.Cancel, names, ints),
    m.Wanted: st.builds(m.Wanted, names),
    m.Activations: st.builds(
        m.Activations,
        names,
        ints,
        names,
        names,
        ints,
        ints,
        ints,
        st.binary(min_size=1),
        st.binary(),
    ),
    m.Flag: st.builds(
        m.Flag,
        names,
        ints,
        ints,
        ints,
        ints,
        singles,
        singles,
        singles,
        singles,
        singles,
        singles,
        singles,
        names,
    ),
    m.Monitoring: st.builds(m.Monitoring, names, ints, ints, names),
    m.Score: st.builds(m.Score, names, ints, singles, singles, singles),
    m.Strip: st.builds(
        m.Strip, names, names, ints, ints, singles, singles, ints, ints, singles, names
    ),
    m.Hold: st.builds(m.Hold, ints),
    m.Levels: st.builds(m.Levels, st.lists(st.tuples(names, singles), max_size=5).map(tuple)),
    m.Member: st.builds(m.Member, names, names, names, names, names, ints, ints),
    m.Notice: st.builds(m.Notice, ints, names, names),
    m.Horizon: st.builds(m.Horizon, singles),
    m.Rating: st.builds(m.Rating, names, ints, ints, ints, names),
    m.Panic: st.just(m.Panic()),
    m.Control: st.builds(m.Control, names, names, singles),
    m.Fader: st.builds(m.Fader, names, singles, ints),
    m.Policy: st.builds(m.Policy, names, singles, singles, names),
    m.Steer: st.builds(m.Steer, names, singles, ints, names),
    m.Steered: st.builds(m.Steered, names, ints, ints, singles, singles, singles, singles, singles),
    m.Assessed: st.builds(m.Assessed, names, ints, ints, singles, singles, singles),
    m.Action: st.builds(m.Action, names, ints, names, names),
    m.Mix: st.builds(m.Mix, names, names, singles, singles),
    m.Instrument: st.builds(m.Instrument, names, names),
    m.SetTempo: st.builds(m.SetTempo, singles, singles),
    m.Progress: st.builds(m.Progress, names, ints, ints),
    m.State: st.builds(m.State, names, ints, ints, ints, st.binary(min_size=1, max_size=100)),
    m.Add: st.builds(m.Add, names, names, names),
    m.Remove: st.builds(m.Remove, names),
    m.Replace: st.builds(m.Replace, names, names),
    m.Stop: st.just(m.Stop()),
    m.Sealed: st.builds(
        m.Sealed, st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=16)
    ),
}


@pytest.mark.parametrize(("message", "datagram"), CLASSIC, ids=lambda x: type(x).__name__)
def test_classic_messages_are_byte_for_byte_what_old_bots_expect(message, datagram):
    assert m.encode(message) == datagram
    assert m.decode(datagram) == message


def test_every_message_has_a_round_trip_here_and_a_line_for_the_table():
    assert set(ROUND_TRIPS) == set(m.MESSAGES)
    for cls in m.MESSAGES:
        assert cls.sent, f"{cls.__name__} does not say who sends it"
        assert cls.sense, f"{cls.__name__} does not say what it means"


@given(st.one_of(*ROUND_TRIPS.values()))
def test_every_message_survives_the_wire(message):
    assert m.decode(m.encode(message)) == message


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_protocol_error(data):
    for datagram in (data, b"/musebots/notes\0" + data, b"#bundle\0" + data):
        try:
            for part in m.decode_all(datagram):
                m.decode(part)
        except ProtocolError as error:
            assert error.kind


@given(st.one_of(*ROUND_TRIPS.values()), st.data())
def test_a_damaged_message_is_read_or_refused_but_never_breaks(message, data):
    datagram = bytearray(m.encode(message))
    at = data.draw(st.integers(0, len(datagram) - 1))
    datagram[at] ^= data.draw(st.integers(1, 255))
    try:
        m.decode(bytes(datagram[: data.draw(st.integers(0, len(datagram)))]))
        m.decode(bytes(datagram))
    except ProtocolError as error:
        assert str(error)


def test_reading_is_liberal_about_the_dialects_that_exist():
    one_string = b"/mc/agentList\0\0\0,s\0\0a b c\0\0\0"
    assert m.decode(one_string) == m.AgentList(("a", "b", "c"))
    int_tempo = b"/mc/time\0\0\0\0,ii\0\0\0\0\x78\0\0\0\x01"
    assert m.decode(int_tempo) == m.Time(120.0, 1)
    off_with_int = b"/agent/off\0\0,i\0\0\0\0\0\x01"
    assert m.decode(off_with_int) == m.Off()
    no_sender = b"/broadcast/hdensity\0,f\0\0\x3f\0\0\0"
    assert m.decode(no_sender) == m.Broadcast("hdensity", "", (0.5,))
    foreign = b"/agent/offed\0\0\0\0,s\0\0you\0"
    assert m.decode(foreign) == m.Unknown("/agent/offed", ("you",))


def test_a_bundle_is_taken_apart_in_order_whatever_its_time_tag():
    parts = [m.encode(m.Alive("a")), m.encode(m.Bye("b"))]
    bundle = b"#bundle\0" + b"\xff" * 8
    for part in parts:
        bundle += struct.pack(">i", len(part)) + part
    nested = b"#bundle\0" + b"\0" * 8 + struct.pack(">i", len(bundle)) + bundle
    assert list(m.decode_all(nested)) == parts


def test_bundles_nested_without_end_are_refused():
    bundle = m.encode(m.Stop())
    for _ in range(40):
        bundle = b"#bundle\0" + b"\0" * 8 + struct.pack(">i", len(bundle)) + bundle
    with pytest.raises(ProtocolError, match="nested"):
        list(m.decode_all(bundle))


def test_a_message_that_does_not_fit_a_datagram_is_refused_before_it_is_sent():
    with pytest.raises(ProtocolError, match="send it in parts"):
        m.encode(m.Notes("bass", 0, ((0, 60, 1, 90),) * 1000))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_none_are_refused(value):
    datagram = b"/agent/gain\0,f\0\0" + struct.pack(">f", value)
    with pytest.raises(ProtocolError, match="gain"):
        m.decode(datagram)


def test_notes_and_plans_come_out_as_what_they_stand_for():
    notes = (Note(1 / 3, 60, 0.25, 80), Note(2, 62, 1, 100))
    assert m.decode(m.encode(m.Notes.of("x", 7, notes))).notes == notes
    tempo_map = TempoMap.constant(97.3).with_change(960, 61.7, ramp_ticks=480)
    (tempo,) = m.Tempo.parts(tempo_map.points, 5)
    assert m.decode(m.encode(tempo)).onto(TempoMap.constant(50)) == tempo_map
    meter_map = MeterMap(((0, TimeSignature(6, 8)), (4, TimeSignature(4, 4))))
    assert m.decode(m.encode(m.Bars.of(meter_map))).meter_map == meter_map
    spans = tuple(
        ChordSpan(480 * i, 480, Chord(i % 12, quality)) for i, quality in enumerate(QUALITIES)
    )
    plan = m.decode(m.encode(m.HarmonyPlan.of(Key(9, "minor"), spans)))
    assert (plan.key, plan.spans) == (Key(9, "minor"), spans)
    section = Section("B", 0, 1920, intensity=0.75, density=0.25, register=0.5, tacet=("a", "b"))
    assert m.decode(m.encode(m.Form.of(section))).section == section


def test_a_broadcast_never_carries_a_type_that_kills_old_bots():
    datagram = m.encode(m.Broadcast("x", "me", (True, 1, 2.0, "s")))
    assert b",siifs\0" in datagram
    with pytest.raises(ProtocolError, match="carries int, float, str or bytes"):
        m.encode(m.Broadcast("x", "me", (None,)))


def test_a_long_tempo_map_travels_in_parts_and_a_change_of_it_alone():
    tempo_map = TempoMap.constant(100.0)
    for beat in range(1, 1500):
        ramp_ticks = 480 if beat % 3 == 0 else 0
        tempo_map = tempo_map.with_change(beat * 480, 60.0 + beat % 100, ramp_ticks=ramp_ticks)
    heard = TempoMap.constant(50.0)
    for part in m.Tempo.parts(tempo_map.points):
        heard = m.decode(m.encode(part)).onto(heard)
    assert heard == tempo_map
    faster = tempo_map.with_change(1500 * 480, 200.0)
    (change,) = m.Tempo.parts(faster.changed_points(tempo_map))
    assert len(change.points) <= 3
    assert change.onto(heard) == faster
