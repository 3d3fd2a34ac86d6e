"""The Director with real bots and real datagrams, on virtual time. Seed 0 throughout."""

import asyncio
import logging

import numpy as np
from pythonosc.osc_message_builder import OscMessageBuilder

from director.director import Casting, Director
from director.outputs.base import InstrumentChanged, Level, NoteOff, NoteOn, TempoChange
from director.outputs.memory import MemoryOutput, hanging_notes
from director.score import Score, SectionTemplate, Strip, lay_out
from musebots import Musebot, Note
from musebots import messages as m
from musebots.agent import Link
from musebots.harmony import Key, parse_chords
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline
from musebots.timebase import MeterMap, Ritardando, TempoMap


def score_of(*bot_ids, bars=4, bpm=120.0, **more):
    template = SectionTemplate("A", 4, parse_chords("C Am F G", beats_per_bar=4.0), Key())
    return Score(
        title="Test",
        tempo_map=TempoMap.constant(bpm),
        meter_map=MeterMap(),
        passages=lay_out([template], n_bars=bars, meter_map=MeterMap()),
        n_bars=bars,
        strips=tuple(Strip(bot_id, "other", channel) for channel, bot_id in enumerate(bot_ids)),
        **more,
    )


class Steady(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            self.send(Note(onset=beat, pitch=60, duration=1.0))


class Held(Musebot):
    async def play(self):
        await self.clock.started()
        self.send(Note(onset=0, pitch=50, duration=1000.0))


class Tardy(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=-0.5):
            self.send(Note(onset=beat, pitch=60, duration=1.0))


async def session(score, bots, *, meanwhile=None):
    """Play a score with bots by id; the report, what came out, and the director."""
    out, network = MemoryOutput(), LoopbackNetwork()
    await out.open(score)
    director = Director(score, {name: Casting("other", 0) for name in bots}, [out])
    address = await director.open(network)
    async with asyncio.TaskGroup() as tasks:
        for name, bot in bots.items():
            tasks.create_task(bot().run(Link(name, network, address)))
        extra = tasks.create_task(meanwhile(director, network, address)) if meanwhile else None
        report = await director.run()
        if extra is not None:
            extra.cancel()
    return report, out, director


def played(score, bots, **options):
    return run_offline(session(score, bots, **options))


def test_everybody_plays_to_the_end_and_nothing_hangs():
    report, out, _ = played(score_of("a", "b"), {"a": Steady, "b": Steady})
    assert dict(report.n_notes) == {"a": 16, "b": 16}
    assert not report.n_late
    assert not report.was_stopped
    assert hanging_notes(out.events) == []
    assert [note.onset for note in out.notes("a")] == [float(beat) for beat in range(16)]


def test_a_note_that_outlasts_the_piece_ends_with_it():
    _, out, _ = played(score_of("a"), {"a": Held})
    (note,) = out.notes("a")
    assert note.onset + note.duration == 16.0


def test_late_notes_are_counted_and_still_played():
    report, out, _ = played(score_of("a"), {"a": Tardy})
    assert report.n_late["a"] == 16
    assert len(out.notes("a")) == 16
    assert all(note.onset % 1.0 > 0.4 for note in out.notes("a"))


def test_events_reach_the_outputs_in_one_order_with_the_time_they_sound():
    _, out, _ = played(score_of("a", "b", bpm=60.0), {"a": Steady, "b": Steady})
    notes = [e for e in out.events if isinstance(e, NoteOn | NoteOff)]
    keys = [(e.tick, isinstance(e, NoteOn), e.channel, e.pitch) for e in notes]
    assert keys == sorted(keys)
    assert all(abs(e.seconds - e.tick / 480) < 1e-9 for e in notes)


def test_the_tempo_changes_while_playing_and_the_beats_stay_where_they_are():
    async def speed_up(director, network, address):
        await director.clock.until(4.2)
        director.set_tempo(240.0)

    report, out, _ = played(score_of("a"), {"a": Steady}, meanwhile=speed_up)
    assert [note.onset for note in out.notes("a")] == [float(beat) for beat in range(16)]
    (change,) = [e for e in out.events if isinstance(e, TempoChange)]
    assert change.tick == 5 * 480
    assert abs(report.music_seconds - (5 * 0.5 + 11 * 0.25)) < 1e-6


def test_a_piece_whose_tempo_was_changed_by_hand_still_slows_down_at_its_end():
    async def speed_up(director, network, address):
        await director.clock.until(4.2)
        director.set_tempo(240.0)

    slowing = Ritardando(8 * 480, 12 * 480, share=0.5)
    report, _, director = played(
        score_of("a", ritardando=slowing), {"a": Steady}, meanwhile=speed_up
    )
    tempo_map = director.clock.tempo_map
    assert [tempo_map.bpm_at(beat * 480) for beat in (6, 8, 10, 12, 16)] == [
        240,
        240,
        180,
        120,
        120,
    ]
    assert report.music_seconds > 5 * 0.5 + 11 * 0.25 + 1


def test_a_tempo_fader_may_be_moved_for_a_whole_evening():
    async def fidget(director, network, address):
        await director.clock.started()
        for step in range(3000):
            director.set_tempo(200.0 + step % 50, ramp_beats=step % 2)
            await asyncio.sleep(0.1)

    _, out, _ = played(score_of("a", bars=300), {"a": Steady}, meanwhile=fidget)
    assert [note.onset for note in out.notes("a")] == [float(beat) for beat in range(1200)]


def test_faders_move_by_message_from_anybody():
    async def turn_down(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.until(2.0)
        wire.send(m.Mix("a", "gain_db", -20.0, 1.0), address)
        wire.send(m.Mix("b", "mute", 1.0), address)
        wire.send(m.Mix("nobody", "mute", 1.0), address)
        await asyncio.sleep(10)

    report, out, _ = played(score_of("a", "b"), {"a": Steady, "b": Steady}, meanwhile=turn_down)
    gains = [e.gain for e in out.events if isinstance(e, Level) and e.bot_id == "a"]
    assert gains[0] == 1.0
    assert abs(gains[-1] - 0.1) < 1e-9
    assert gains == sorted(gains, reverse=True)
    assert len(gains) > 10
    assert [e.gain for e in out.events if isinstance(e, Level) and e.bot_id == "b"] == [1.0, 0.0]
    assert report.faults == {"bad content": 1}


def test_an_instrument_and_its_room_are_changed_by_message_where_the_strip_may_have_it():
    async def dress_up(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.until(2.0)
        wire.send(m.Instrument("a", "flute"), address)
        wire.send(m.Instrument("a", "upright"), address)  # a bass has that, and it is none
        wire.send(m.Instrument("nobody", "flute"), address)
        wire.send(m.Mix("a", "reverb", 0.75), address)
        await asyncio.sleep(1)
        assert director.playback.mix.strips["a"].instrument == "flute"

    report, out, _ = played(score_of("a"), {"a": Steady}, meanwhile=dress_up)
    changes = [event for event in out.events if isinstance(event, InstrumentChanged)]
    assert [(change.bot_id, change.instrument, change.program) for change in changes] == [
        ("a", "flute", 72)
    ]
    levels = [event for event in out.events if isinstance(event, Level)]
    assert levels[-1].reverb == 0.75
    assert report.faults == {"bad content": 2}


def test_a_bot_that_dies_is_silenced_and_the_others_play_on(caplog):
    async def kill(director, network, address):
        await director.clock.until(6.25)
        director.bot_gone("a")

    class Doomed(Musebot):
        async def play(self):
            self.send(Note(onset=0, pitch=50, duration=1000.0))
            await self.clock.until(6.0)
            self.leave()

    _, out, _ = played(score_of("a", "b"), {"a": Doomed, "b": Steady}, meanwhile=kill)
    (note,) = out.notes("a")
    assert 6.0 <= note.duration <= 6.5
    assert len(out.notes("b")) == 16


def test_a_bot_without_a_heartbeat_is_noticed_and_silenced(caplog):
    async def mute_liar(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        wire.send(m.Hello(m.PROTOCOL_VERSION, "ghost", "other"), address)
        wire.send(m.Ready("ghost"), address)
        await director.clock.started()
        wire.send(m.Notes.of("ghost", 0, [Note(0, 70, 1000.0)]), address)
        await asyncio.sleep(100)

    with caplog.at_level(logging.WARNING):
        _, out, director = played(
            score_of("ghost", "b", bars=16), {"b": Steady}, meanwhile=mute_liar
        )
    assert "ghost is silent: no heartbeat" in caplog.text
    (note,) = out.notes("ghost")
    assert note.duration < 20.0
    assert ("ghost", "gone") in director.status().bots


def test_stop_silences_everything_at_once():
    async def stop(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.until(5.0)
        wire.send(m.Stop(), address)

    report, out, _ = played(score_of("a", bars=400), {"a": Held}, meanwhile=stop)
    assert report.was_stopped
    assert report.n_bars == 1
    assert hanging_notes(out.events) == []
    assert out.n_panics >= 1


def test_broadcasts_reach_all_bots_the_sender_too_byte_for_byte():
    heard = []

    class Listener(Musebot):
        def hear(self, message):
            if isinstance(message, m.Broadcast):
                heard.append((self.id, message))

        async def play(self):
            if self.id == "a":
                self.broadcast("notepool", 60, 64, 67)

    played(score_of("a", "b"), {"a": Listener, "b": Listener})
    expected = m.Broadcast("notepool", "a", (60, 64, 67))
    assert sorted(heard, key=lambda pair: pair[0]) == [("a", expected), ("b", expected)]


def test_a_classic_bot_gets_the_classic_messages_and_nothing_of_ours():
    got = []

    async def old_bot(director, network, address):
        wire = Wire(lambda message, raw, source: got.append((message, raw)))
        await wire.open(network)
        while True:
            wire.send(m.Alive("old"), address)
            await asyncio.sleep(1.0)

    played(score_of("a"), {"a": Steady}, meanwhile=old_bot)
    kinds = {type(message) for message, _ in got}
    assert kinds == {m.AgentList, m.Gain, m.Time, m.Meter, m.Off}
    assert sum(isinstance(message, m.Off) for message, _ in got) == 1
    pulses = [message.pulse for message, _ in got if isinstance(message, m.Time)]
    assert pulses == list(range(pulses[0], 5 * 4 * 16))
    assert pulses[0] <= 16
    assert not any(raw.startswith(b"/musebots") for _, raw in got)


def test_a_late_joiner_gets_the_whole_state():
    state = []

    async def join_late(director, network, address):
        wire = Wire(lambda message, raw, source: state.append(message))
        await wire.open(network)
        await director.clock.until(5.0)
        wire.send(m.Hello(m.PROTOCOL_VERSION, "late", "other"), address)
        await asyncio.sleep(0.1)

    played(score_of("a"), {"a": Steady}, meanwhile=join_late)
    kinds = [type(message) for message in state]
    assert kinds[:5] == [m.Welcome, m.Bars, m.Tempo, m.Form, m.HarmonyPlan]
    assert state[2].anchor_ns >= 0


def test_another_version_of_the_protocol_is_not_admitted(caplog):
    answers = []

    async def stranger(director, network, address):
        wire = Wire(lambda message, raw, source: answers.append(message))
        await wire.open(network)
        wire.send(m.Hello(99, "future", "other"), address)
        await asyncio.sleep(1)

    played(score_of("a"), {"a": Steady}, meanwhile=stranger)
    assert answers == []
    assert "speaks version 99" in caplog.text


def hostile_datagrams(n):
    """Well-formed messages with senseless values, and the same with bytes turned over; seed 0."""
    rng = np.random.default_rng(0)
    numbers = (0, -1, 1, 2**31 - 1, -(2**31), 99)
    reals = (0.0, -1.0, 1e30, -1e30, 0.5)

    def value(tag):
        match tag:
            case "i" | "h":
                return int(rng.choice(numbers))
            case "f" | "d":
                return float(rng.choice(reals))
            case "b":
                return bytes(int(rng.integers(1, 50)))
            case _:
                return "z" * int(rng.integers(0, 50))

    heeded = (m.Stop, m.Hold, m.SetTempo, m.Horizon, m.Panic, m.Broadcast, m.Off)
    kinds = [cls for cls in m.MESSAGES if cls not in heeded]
    for _ in range(n):
        cls = kinds[rng.integers(len(kinds))]
        tags = cls.tags + cls.group * int(rng.integers(0, 4))
        builder = OscMessageBuilder(cls.address)
        for tag in tags:
            builder.add_arg(value(tag), tag)
        datagram = bytearray(builder.build().dgram)
        yield bytes(datagram)
        datagram[rng.integers(len(datagram))] ^= int(rng.integers(1, 256))
        yield bytes(datagram)
        yield bytes(datagram[: rng.integers(len(datagram))])


def test_nothing_that_arrives_ends_the_session_or_disturbs_who_plays():
    async def attack(director, network, address):
        wires = [Wire(lambda *_: None) for _ in range(3)]
        for wire in wires:
            await wire.open(network)
        await director.clock.started()
        for index, datagram in enumerate(hostile_datagrams(2000)):
            wires[index % 3].send_bytes(datagram, address)
            if index % 50 == 0:
                await asyncio.sleep(0.05)
        for index in range(1000):
            wires[0].send(m.Alive(f"crowd{index}"), address)
            wires[0].send(m.Hello(m.PROTOCOL_VERSION, f"mob{index}", "r" * 32), address)
        wires[0].send(m.SetTempo(120.0, 1e30), address)
        wires[0].send(m.SetTempo(1e9), address)
        await asyncio.sleep(100)

    report, out, director = played(score_of("a"), {"a": Steady}, meanwhile=attack)
    assert [note.onset for note in out.notes("a")] == [float(beat) for beat in range(16)]
    assert report.faults["bad content"] > 1000
    assert len(director.roster.members) == 100


def test_lost_datagrams_of_notes_show_as_gaps():
    async def lossy(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.started()
        for number in (0, 1, 4, 3):
            note = Note(onset=number, pitch=60, duration=0.5)
            wire.send(m.Notes.of("x", number, [note]), address)
        await asyncio.sleep(60)

    report, _, _ = played(score_of("a", "x"), {"a": Steady}, meanwhile=lossy)
    assert report.n_lost == {"x": 1}


def test_a_datagram_that_comes_twice_is_no_negative_loss():
    async def double(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.started()
        for _ in range(3):
            wire.send(m.Notes.of("x", 0, [Note(onset=1, pitch=60, duration=0.5)]), address)
        await asyncio.sleep(60)

    report, _, _ = played(score_of("a", "x"), {"a": Steady}, meanwhile=double)
    assert report.n_lost == {}
    assert report.n_notes["x"] == 1


def test_notes_of_strangers_are_told_of_once(caplog):
    async def crowd(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        await director.clock.started()
        for index in range(500):
            wire.send(m.Notes.of(f"x{index}", 0, [Note(onset=1, pitch=60)]), address)
        await asyncio.sleep(60)

    with caplog.at_level(logging.WARNING):
        played(score_of("a"), {"a": Steady}, meanwhile=crowd)
    assert sum("no strip for" in record.message for record in caplog.records) == 1


def test_strangers_that_are_gone_make_room():
    async def crowd_then_friend(director, network, address):
        wire = Wire(lambda *_: None)
        await wire.open(network)
        for index in range(200):
            wire.send(m.Alive(f"x{index}"), address)
        await asyncio.sleep(20)
        wire.send(m.Alive("friend"), address)
        await asyncio.sleep(60)

    _, _, director = played(score_of("a", bars=16), {"a": Steady}, meanwhile=crowd_then_friend)
    assert "friend" in director.roster.members
    assert "a" in director.roster.members
