"""Sessions announced on the local network, and found: DNS-SD (RFC 6763) under ``_osc._udp``.

A session is told from other OSC services by its TXT record ``musebots=<protocol version>``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from zeroconf import InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from musebots.messages import PROTOCOL_VERSION
from musebots.network import Address

__all__ = ["FoundSession", "announced", "found_sessions"]

SERVICE = "_osc._udp.local."
BROWSE_SECONDS = 2.0
RESOLVE_MS = 1000


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that plays somewhere on the network."""

    name: str
    piece: str
    address: Address


@contextlib.asynccontextmanager
async def announced(piece: str, host: str, port: int) -> AsyncIterator[None]:
    """Announce a session on the network of `host` while the block runs."""
    machine = socket.gethostname().partition(".")[0]
    is_everywhere = ipaddress.ip_address(host).is_unspecified
    zeroconf = AsyncZeroconf(
        ip_version=IPVersion.V4Only, interfaces=InterfaceChoice.All if is_everywhere else [host]
    )
    addresses = [host]
    if is_everywhere:
        addresses = [str(a) for a in socket.gethostbyname_ex(socket.gethostname())[2]]
    info = AsyncServiceInfo(
        SERVICE,
        f"musebots {piece} on {machine} {port}.{SERVICE}",
        parsed_addresses=addresses,
        port=port,
        properties={"musebots": str(PROTOCOL_VERSION), "piece": piece},
        server=f"{machine}-musebots.local.",
    )
    registering = asyncio.ensure_future(_registered(zeroconf, info))  # it takes a second
    try:
        yield
    finally:
        registering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await registering
        await zeroconf.async_unregister_service(info)
        await zeroconf.async_close()


async def _registered(zeroconf: AsyncZeroconf, info: AsyncServiceInfo) -> None:
    await (await zeroconf.async_register_service(info, allow_name_change=True))


async def found_sessions(
    seconds: float = BROWSE_SECONDS, interfaces: list[str] | None = None
) -> list[FoundSession]:
    """The sessions that are announced, after listening for a while; in the order of their names."""
    names: set[str] = set()

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        (names.discard if state_change is ServiceStateChange.Removed else names.add)(name)

    zeroconf = AsyncZeroconf(
        ip_version=IPVersion.V4Only, interfaces=interfaces or InterfaceChoice.All
    )
    browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[changed])
    try:
        await asyncio.sleep(seconds)
        sessions = []
        for name in sorted(names):
            info = AsyncServiceInfo(SERVICE, name)
            if await info.async_request(zeroconf.zeroconf, RESOLVE_MS):
                sessions += _session_of(name, info)
        return sessions
    finally:
        await browser.async_cancel()
        await zeroconf.async_close()


def _session_of(name: str, info: AsyncServiceInfo) -> list[FoundSession]:
    properties = info.decoded_properties
    addresses = info.parsed_addresses(IPVersion.V4Only)
    if properties.get("musebots") != str(PROTOCOL_VERSION) or not addresses or info.port is None:
        return []
    label = name.removesuffix("." + SERVICE)
    return [FoundSession(label, properties.get("piece") or "", (addresses[0], info.port))]
