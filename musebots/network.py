"""How datagrams travel: over UDP, or within one process. The same bytes either way.

An agent opens an endpoint, sends datagrams to addresses, and is called for each that arrives.
`Wire` puts the codec on top, and owns the fault "garbage on the wire": it is counted, logged once
a kind, and never ends anything.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from musebots.errors import NetworkError, ProtocolError
from musebots.messages import Message, decode, decode_all, encode

__all__ = [
    "LOOPBACK_HOST",
    "Address",
    "Endpoint",
    "LoopbackNetwork",
    "Network",
    "UdpNetwork",
    "Wire",
]

log = logging.getLogger(__name__)
log_in = logging.getLogger("musebots.wire.in")
log_out = logging.getLogger("musebots.wire.out")

Address: TypeAlias = tuple[str, int]
Receive: TypeAlias = Callable[[bytes, Address], None]

LOOPBACK_HOST = "127.0.0.1"
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
LARGEST_BYTES = 65_536
MOST_AT_ONCE = 100  # some milliseconds of work; then the event loop has its turn
FIRST_LOOPBACK_PORT = 50_000


class Endpoint(Protocol):
    """One open port."""

    @property
    def address(self) -> Address:
        """Where others reach it."""

    def send(self, datagram: bytes, to: Address) -> None:
        """Send; never blocks and never raises: a lost datagram is a fact of UDP."""

    def send_from_thread(self, datagram: bytes, to: Address) -> None:
        """The same, from any thread and without passing through the event loop where possible."""

    def close(self) -> None:
        """Close the port; nothing is received afterwards."""


class Network(Protocol):
    """What can open endpoints."""

    async def open(self, receive: Receive, *, host: str = LOOPBACK_HOST, port: int = 0) -> Endpoint:
        """Open a port (0: any free one); `receive(datagram, source)` is called on the loop.

        Raises
        ------
        NetworkError
            When the port cannot be had.
        """


class UdpNetwork:
    """Real datagrams."""

    async def open(self, receive: Receive, *, host: str = LOOPBACK_HOST, port: int = 0) -> Endpoint:
        """Bind a UDP socket; see `Network.open`."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            raise NetworkError(
                f"cannot open UDP port {port} on {host}: {error.strerror or error}; is another "
                "Director running? choose another with --port"
            ) from error
        loop = asyncio.get_running_loop()
        protocol = _Datagrams(receive, sock)
        transport, _ = await loop.create_datagram_endpoint(lambda: protocol, sock=sock)
        return _UdpEndpoint(transport, sock)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams on; a refused send (nobody there yet) is no fault.

    An event loop reads one of them a turn. Whoever floods a port is faster than that, and when the
    system's buffer is full what others send is lost: so whatever waits is read at once.
    """

    def __init__(self, receive: Receive, sock: socket.socket) -> None:
        self._receive = receive
        self._sock = sock
        self._n_at_once = 0 if sys.platform == "win32" else MOST_AT_ONCE  # there the loop owns it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._receive(data, (addr[0], addr[1]))
        for _ in range(self._n_at_once):
            if self._transport.is_closing():
                return
            try:
                data, addr = self._sock.recvfrom(LARGEST_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self.error_received(error)
                continue
            self._receive(data, (addr[0], addr[1]))

    def error_received(self, exc: OSError) -> None:  # type: ignore[override]
        log.debug("a datagram was refused: %s", exc)


class _UdpEndpoint:
    def __init__(self, transport: asyncio.DatagramTransport, sock: socket.socket) -> None:
        self._transport = transport
        self._sock = sock
        name = sock.getsockname()
        self.address: Address = (name[0], name[1])

    def send(self, datagram: bytes, to: Address) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(datagram, to)

    def send_from_thread(self, datagram: bytes, to: Address) -> None:
        try:
            self._sock.sendto(datagram, to)
        except OSError as error:
            log.debug("a datagram to %s was not sent: %s", to, error)

    def close(self) -> None:
        self._transport.close()


class LoopbackNetwork:
    """Datagrams within one process, in order, on the event loop's next turn."""

    def __init__(self) -> None:
        self._receivers: dict[int, Receive] = {}
        self._next_port = FIRST_LOOPBACK_PORT

    async def open(self, receive: Receive, *, host: str = LOOPBACK_HOST, port: int = 0) -> Endpoint:
        """Take a port number of this network; see `Network.open`."""
        if port == 0:
            port, self._next_port = self._next_port, self._next_port + 1
        if port in self._receivers:
            raise NetworkError(f"port {port} is taken in this loopback network")
        self._receivers[port] = receive
        return _LoopbackEndpoint(self, (LOOPBACK_HOST, port))

    def deliver(self, datagram: bytes, source: Address, to: Address) -> None:
        """Hand a datagram to whoever has the port by now; nobody is no fault."""
        receive = self._receivers.get(to[1])
        if receive is not None:
            receive(datagram, source)

    def release(self, port: int) -> None:
        """Free a port."""
        self._receivers.pop(port, None)


