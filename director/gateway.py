"""The Director's door to other machines: this machine as ever, the others only with the key.

On loopback nothing changes. At the address that it listens on besides, our dialect is let in when
it is sealed (`musebots.remote`); classic musebots, which know no keys, from the machines named
alone, and they hear nothing but the classic messages.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Collection

from director.watch import Watch
from musebots.network import LOOPBACK_HOST, Address, Endpoint, Network, Receive
from musebots.remote.network import SealedEndpoint

__all__ = ["Gateway"]

log = logging.getLogger(__name__)

STRANGERS: Address = ("", 0)
CLASSIC_BEGINNINGS = (b"/agent/", b"/mc/", b"/broadcast/", b"/foreign")


class Gateway:
    """A network with a door; opened once.

    Parameters
    ----------
    inner : Network
        What carries datagrams, within the machine and beyond.
    key : bytes
        Shared by the machines of the band.
    listen_host : str
        Address of this machine that others reach it at; 0.0.0.0 for all that it has.
    classic_hosts : collection of str
        Addresses of machines whose classic musebots may play.
    """

    def __init__(
        self, inner: Network, key: bytes, listen_host: str, classic_hosts: Collection[str] = ()
    ) -> None:
        self._inner = inner
        self._key = key
        self._listen_host = listen_host
        self._classic_hosts = frozenset(classic_hosts)
        self.door: SealedEndpoint | None = None

    async def open(self, receive: Receive, *, host: str = LOOPBACK_HOST, port: int = 0) -> Endpoint:
        """Open the port at home and at the address that others know; see `Network.open`."""
        self.door = door = SealedEndpoint(self._key, receive)
        endpoint = _Doors(receive, door, self._classic_hosts)
        if ipaddress.ip_address(self._listen_host).is_unspecified:
            outside = home = await self._inner.open(
                endpoint.take, host=self._listen_host, port=port
            )
        else:
            home = await self._inner.open(receive, host=host, port=port)
            outside = await self._inner.open(
                endpoint.take, host=self._listen_host, port=home.address[1]
            )
        door.attach(outside)
        endpoint.attach(home, outside)
        return endpoint


class _Doors:
    """The Director's endpoint: each datagram through the door that it belongs to."""

    def __init__(
        self, receive: Receive, door: SealedEndpoint, classic_hosts: frozenset[str]
    ) -> None:
        self._receive = receive
        self._door = door
        self._classic_hosts = classic_hosts
        self._watch = Watch()
        self._loop = asyncio.get_running_loop()

    def attach(self, home: Endpoint, outside: Endpoint) -> None:
        self._home, self._outside = home, outside

    @property
    def address(self) -> Address:
        return (LOOPBACK_HOST, self._home.address[1])

    def send(self, datagram: bytes, to: Address) -> None:
        if _is_here(to):
            self._home.send(datagram, to)
        elif self._is_classic(to):
            if datagram.startswith(CLASSIC_BEGINNINGS):
                self._outside.send(datagram, to)
        else:
            self._door.send(datagram, to)

    def send_from_thread(self, datagram: bytes, to: Address) -> None:
        if _is_here(to):
            self._home.send_from_thread(datagram, to)
        elif self._is_classic(to):
            self._outside.send_from_thread(datagram, to)
        else:
            self._door.send_from_thread(datagram, to)

    def close(self) -> None:
        self._home.close()
        self._door.close()

    def take(self, datagram: bytes, source: Address) -> None:
        """From the outside, or from here when one port serves both.

        What is too much is dropped before anybody looks at its seal; strangers share one measure.
        """
        is_known = source[0] in self._classic_hosts or self._door.knows(source)
        who = source if is_known else STRANGERS
        if not (_is_here(source) or self._watch.admits(len(datagram), who, self._loop.time())):
            if self._watch.is_news(who):
                log.warning("too much at once from %s:%d: ignored", *source)
            return
        is_classic = source[0] in self._classic_hosts and datagram.startswith(CLASSIC_BEGINNINGS)
        if _is_here(source) or is_classic:
            self._receive(datagram, source)
        else:
            self._door.take(datagram, source)

    def _is_classic(self, address: Address) -> bool:
        return address[0] in self._classic_hosts and not self._door.knows(address)


def _is_here(address: Address) -> bool:
    return ipaddress.ip_address(address[0]).is_loopback
