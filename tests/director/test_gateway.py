"""A Director on one machine, a bot on another, and a network between them, in virtual time."""

import asyncio

import pytest

from director.director import Casting, Director
from director.gateway import Gateway
from director.outputs.memory import MemoryOutput, hanging_notes
from director.score import Score, SectionTemplate, Strip, lay_out
from director.watch import MAX_DATAGRAMS
from musebots import Musebot, Note
from musebots import messages as m
from musebots.agent import Link
from musebots.harmony import Key, parse_chords
from musebots.offline import run_offline
from musebots.remote.network import SealedNetwork
from musebots.timebase import MeterMap, TempoMap
from tests.musebots.remote.simulated import SimulatedNetwork

KEY, HERE, THERE = bytes(32), "192.0.2.1", "192.0.2.2"
BARS, BPM = 32, 120.0


class Ticking(Musebot):
    """Plays every beat, and notes how far from it it was when it meant to be on it."""

    async def play(self):
        self.errors_ms = []
        async for beat in self.clock.beats(lead=0.5):
            self.send(Note(onset=beat, pitch=60, duration=0.5))
            off = self.true_seconds_at(self.clock.tick_now) - self.now
            self.errors_ms.append(1000 * off)

    def true_seconds_at(self, tick):
        return self.director.clock.seconds_at(tick)

    @property
    def now(self):
        return asyncio.get_running_loop().time()


class TwoHands(SimulatedNetwork):
    """The Director's own machine has two addresses: loopback, and the one that others know."""

    def at(self, host):
        machine = super().at(host)
        if host == HERE:
            open_it = machine.open

            async def open_there(receive, *, host, port=0):
                machine.host = host
                return await open_it(receive, host=host, port=port)

            machine.open = open_there
        return machine


def band(*ids):
    template = SectionTemplate("A", 4, parse_chords("C Am F G", beats_per_bar=4.0), Key())
    return Score(
        title="Test",
        tempo_map=TempoMap.constant(BPM),
        meter_map=MeterMap(),
        passages=lay_out([template], n_bars=BARS, meter_map=MeterMap()),
        n_bars=BARS,
        strips=tuple(Strip(bot_id, "other", n) for n, bot_id in enumerate(ids)),
    )


async def session(network, *, classic_hosts=(), meanwhile=None):
    """A bot here and one there play; report, notes, the bot there, the gateway."""
    score, out = band("here", "there"), MemoryOutput()
    await out.open(score)
    director = Director(score, {name: Casting("other", 0) for name in ("here", "there")}, [out])
    gateway = Gateway(network.at(HERE), KEY, HERE, classic_hosts)
    _, port = await director.open(gateway, port=4747)
    here, there = Ticking(), Ticking()
    here.director = there.director = director
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(here.run(Link("here", network.at("127.0.0.1"), ("127.0.0.1", port))))
        remote = SealedNetwork(network.at(THERE), KEY)
        tasks.create_task(there.run(Link("there", remote, (HERE, port), ping_seconds=0.05)))
        other = asyncio.ensure_future(meanwhile(network, director)) if meanwhile else None
        report = await director.run()
        if other:
            await other
    return report, out, there, gateway


@pytest.mark.parametrize("seed", range(5))
def test_beats_elsewhere_are_within_a_millisecond_and_no_note_is_lost(seed):
    network = TwoHands(seed, delay=0.02, jitter=0.01, loss=0.05, double=0.01)
    report, out, there, gateway = run_offline(session(network))
    assert report.n_notes == {"here": 4 * BARS, "there": 4 * BARS}
    assert (report.n_late, report.n_missed, report.n_lost) == ({}, {}, {})
    assert not hanging_notes(out.events)
    settled = there.errors_ms[8:]  # four seconds, with the count-in
    assert len(settled) > 100
    assert max(map(abs, settled)) < 1.0
    assert network.n_lost > 30
    (peer,), (director,) = gateway.door.peers, there.wire.endpoint.peers
    assert director.outgoing.n_again > 0
    assert {end.n_lost for x in (peer, director) for end in (x.outgoing, x.incoming)} == {0}


def test_only_the_key_opens_the_door():
    async def intrude(network, director):
        heard = []
        machine = network.at("192.0.2.66")
        plain = await machine.open(lambda datagram, source: heard.append(datagram))
        forged = await SealedNetwork(network.at("192.0.2.67"), bytes([9] * 32)).open(
            lambda datagram, source: heard.append(datagram)
        )
        await asyncio.sleep(5)
        for message in (
            m.Stop(), m.SetTempo(300.0), m.Alive("spy"), m.Hello(1, "spy", "melody"),
            m.Broadcast("x", "spy", (1,)), m.Cancel("here", 0),
        ):  # fmt: skip
            plain.send(m.encode(message), (HERE, 4747))
            forged.send(m.encode(message), (HERE, 4747))
        await asyncio.sleep(2)
        assert not heard
        assert "spy" not in director.roster.members

    report, _, _, _ = run_offline(session(TwoHands(1), meanwhile=intrude))
    assert report.n_bars == BARS
    assert not report.was_stopped
    assert report.n_notes == {"here": 4 * BARS, "there": 4 * BARS}


def test_a_flood_of_strangers_costs_next_to_nothing_and_harms_nobody():
    async def flood(network, director):
        await asyncio.sleep(8)
        door = director._wire.endpoint._door
        for port in range(50):
            plain = await network.at("192.0.2.66").open(lambda datagram, source: None, port=port)
            for _ in range(100):
                plain.send(b"/musebots/sealed\0\0\0\0,bb\0" + bytes(64), (HERE, 4747))
        await asyncio.sleep(1)
        assert door.refused.total() <= MAX_DATAGRAMS

    report, _, _, _ = run_offline(session(TwoHands(4), meanwhile=flood))
    assert report.n_notes == {"here": 4 * BARS, "there": 4 * BARS}
    assert (report.n_late, report.n_lost) == ({}, {})


def test_a_classic_bot_of_a_machine_that_is_named_hears_the_classic_messages_alone():
    heard = []

    async def play_classic(network, director):
        endpoint = await network.at("192.0.2.50").open(lambda datagram, _: heard.append(datagram))
        stranger = await network.at("192.0.2.51").open(lambda datagram, _: heard.append(b"no"))
        for _ in range(10):
            endpoint.send(m.encode(m.Alive("old")), (HERE, 4747))
            stranger.send(m.encode(m.Alive("stranger")), (HERE, 4747))
            endpoint.send(m.encode(m.Stop()), (HERE, 4747))
            await asyncio.sleep(1)
        assert "old" in director.roster.members
        assert "stranger" not in director.roster.members

    report, *_ = run_offline(
        session(TwoHands(2), classic_hosts=("192.0.2.50",), meanwhile=play_classic)
    )
    assert not report.was_stopped
    addresses = {m.decode(datagram).osc_address for datagram in heard}
    assert {"/mc/time", "/mc/agentList"} <= addresses
    assert not any(address.startswith("/musebots") for address in addresses)


def test_one_port_may_serve_this_machine_and_the_others():
    async def listen_everywhere():
        network = SimulatedNetwork(3)
        heard = []
        gateway = Gateway(network.at("127.0.0.1"), KEY, "0.0.0.0")
        endpoint = await gateway.open(lambda datagram, source: heard.append(source), port=4747)
        assert endpoint.address == ("127.0.0.1", 4747)
        for source in (("127.0.0.1", 9), ("192.0.2.9", 9)):
            network.deliver(m.encode(m.Alive("x")), source, ("127.0.0.1", 4747))
        assert heard == [("127.0.0.1", 9)]

    run_offline(listen_everywhere())
