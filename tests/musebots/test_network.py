import asyncio
import logging

import pytest

from musebots.errors import NetworkError
from musebots.messages import Alive, Form, encode
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline


async def wires(network, *handlers):
    made = []
    for handler in handlers:
        wire = Wire(handler)
        await wire.open(network)
        made.append(wire)
    return made


def test_messages_arrive_in_order_and_as_the_same_bytes():
    async def talk():
        heard = []
        one, two = await wires(
            LoopbackNetwork(),
            lambda *_: None,
            lambda m, raw, source: heard.append((m, raw, source)),
        )
        for name in "abc":
            one.send(Alive(name), two.address)
        await asyncio.sleep(0.01)
        assert [m.bot_id for m, _, _ in heard] == ["a", "b", "c"]
        assert heard[0][1] == encode(Alive("a"))
        assert heard[0][2] == one.address

    run_offline(talk())


def test_garbage_is_counted_logged_once_a_kind_and_ends_nothing(caplog):
    async def talk():
        heard = []

        def understand(message, raw, source):
            if isinstance(message, Form):
                message.section  # noqa: B018 - reading it is the test: its content makes no sense
            heard.append(message)

        one, two = await wires(LoopbackNetwork(), lambda *_: None, understand)
        upside_down = encode(Form("X", 10, 0, 0.5, 0.5, 0.5))
        for datagram in (b"junk", b"more junk", upside_down, upside_down, encode(Alive("a"))):
            one.send_bytes(datagram, two.address)
        await asyncio.sleep(0.01)
        assert heard == [Alive("a")]
        assert two.faults == {"not OSC": 2, "bad content": 2}

    with caplog.at_level(logging.WARNING):
        run_offline(talk())
    assert len(caplog.records) == 2


def test_a_port_is_given_once_until_it_is_released():
    async def talk():
        network = LoopbackNetwork()
        endpoint = await network.open(lambda *_: None, port=7000)
        with pytest.raises(NetworkError, match="7000"):
            await network.open(lambda *_: None, port=7000)
        endpoint.close()
        await network.open(lambda *_: None, port=7000)

    run_offline(talk())


def test_sending_to_nobody_is_no_fault():
    async def talk():
        (one,) = await wires(LoopbackNetwork(), lambda *_: None)
        one.send(Alive("a"), ("127.0.0.1", 1))
        await asyncio.sleep(0.01)

    run_offline(talk())
