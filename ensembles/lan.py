"""Other machines: what a session opens to them, how they find it, and what was lost on the way."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from director.gateway import Gateway
from musebots.errors import ConfigError
from musebots.network import Address, UdpNetwork
from musebots.remote.keys import derived_key, new_phrase

__all__ = ["Lan", "LanOptions", "LinkReport", "resolved"]

log = logging.getLogger(__name__)

DEFAULT_PORT = 4747


@dataclass(frozen=True, slots=True)
class LanOptions:
    """What a performance opens to other machines.

    Parameters
    ----------
    listen_host : str
        Address of this machine that others reach it at; 0.0.0.0 for all that it has.
    phrase : str
        The shared key as people type it; empty to have one made.
    classic_hosts : tuple of str
        Machines whose classic musebots may play; they know no keys.
    elsewhere : tuple of str
        Ids of bots that are not started here: other machines have them join.
    """

    listen_host: str
    phrase: str = ""
    classic_hosts: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkReport:
    """How well datagrams travelled between here and another machine.

    `n_again` were sent again, `n_lost` given up, both ways.
    """

    address: Address
    n_again: int
    n_lost: int

    def __str__(self) -> str:
        host, port = self.address
        return f"{host}:{port} {self.n_again} sent again, {self.n_lost} lost"


class Lan:
    """A session's door to other machines; `network` is what its Director opens.

    Raises
    ------
    ConfigError
        When an address is none, or the key too short.
    """

    def __init__(self, options: LanOptions) -> None:
        self._options = options
        self.phrase = options.phrase or new_phrase()
        host = resolved(options.listen_host)
        classic_hosts = [resolved(name) for name in options.classic_hosts]
        self.network = Gateway(UdpNetwork(), derived_key(self.phrase), host, classic_hosts)

    @property
    def host(self) -> str:
        """By what other machines know this one."""
        host = self._options.listen_host
        is_any = ipaddress.ip_address(resolved(host)).is_unspecified
        return socket.gethostname() if is_any else host

    def invitation(self, port: int) -> str:
        """What people type on the other machines."""
        host = self.host
        bot = next(iter(self._options.elsewhere), "melody")
        return f"musebots join {bot} --director {host}:{port} --key {self.phrase}"

    def report(self) -> tuple[LinkReport, ...]:
        """How well datagrams travelled, for everybody who had the key."""
        door = self.network.door
        return tuple(
            LinkReport(
                peer.address,
                peer.outgoing.n_again + peer.incoming.n_double,
                peer.outgoing.n_lost + peer.incoming.n_lost,
            )
            for peer in (door.peers if door else ())
            if peer.epoch
        )

    @contextlib.asynccontextmanager
    async def announced(self, piece: str, port: int) -> AsyncIterator[None]:
        """Let other machines find the session while the block runs, where zeroconf is there."""
        try:
            from ensembles.discovery import announced
        except ImportError:
            log.info('not announced on the network: pip install "musebots[lan]" for that')
            yield
            return
        async with announced(piece, resolved(self._options.listen_host), port):
            yield


def resolved(name: str) -> str:
    """The IPv4 address of a machine.

    Raises
    ------
    ConfigError
        When the name stands for none.
    """
    try:
        return str(socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])
    except OSError as error:
        raise ConfigError(f"no machine is called {name!r}: {error.strerror or error}") from error
