"""Real datagrams over the loopback interface."""

import asyncio
import socket
import sys

import pytest

from director.outputs.memory import MemoryOutput
from ensembles.config import parse_piece
from ensembles.rendering import perform_here
from musebots.errors import NetworkError
from musebots.messages import Alive, encode
from musebots.network import LoopbackNetwork, UdpNetwork, Wire
from musebots.offline import run_offline

TWO_HELLOS = parse_piece(
    'title = "x"\n[[section]]\nname = "A"\nchords = "C Am F G"\n'
    '[[bot]]\nid = "one"\nclass = "hello"\n[[bot]]\nid = "two"\nclass = "hello"\n'
)


async def test_datagrams_travel_over_udp():
    heard, arrived = [], asyncio.Event()

    def receive(message, raw, source):
        heard.append((message, raw, source))
        arrived.set()

    one, two = Wire(lambda *_: None), Wire(receive)
    await one.open(UdpNetwork())
    await two.open(UdpNetwork())
    one.send(Alive("x"), two.address)
    await asyncio.wait_for(arrived.wait(), 5)
    assert heard == [(Alive("x"), encode(Alive("x")), one.address)]
    arrived.clear()
    one.endpoint.send_from_thread(encode(Alive("y")), two.address)
    await asyncio.wait_for(arrived.wait(), 5)
    assert heard[1][0] == Alive("y")
    one.close()
    two.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there the event loop reads one at a time")
async def test_whatever_waits_is_read_at_once_until_the_port_is_closed():
    heard = []

    def receive(datagram, source):
        heard.append(datagram)
        if datagram == b"close":
            endpoint.close()

    endpoint = await UdpNetwork().open(receive)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for datagram in [b"%d" % n for n in range(300)] + [b"close", b"too late"]:
            sock.sendto(datagram, endpoint.address)
    for _ in range(10):
        await asyncio.sleep(0)
    assert heard == [b"%d" % n for n in range(300)] + [b"close"]


async def test_a_taken_port_is_named_in_one_sentence():
    first = await UdpNetwork().open(lambda *_: None)
    with pytest.raises(NetworkError, match=f"cannot open UDP port {first.address[1]}"):
        await UdpNetwork().open(lambda *_: None, port=first.address[1])
    first.close()


async def test_nobody_at_the_other_end_is_no_fault():
    endpoint = await UdpNetwork().open(lambda *_: None)
    for _ in range(3):
        endpoint.send(b"/x\0\0,\0\0\0", ("127.0.0.1", 9))
        await asyncio.sleep(0.01)
    endpoint.close()


async def played(network):
    score, out = TWO_HELLOS.score(bars=4, bpm=240.0), MemoryOutput()
    await out.open(score)
    report = await perform_here(TWO_HELLOS, score, [out], network=network)
    assert not report.n_late
    return out.notes_by_bot()


async def test_live_over_udp_live_over_loopback_and_offline_give_the_same_notes():
    over_udp = await played(UdpNetwork())
    over_loopback = await played(LoopbackNetwork())
    offline = await asyncio.to_thread(run_offline, played(LoopbackNetwork()))
    assert over_udp == over_loopback == offline
    assert len(over_udp["one"]) == 16
