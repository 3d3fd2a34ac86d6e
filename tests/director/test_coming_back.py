"""Bots that fail, come back, take over; and what the Director keeps for them. Seed 0 throughout."""

import asyncio
import json
import logging
from dataclasses import replace

import pytest

from director.director import Casting, Director
from director.outputs.base import Level
from director.outputs.memory import MemoryOutput, hanging_notes
from director.score import Score, SectionTemplate, Strip, lay_out
from musebots import Musebot, Note
from musebots import messages as m
from musebots.agent import Link
from musebots.bass import Bass
from musebots.drums import Drums
from musebots.harmony import Key, parse_chords
from musebots.melody import Melody
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline
from musebots.timebase import MeterMap, TempoMap

BARS = 12


def score_of(*bot_ids, bars=BARS):
    template = SectionTemplate("A", 4, parse_chords("C Am F G", beats_per_bar=4.0), Key())
    return Score(
        title="Test",
        tempo_map=TempoMap.constant(120.0),
        meter_map=MeterMap(),
        passages=lay_out([template], n_bars=bars, meter_map=MeterMap()),
        n_bars=bars,
        strips=tuple(Strip(bot_id, "other", channel) for channel, bot_id in enumerate(bot_ids)),
    )


class Dice(Musebot):
    """What it plays depends on its chance and on what it has played before."""

    async def prepare(self):
        self.pitch = 60

    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            self.pitch = 40 + (self.pitch + int(self.rng.integers(0, 30))) % 50
            self.send(Note(onset=beat, pitch=self.pitch, duration=0.5))

    def state(self):
        return self.pitch

    def resume(self, state):
        self.pitch = state


class Steady(Musebot):
    async def play(self):
        async for bar in self.clock.bars(lead=0.5):
            self.send(*(Note(onset=bar * 4 + i, pitch=60, duration=1.0) for i in range(4)))


class Hearing(Musebot):
    """Writes down what it is told."""

    hears = ("notes",)

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_message(self, message):
        self.heard.append(message)
        super().on_message(message)


class Care:
    """A caretaker that remembers, and does what it is told to do."""

    def __init__(self, on_failing=lambda bot_id, words: None):
        self.failed, self.changed, self.requests = [], [], []
        self._on_failing = on_failing

    def failing(self, bot_id, words):
        self.failed.append((bot_id, words))
        self._on_failing(bot_id, words)

    def took_over(self, bot_id):
        self.changed.append(bot_id)

    def asked(self, request, source):
        self.requests.append(request)