class _LoopbackEndpoint:
    def __init__(self, network: LoopbackNetwork, address: Address) -> None:
        self._network = network
        self._loop = asyncio.get_running_loop()
        self.address = address

    def send(self, datagram: bytes, to: Address) -> None:
        self._loop.call_soon(self._network.deliver, datagram, self.address, to)

    def send_from_thread(self, datagram: bytes, to: Address) -> None:
        self._loop.call_soon_threadsafe(self._network.deliver, datagram, self.address, to)

    def close(self) -> None:
        self._network.release(self.address[1])


class Wire:
    """An endpoint that speaks messages.

    Parameters
    ----------
    on_message : callable
        Called with (message, the datagram it came in, source address). It may raise `ValueError`
        for a message whose content makes no sense; that is counted as a fault like any other.
    admits : callable, optional
        Called with (number of bytes, source address) before anything else is done with a datagram;
        what it refuses is counted as a flood.
    """

    def __init__(
        self,
        on_message: Callable[[Message, bytes, Address], None],
        *,
        admits: Callable[[int, Address], bool] | None = None,
    ) -> None:
        self._on_message = on_message
        self._admits = admits
        self._endpoint: Endpoint | None = None
        self.faults: Counter[str] = Counter()

    async def open(self, network: Network, *, host: str = LOOPBACK_HOST, port: int = 0) -> None:
        """Open the port; see `Network.open`."""
        self._endpoint = await network.open(self._receive, host=host, port=port)

    @property
    def endpoint(self) -> Endpoint:
        """The open endpoint."""
        if self._endpoint is None:
            raise RuntimeError("the wire is not open")
        return self._endpoint

    @property
    def is_open(self) -> bool:
        """Whether there is an endpoint."""
        return self._endpoint is not None

    @property
    def address(self) -> Address:
        """Where others reach us."""
        return self.endpoint.address

    def send(self, message: Message, to: Address) -> None:
        """Encode and send one message."""
        log_out.debug("%s to %s", message, to)
        self.endpoint.send(encode(message), to)

    def send_bytes(self, datagram: bytes, to: Address) -> None:
        """Send a datagram on as it came."""
        self.endpoint.send(datagram, to)

    def close(self) -> None:
        """Close the port, if it is open."""
        if self._endpoint is not None:
            self._endpoint.close()

    def _receive(self, datagram: bytes, source: Address) -> None:
        if self._admits is not None and not self._admits(len(datagram), source):
            self.faults["flood"] += 1
            return
        try:
            for part in decode_all(datagram):
                message = decode(part)
                log_in.debug("%s from %s", message, source)
                self._on_message(message, part, source)
        except ProtocolError as error:
            self._count(error.kind, error, source)
        except ValueError as error:
            self._count("bad content", error, source)

    def _count(self, kind: str, error: Exception, source: Address) -> None:
        self.faults[kind] += 1
        if self.faults[kind] == 1:
            log.warning("ignored a datagram from %s:%d: %s", *source, error)
