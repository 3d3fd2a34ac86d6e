"""The music is held and goes on, as anybody may ask, on virtual time. Seed 0."""

import asyncio

import pytest

from director.director import Casting, Director
from director.outputs.base import NoteOff, NoteOn
from director.outputs.memory import MemoryOutput, hanging_notes
from director.score import Score, Strip
from musebots import Musebot, Note
from musebots import messages as m
from musebots.agent import Link
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline
from musebots.timebase import MeterMap, TempoMap

HELD_SECONDS = 7.0  # longer than anybody is given up for hanging


class Steady(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            self.send(Note(onset=beat, pitch=60, duration=0.9))


def played(meanwhile, *, leader=None):
    """Four bars at 120 bpm, while somebody says something; report, events with their times."""

    async def session():
        score = Score("x", TempoMap.constant(120.0), MeterMap(), (), 4, (Strip("a", "other", 0),))
        out, network = MemoryOutput(), LoopbackNetwork()
        await out.open(score)
        director = Director(score, {"a": Casting("other", 0)}, [out])
        if leader is not None:
            director.be_led(leader)
        address = await director.open(network)
        loop, sent_at = asyncio.get_running_loop(), {}
        send = out.send
        out.send = lambda event: (sent_at.setdefault(event, loop.time()), send(event))
        async with asyncio.TaskGroup() as tasks:
            bot = tasks.create_task(Steady.make("a").run(Link("a", network, address)))
            wire = Wire(lambda *_: None)
            await wire.open(network)
            saying = tasks.create_task(meanwhile(director, lambda said: wire.send(said, address)))
            report = await director.run()
            saying.cancel()
            bot.cancel()
        return report, out.events, sent_at

    return run_offline(session())


def hold_at(beat, *, again=None, seconds=HELD_SECONDS):
    async def meanwhile(director, say):
        await director.clock.until(beat)
        say(m.Hold(1))
        if again is not None:
            say(m.Hold(again))
        await asyncio.sleep(seconds)
        say(m.Hold(0))

    return meanwhile


async def nothing(director, say):
    await asyncio.sleep(1e6)


def test_what_is_held_goes_on_where_it_stood_with_every_note_and_none_late():
    _, as_ever, _ = played(nothing)
    report, events, sent_at = played(hold_at(6.3))
    ons = [event for event in events if isinstance(event, NoteOn)]
    assert [on.tick for on in ons] == [on.tick for on in as_ever if isinstance(on, NoteOn)]
    assert report.n_late == {}
    assert hanging_notes(events) == []
    sixth, seventh = (next(on for on in ons if on.tick == beat * 480) for beat in (6, 7))
    assert sent_at[seventh] - sent_at[sixth] == pytest.approx(0.5 + HELD_SECONDS, abs=0.02)


def test_what_sounds_ends_when_the_music_is_held():
    _, events, sent_at = played(hold_at(6.3))
    (off,) = (e for e in events if isinstance(e, NoteOff) and 6 * 480 < e.tick <= 7 * 480)
    (on,) = (e for e in events if isinstance(e, NoteOn) and e.tick == 6 * 480)
    assert sent_at[off] - sent_at[on] < 0.25


def test_to_hold_twice_or_to_go_on_twice_changes_nothing():
    _, once, _ = played(hold_at(6.3))
    _, twice, _ = played(hold_at(6.3, again=1))
    assert twice == once
    _, never, _ = played(hold_at(6.3, again=0))
    _, as_ever, _ = played(nothing)
    assert [e.tick for e in never if isinstance(e, NoteOn)] == [
        e.tick for e in as_ever if isinstance(e, NoteOn)
    ]


def test_a_session_that_is_held_can_be_ended():
    async def meanwhile(director, say):
        await director.clock.until(6.3)
        say(m.Hold(1))
        await asyncio.sleep(2.0)
        say(m.Stop())

    report, events, _ = played(meanwhile)
    assert report.was_stopped
    assert hanging_notes(events) == []


def test_where_another_clock_leads_the_music_is_held_there(caplog):
    _, events, _ = played(hold_at(6.3), leader=lambda bpm: False)
    _, as_ever, _ = played(nothing)
    assert events == as_ever
    assert "another clock leads it, hold it there" in caplog.text
