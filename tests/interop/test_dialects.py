"""Every dialect that is heard on the wire, datagram by datagram, to the Director. Virtual time."""

import asyncio

import pytest

from director.director import Casting, Director
from director.outputs.memory import MemoryOutput
from ensembles.config import parse_piece
from musebots import messages as m
from musebots.agent import Link
from musebots.hello import Hello
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline

PIECE = parse_piece(
    'title = "x"\nbars = 8\n[[section]]\nname = "A"\nchords = "C"\n[[bot]]\nclass = "hello"\n'
)

# What kits of different ages send; each must leave the session as it was, or better informed.
DIALECTS = {
    "the kit": b"/agent/alive\0\0\0\0,s\0\0old\0",
    "with its host": b"/agent/alive\0\0\0\0,s\0\0old@studio\0\0",
    "with its port": b"/agent/alive\0\0\0\0,s\0\0old_50100\0\0\0",
    "without a name": b"/agent/alive\0\0\0\0,\0\0\0",
    "without type tags": b"/agent/alive\0\0\0\0",
    "a number for a name": b"/agent/alive\0\0\0\0,i\0\0\0\0\0\x07",
    "with more to say": b"/agent/alive\0\0\0\0,sf\0old\0\x3f\0\0\0",
}
HARMLESS = (
    b"/agent/offed\0\0\0\0,s\0\0old\0",
    b"/foreign/thing\0\0,T\0\0",
    b"/foreign/other\0\0,hd\0" + b"\0" * 16,
    b"/mc/statechange\0,s\0\0idle\0\0\0\0",
    b"/broadcast/notepool\0,iii\0\0\0\0\0\0\0\x3c\0\0\0\x40\0\0\0\x43",  # the sender is missing
    b"/broadcast/plan/chords\0\0,sss\0\0\0\0old\0" + b"0 3 7\0\0\0" + b"0 4 7\0\0\0",
    b"/broadcast/empty\0\0\0\0,\0\0\0",
)


async def heard_by_an_old_bot(alive, port):
    """Play the piece with one classic bot that sends `alive`; all that it hears, as bytes."""
    score, out, network = PIECE.score(bpm=240.0), MemoryOutput(), LoopbackNetwork()
    await out.open(score)
    director = Director(score, {"hello": Casting("melody", 0)}, [out])
    address = await director.open(network)
    heard = []
    wire = Wire(lambda message, raw, source: heard.append(raw))
    await wire.open(network, port=port)

    async def old_bot():
        while True:
            wire.send_bytes(alive, address)
            for datagram in HARMLESS:
                wire.send_bytes(datagram, address)
            await asyncio.sleep(5.0)  # as the oldest kits do

    old = asyncio.ensure_future(old_bot())
    life = asyncio.ensure_future(Hello.make("hello").run(Link("hello", network, address)))
    report = await director.run()
    old.cancel()
    await life
    assert len(out.notes("hello")) == 32
    return heard, director, report


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_bot_of_any_dialect_is_adopted_and_hears_what_it_can_bear(dialect):
    heard, director, _ = run_offline(heard_by_an_old_bot(DIALECTS[dialect], 50_100))
    old = [member for member in director.roster.members.values() if member.is_classic]
    assert len(old) == 1
    kinds = {type(m.decode(raw)) for raw in heard}
    assert {m.AgentList, m.Gain, m.Time, m.Meter, m.Off, m.Broadcast} <= kinds
    for raw in heard:
        assert not raw.startswith(b"/musebots")
        assert len(raw) < 8192
        tags = raw[raw.index(b",") :].split(b"\0")[0]
        assert set(tags) <= set(b",ifsb")
    assert sum(isinstance(m.decode(raw), m.Off) for raw in heard) == 1


def test_a_broadcast_of_dangerous_types_is_made_bearable_or_kept_back():
    plain = m.Broadcast("x", "a", (1, 0.5, "b"))
    assert m.plain(m.encode(plain)) is not None
    double = b"/broadcast/x\0\0\0\0,sdT\0\0\0\0a\0\0\0\x3f\xe0\0\0\0\0\0\0"
    assert m.plain(double) == m.encode(m.Broadcast("x", "a", (0.5, 1)))
    nothing = b"/broadcast/x\0\0\0\0,sN\0a\0\0\0"
    assert m.plain(nothing) == m.encode(m.Broadcast("x", "a"))
    large = b"/broadcast/x\0\0\0\0,sh\0a\0\0\0\x7f" + b"\xff" * 7
    assert m.plain(large) is None
    huge = b"/broadcast/x\0\0\0\0,ss\0a\0\0\0" + b"y" * 8191 + b"\0"
    assert m.plain(huge) is None


def test_a_bot_that_finishes_its_form_ends_a_classic_band_with_the_bar():
    async def run():
        score, out, network = PIECE.score(bpm=240.0), MemoryOutput(), LoopbackNetwork()
        await out.open(score)
        director = Director(score, {}, [out], ends_on_exiting=True)
        address = await director.open(network)
        wire = Wire(lambda *_: None)
        await wire.open(network)

        async def leave():
            await director.clock.until(9.0)
            wire.send(m.Broadcast("exiting", "old", (1,)), address)

        leaving = asyncio.ensure_future(leave())
        report = await director.run()
        await leaving
        return report

    report = run_offline(run())
    assert report.was_stopped
    assert abs(report.music_seconds - 3.0) < 0.01


def test_who_listens_elsewhere_than_it_sends_from_is_reached_where_it_was_told_to_listen():
    async def run():
        score, network = PIECE.score(), LoopbackNetwork()
        director = Director(score, {"old": Casting("x", 0, "{}", (("mood", 3),))}, [])
        address = await director.open(network)
        session = asyncio.ensure_future(director.run())
        heard = []
        mouth, ears = Wire(lambda *_: None), Wire(lambda message, *_: heard.append(message))
        await mouth.open(network)
        await ears.open(network)
        director.reception.place("old", ears.address)
        await asyncio.sleep(0.1)
        assert not heard
        mouth.send(m.Alive("old"), address)
        await asyncio.sleep(3.0)
        director.stop()
        await session
        return heard

    heard = run_offline(run())
    assert m.Broadcast("mood", "Conductor", (3,)) in heard
    assert any(isinstance(message, m.Time) for message in heard)
    assert m.AgentList(("old",)) in heard
