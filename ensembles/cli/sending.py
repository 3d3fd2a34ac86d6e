"""How a command says something to a Director that plays: plainly here, sealed to elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musebots.messages import Message

__all__ = ["send"]

ANSWER_SECONDS = 1.0
POLL_SECONDS = 0.01


def send(message: Message, director: str, key: str) -> None:
    """Send one message, once a Director has answered; `NetworkError` when none does."""
    from musebots.errors import NetworkError
    from musebots.run import parse_address

    address = parse_address(director)
    try:
        if key and not _is_here(address[0]):
            import asyncio

            is_heard = asyncio.run(_send_sealed(message, address, key))
        else:
            is_heard = _send_plainly(message, address)
    except OSError:
        is_heard = False
    if not is_heard:
        wanted = "--director HOST:PORT" + (", with this key" if key else "")
        raise NetworkError(f"no Director answers at {director}: is a band playing? ({wanted})")


def _is_here(host: str) -> bool:
    """Whether a Director there needs no key: it is on this machine, and addressed so."""
    return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback


def _send_plainly(message: Message, address: tuple[str, int]) -> bool:
    """On this machine: knock first."""
    from musebots.messages import ClockPing, encode

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ANSWER_SECONDS)
        sock.connect(address)
        sock.send(encode(ClockPing("", 0)))
        sock.recv(1024)
        sock.send(encode(message))
    return True


async def _send_sealed(message: Message, address: tuple[str, int], phrase: str) -> bool:
    """To another machine, or to a Director here by its address there; whether it has arrived."""
    import asyncio

    from musebots.messages import encode
    from musebots.network import UdpNetwork
    from musebots.remote.keys import derived_key
    from musebots.remote.network import SealedNetwork

    network = SealedNetwork(UdpNetwork(), derived_key(phrase))
    endpoint = await network.open(lambda datagram, source: None)
    try:
        endpoint.send(encode(message), (socket.gethostbyname(address[0]), address[1]))
        async with asyncio.timeout(ANSWER_SECONDS):
            while not endpoint.has_delivered:
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return False
    finally:
        endpoint.close()
    return True
