"""Endpoints that share a key, over a network in virtual time."""

import asyncio
import dataclasses

import pytest

from musebots import messages as m
from musebots.errors import ConfigError
from musebots.offline import run_offline
from musebots.remote.keys import derived_key, new_phrase
from musebots.remote.network import SealedNetwork
from musebots.remote.sealing import Kind, Packet, opened, sealed

from .simulated import SimulatedNetwork

KEY, OTHER_KEY = bytes(32), bytes([1] * 32)


async def two_ends(network, key_a=KEY, key_b=KEY):
    """Two endpoints on two machines, and what each has heard."""
    heard_a, heard_b = [], []
    a = await SealedNetwork(network.at("10.0.0.1"), key_a).open(
        lambda datagram, source: heard_a.append((datagram, source)), port=4747
    )
    b = await SealedNetwork(network.at("10.0.0.2"), key_b).open(
        lambda datagram, source: heard_b.append((datagram, source))
    )
    return a, b, heard_a, heard_b


def said(n):
    return m.encode(m.Broadcast("x", "y", (n,)))


def test_of_5_percent_loss_and_jitter_nothing_is_lost_doubled_or_out_of_order():
    async def talk():
        network = SimulatedNetwork(1, delay=0.02, jitter=0.01, loss=0.05, double=0.02)
        a, b, heard_a, heard_b = await two_ends(network)
        for n in range(500):
            b.send(said(n), a.address)
            a.send(said(1000 + n), b.address)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)
        assert [datagram for datagram, _ in heard_a] == [said(n) for n in range(500)]
        assert [datagram for datagram, _ in heard_b] == [said(1000 + n) for n in range(500)]
        assert {source for _, source in heard_a} == {b.address}
        assert network.n_lost > 20
        ((peer,), (other,)) = a.peers, b.peers
        assert (peer.outgoing.n_lost, other.outgoing.n_lost) == (0, 0)
        assert (peer.incoming.n_lost, other.incoming.n_lost) == (0, 0)

    run_offline(talk())


def test_most_arrive_within_a_round_trip_of_when_they_would_have_without_loss():
    async def talk():
        network = SimulatedNetwork(2, delay=0.02, jitter=0.01, loss=0.05)
        waits, loop = [], asyncio.get_running_loop()

        def hear(datagram, source):
            waits.append(loop.time() - m.decode(datagram).values[0])

        a = await SealedNetwork(network.at("a"), KEY).open(hear, port=4747)
        b = await SealedNetwork(network.at("b"), KEY).open(lambda *_: None)
        b.send(m.encode(m.Broadcast("x", "y", (0.0,))), a.address)
        await asyncio.sleep(1)
        waits.clear()
        for _ in range(1000):
            b.send(m.encode(m.Broadcast("x", "y", (loop.time(),))), a.address)
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        waits.sort()
        assert len(waits) == 1000
        assert waits[900] < 0.035
        assert waits[-1] < 0.3

    run_offline(talk())


def test_another_key_is_not_let_in_and_gets_no_answer(caplog):
    async def talk():
        network = SimulatedNetwork(3)
        a, b, heard_a, _ = await two_ends(network, KEY, OTHER_KEY)
        b.send(said(1), a.address)
        await asyncio.sleep(1)
        assert heard_a == []
        assert not [1 for _, source, _ in network.wiretap if source == a.address]
        assert a.refused["not signed with the key of this band"] > 1
        assert not a.knows(b.address)

    run_offline(talk())
    assert caplog.text.count("was not let in") == 1


def test_a_recording_played_back_has_no_effect_from_anywhere_at_any_time():
    async def talk():
        network = SimulatedNetwork(4)
        a, b, heard_a, heard_b = await two_ends(network)
        for n in range(5):
            b.send(said(n), a.address)
            await asyncio.sleep(0.05)
        recorded = [entry for entry in network.wiretap if entry[2] == a.address]
        n_heard = len(heard_a)
        for source in (b.address, ("10.0.0.9", 666)):
            for datagram, _, to in recorded:
                network.deliver(datagram, source, to)
        await asyncio.sleep(1)
        assert len(heard_a) == n_heard == 5

        a.close()  # the next session begins, with the same key at the same port
        heard = []
        again = await SealedNetwork(network.at("10.0.0.1"), KEY).open(
            lambda datagram, source: heard.append(datagram), port=4747
        )
        for datagram, source, to in recorded:
            network.deliver(datagram, source, to)
        await asyncio.sleep(1)
        assert heard == []
        b.send(said(9), again.address)
        await asyncio.sleep(1)
        assert heard == [said(9)]
        assert heard_b == []

    run_offline(talk())


def test_a_bot_that_comes_back_at_the_same_port_begins_anew_and_its_old_words_are_dead():
    async def talk():
        network = SimulatedNetwork(5)
        a, b, heard_a, _ = await two_ends(network)
        b.send(said(1), a.address)
        await asyncio.sleep(0.1)
        old = [entry for entry in network.wiretap if entry[1] == b.address]
        b.close()
        heard = []
        again = await SealedNetwork(network.at("10.0.0.2"), KEY).open(
            lambda datagram, source: heard.append(datagram), port=b.address[1]
        )
        again.send(said(2), a.address)
        await asyncio.sleep(0.2)
        for datagram, source, to in old:
            network.deliver(datagram, source, to)
        a.send(said(3), again.address)
        await asyncio.sleep(0.5)
        assert [datagram for datagram, _ in heard_a] == [said(1), said(2)]
        assert heard == [said(3)]

    run_offline(talk())


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_changed_byte_breaks_the_seal(place):
    packet = Packet(Kind.STREAM, 1, 2, 3, 4, 5, 6, 7, b"something to say....")
    payload, tag = sealed(packet, KEY)
    assert opened(payload, tag, KEY) == packet
    changed = bytearray(payload)
    changed[place] ^= 1
    assert opened(bytes(changed), tag, KEY) is None
    assert opened(payload, tag, OTHER_KEY) is None
    assert opened(payload[:30], tag, KEY) is None


def test_every_field_of_the_header_survives():
    packet = Packet(Kind.ONCE, 2**63, 2**62 + 1, 2**40, 2**32 - 1, 7, 9, 2**64 - 1, b"")
    assert opened(*sealed(packet, KEY), KEY) == packet
    for name in ("sender", "receiver", "number", "place", "oldest", "awaited", "later"):
        other = dataclasses.replace(packet, **{name: 1})
        assert opened(*sealed(other, KEY), KEY) == other


def test_phrases_make_keys_and_short_ones_are_refused():
    assert derived_key("a long enough phrase") == derived_key("a long enough phrase")
    assert derived_key(new_phrase()) != derived_key(new_phrase())
    with pytest.raises(ConfigError, match="at least 12 characters, got 5"):
        derived_key("hello")


def test_garbage_and_what_is_not_sealed_is_dropped():
    async def talk():
        network = SimulatedNetwork(6)
        a, _, heard_a, _ = await two_ends(network)
        for raw in (b"", b"\0" * 40, said(1), m.encode(m.Sealed(b"short", b"tag"))):
            network.deliver(raw, ("10.0.0.3", 9), a.address)
        await asyncio.sleep(0.1)
        assert heard_a == []
        assert not a.peers

    run_offline(talk())