async def session(score, bots, script=None, care=None):
    """Play; `script(stage)` may start and end bots meanwhile."""
    out, network = MemoryOutput(), LoopbackNetwork()
    await out.open(score)
    cast = {name: Casting("other", 0) for name in bots}
    director = Director(score, cast, [out], caretaker=care)
    address = await director.open(network)
    lives = {}

    def start(name, bot):
        made = bot.make(name)
        link = Link(name, network, address, is_supervised=True)
        lives[name] = asyncio.ensure_future(made.run(link))
        return made

    class Stage:
        pass

    stage = Stage()
    stage.director, stage.network, stage.address = director, network, address
    stage.start, stage.lives = start, lives
    for name, bot in bots.items():
        start(name, bot)
    extra = asyncio.ensure_future(script(stage)) if script else None
    report = await director.run()
    if extra is not None:
        extra.cancel()
    ended = await asyncio.gather(*lives.values(), extra or asyncio.sleep(0), return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
    return report, out


def played(*arguments, **options):
    return run_offline(session(*arguments, **options))


async def killed(stage, name):
    """As kill -9 has it: no goodbye."""
    stage.director.bot_gone(name)
    stage.lives[name].cancel()
    await asyncio.sleep(0)


def test_a_killed_bot_goes_on_with_the_music_that_it_would_have_played():
    async def kill(stage):
        await stage.director.clock.until(17.2)
        await killed(stage, "a")
        await asyncio.sleep(0.7)  # 1.4 beats: it takes a while to come back
        stage.start("a", Dice)
        await asyncio.sleep(100)

    _, whole = played(score_of("a", "b"), {"a": Dice, "b": Steady})
    report, out = played(score_of("a", "b"), {"a": Dice, "b": Steady}, kill)
    assert out.notes("b") == whole.notes("b")
    before, after = whole.notes("a"), out.notes("a")
    missing = [note for note in before if note not in after]
    assert [note.onset for note in missing] == [17.0, 18.0]  # one cut short, one not played
    assert [note for note in after if note not in before and note.duration == 0.5] == []
    assert not report.n_late
    assert hanging_notes(out.events) == []


@pytest.mark.parametrize("bot", [Melody, Bass, Drums], ids=lambda bot: bot.__name__)
def test_a_network_that_is_killed_goes_on_with_its_phrase(bot):
    async def kill(stage):
        await stage.director.clock.until(17.2)
        await killed(stage, "a")
        await asyncio.sleep(0.7)
        stage.start("a", bot)
        await asyncio.sleep(100)

    _, whole = played(score_of("a", "b"), {"a": bot, "b": Steady})
    _, out = played(score_of("a", "b"), {"a": bot, "b": Steady}, kill)
    for after in (False, True):
        before, now = (
            {(note.onset, note.pitch) for note in o.notes("a") if (note.onset >= 19) == after}
            for o in (whole, out)
        )
        assert now <= before
        assert now == before or not after
    assert out.notes("b") == whole.notes("b")


def test_a_state_that_no_longer_fits_is_told_and_the_bot_begins_anew(caplog):
    class Other(Dice):
        def resume(self, state):
            raise KeyError("pitch")

    Other.__qualname__ = Dice.__qualname__

    async def swap(stage):
        await stage.director.clock.until(17.2)
        await killed(stage, "a")
        stage.start("a", Other)
        await asyncio.sleep(100)

    with caplog.at_level(logging.WARNING):
        _, out = played(score_of("a"), {"a": Dice}, swap)
    assert "a begins anew, its memory cannot be read: 'pitch'" in caplog.text
    assert [note.onset for note in out.notes("a")][-4:] == [44.0, 45.0, 46.0, 47.0]


def test_a_bot_whose_play_waits_for_nothing_in_the_music_hangs_and_is_told_of():
    class Hanging(Musebot):
        async def play(self):
            async for beat in self.clock.beats(lead=0.5):
                self.send(Note(onset=beat, pitch=50, duration=40.0))
                if beat == 9:
                    await asyncio.Event().wait()

    care = Care()
    _, out = played(score_of("a", "b"), {"a": Hanging, "b": Steady}, care=care)
    assert care.failed == [("a", "it hangs: alive, but it no longer plays")]
    assert max(note.onset + note.duration for note in out.notes("a")) < 32
    assert len(out.notes("b")) == 4 * BARS


def test_who_waits_for_a_place_in_the_music_does_not_hang():
    class Patient(Musebot):
        async def play(self):
            async for bar in self.clock.bars():
                if bar == 1:
                    await self.clock.until(40.0)
                    return

    class Sparse(Musebot):
        async def play(self):
            async for beat in self.clock.beats(every=20.0):
                self.send(Note(onset=beat, pitch=50, duration=1.0))

    care = Care()
    played(score_of("a", "b"), {"a": Patient, "b": Sparse}, care=care)
    assert care.failed == []


def test_a_heartbeat_alone_is_no_sign_of_life():
    async def zombie(stage):
        wire = Wire(lambda *_: None)
        await wire.open(stage.network)
        wire.send(m.Hello(m.PROTOCOL_VERSION, "a", "other"), stage.address)
        wire.send(m.Ready("a"), stage.address)
        while True:
            wire.send(m.Alive("a"), stage.address)
            await asyncio.sleep(1.0)

    care = Care()

    async def run():
        score, out = score_of("a", "b"), MemoryOutput()
        await out.open(score)
        network = LoopbackNetwork()
        director = Director(
            score, {"a": Casting("x", 0), "b": Casting("x", 0)}, [out], caretaker=care
        )
        stage = type("Stage", (), {"network": network, "address": await director.open(network)})
        life = asyncio.ensure_future(
            Steady.make("b").run(Link("b", network, stage.address, is_supervised=True))
        )
        extra = asyncio.ensure_future(zombie(stage))
        await director.run()
        extra.cancel()
        await life

    run_offline(run())
    assert care.failed[0] == ("a", "it has not answered for 6 s")


def test_a_flood_is_stemmed_its_bot_is_told_of_and_nobody_else_suffers(caplog):
    class Flooding(Musebot):
        async def play(self):
            async for beat in self.clock.beats():
                for _ in range(4000 if beat == 8 else 0):
                    self.broadcast("noise", 1)

    care = Care()
    with caplog.at_level(logging.WARNING):
        report, out = played(score_of("a", "b"), {"a": Flooding, "b": Steady}, care=care)
    assert care.failed == [("a", "it floods")]
    assert report.faults["flood"] > 900
    assert caplog.text.count("too much at once") == 1
    assert len(out.notes("b")) == 4 * BARS


def test_a_late_joiner_hears_the_last_value_of_every_topic_and_sender():
    class Talking(Musebot):
        async def play(self):
            for value in (0.1, 0.9):
                self.broadcast("hdensity", value)
            self.broadcast("exiting", 1)
            await self.clock.until(40.0)

    heard, classic = [], []

    async def join(stage):
        await stage.director.clock.until(9.0)
        wire = Wire(lambda *_: None)
        await wire.open(stage.network)
        wire.send(m.Control("", "density", 0.8), stage.address)
        late = stage.start("late", Hearing)
        old = Wire(lambda message, raw, source: classic.append(message))
        await old.open(stage.network)
        old.send(m.Alive("old"), stage.address)
        await asyncio.sleep(1.0)
        heard.extend(late.heard)
        await asyncio.sleep(100)

    played(score_of("a", "b"), {"a": Talking, "b": Steady}, join)
    said = m.Broadcast("hdensity", "a", (0.9,))
    (one,) = [x for x in heard if isinstance(x, m.Broadcast)]
    assert abs(one.values[0] - 0.9) < 1e-6
    assert (one.topic, one.sender) == (said.topic, said.sender)
    assert [x.topic for x in classic if isinstance(x, m.Broadcast)] == ["hdensity"]
    assert any(isinstance(x, m.Control) and x.name == "density" for x in heard)
    assert any(isinstance(x, m.Notes) and x.bot_id == "b" for x in heard)


def test_an_understudy_takes_over_at_a_bar_line_and_not_a_beat_is_missing():
    class Higher(Musebot):
        async def play(self):
            async for beat in self.clock.beats(lead=0.5):
                self.send(Note(onset=beat, pitch=72, duration=1.0))

    care = Care()

    async def replace(stage):
        await stage.director.clock.until(13.3)
        stage.director.reception.understudies.expect("a")
        former = stage.lives["a"]
        stage.start("a", Higher)
        await former
        await asyncio.sleep(100)

    _, out = played(score_of("a", "b"), {"a": Steady, "b": Steady}, replace, care=care)
    notes = out.notes("a")
    assert [note.onset for note in notes] == [float(beat) for beat in range(4 * BARS)]
    assert [note.pitch for note in notes] == [60] * 16 + [72] * (4 * BARS - 16)
    assert care.changed == ["a"]


def test_an_understudy_that_dies_leaves_everything_as_it_was():
    async def replace(stage):
        await stage.director.clock.until(13.3)
        stage.director.reception.understudies.expect("a")
        wire = Wire(lambda *_: None)
        await wire.open(stage.network)
        wire.send(m.Hello(m.PROTOCOL_VERSION, "a", "other"), stage.address)
        wire.send(m.Notes.of("a", 0, [Note(onset=20, pitch=99)]), stage.address)
        wire.send(m.Bye("a"), stage.address)
        await asyncio.sleep(100)

    _, out = played(score_of("a"), {"a": Steady}, replace)
    assert [note.pitch for note in out.notes("a")] == [60] * (4 * BARS)


def test_a_session_that_was_cut_off_goes_on_from_what_was_retained():
    saved = {}

    async def cut_off(stage):
        async for beat in stage.director.clock.beats(lead=-0.2):
            if beat == 2.0:
                wire = Wire(lambda *_: None)
                await wire.open(stage.network)
                wire.send(m.Mix("a", "gain_db", -20.0, 1.0), stage.address)
                wire.send(m.Mix("b", "mute", 1.0), stage.address)
            if beat == 24.0:
                saved.update(json.loads(json.dumps(stage.director.reception.retained.plain())))
                stage.director.stop()

    _, whole = played(score_of("a", "b"), {"a": Dice, "b": Steady})
    played(score_of("a", "b"), {"a": Dice, "b": Steady}, cut_off)

    async def take_up(stage):
        stage.director.restore(saved)
        await asyncio.sleep(100)

    score = replace(score_of("a", "b"), first_bar=6)
    report, out = played(score, {"a": Dice, "b": Steady}, take_up)
    for name in ("a", "b"):
        assert out.notes(name) == [note for note in whole.notes(name) if note.onset >= 24]
    levels = {event.bot_id: event.gain for event in out.events if isinstance(event, Level)}
    assert levels == {"a": pytest.approx(0.1), "b": 0.0}  # as they were left
    assert not report.n_late


TRIO = {"melody": Melody, "bass": Bass, "drums": Drums}


@pytest.mark.parametrize(
    ("beat", "names"), [(17.2, ["melody", "bass"]), (21.2, ["drums"]), (9.2, ["bass", "drums"])]
)
def test_networks_that_come_back_know_what_was_played_and_agreed_on_before(beat, names):
    async def kill(stage):
        await stage.director.clock.until(beat)
        for name in names:
            await killed(stage, name)
        await asyncio.sleep(0.7)
        for name in names:
            stage.start(name, TRIO[name])
        await asyncio.sleep(100)

    _, whole = played(score_of(*TRIO), TRIO)
    _, out = played(score_of(*TRIO), TRIO, kill)
    for name in TRIO:
        before, now = ({(n.onset, n.pitch) for n in o.notes(name) if n.onset >= beat + 3}
                       for o in (whole, out))  # fmt: skip
        assert now == before, name


def test_a_bot_of_a_session_that_is_over_is_sent_home_and_has_no_say():
    heard = []

    async def orphan(stage):
        wire = Wire(lambda message, *_: heard.append(message))
        await wire.open(stage.network)
        await stage.director.clock.until(8.0)
        wire.send(m.ClockPing("a", 1), stage.address)
        wire.send(m.Notes.of("a", 99, [Note(onset=20, pitch=99)]), stage.address)
        wire.send(m.Bye("a"), stage.address)
        wire.send(m.ClockPing("", 1), stage.address)  # a command asks who is there
        await asyncio.sleep(100)

    report, out = played(score_of("a"), {"a": Steady}, orphan)
    assert [type(message) for message in heard] == [m.Off, m.ClockPong]
    assert [note.pitch for note in out.notes("a")] == [60] * (4 * BARS)
    assert not report.n_lost


def test_wishes_reach_whoever_looks_after_the_bots_and_nobody_else(caplog):
    async def ask(stage):
        wire = Wire(lambda *_: None)
        await wire.open(stage.network)
        for wish in (m.Add("x", "hello", ""), m.Remove("a"), m.Replace("a", "hello")):
            wire.send(wish, stage.address)
        await asyncio.sleep(100)

    care = Care()
    played(score_of("a"), {"a": Steady}, ask, care=care)
    assert [type(wish) for wish in care.requests] == [m.Add, m.Remove, m.Replace]
    report, _ = played(score_of("a"), {"a": Steady}, ask)
    assert report.faults == {"bad content": 3}
    assert "in this session" in caplog.text
