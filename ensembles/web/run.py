"""The page's process: ``python -m ensembles.web --director HOST:PORT --port 4748``.

It joins the band like a bot, serves the page, and ends with the session: when the Director says so,
falls silent, or is gone with its process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence

from ensembles.web.access import Gate, is_loopback
from ensembles.web.app import Part, make_app
from ensembles.web.audio import sound_routes
from ensembles.web.downloads import download_routes
from ensembles.web.member import PAGE_ID, PageMember
from ensembles.web.rating import Rater
from ensembles.web.serving import server_of
from ensembles.web.sockets import Sockets
from musebots.agent import Link
from musebots.errors import MusebotError, NetworkError
from musebots.network import UdpNetwork
from musebots.run import parse_address

__all__ = ["PARTS", "main"]

log = logging.getLogger(__name__)

PARTS: tuple[Part, ...] = (sound_routes, download_routes)


async def _run(arguments: argparse.Namespace) -> None:
    member = PageMember.make(PAGE_ID)
    sockets = Sockets(member.stage, member.tell)
    member.on_frame = sockets.frame
    rater = Rater(member)
    member.on_rating = rater.take
    gate = Gate(arguments.port, arguments.token)
    if not is_loopback(arguments.host) and not gate.token:
        raise NetworkError("beyond this machine the page is served only with a token: --token")
    parts = (*PARTS, rater.routes)
    app = make_app(member.stage, sockets, gate, parts)
    server = server_of(app, host=arguments.host, port=arguments.port)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, member.leave)
    serving = asyncio.create_task(server.serve())
    try:
        await member.run(
            Link(bot_id=PAGE_ID, network=UdpNetwork(), director=parse_address(arguments.director))
        )
    finally:
        server.should_exit = True
        await serving


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page until the session ends; returns the exit code."""
    parser = argparse.ArgumentParser(prog="ensembles.web", description=__doc__)
    parser.add_argument("--director", required=True, help="host:port")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at")
    parser.add_argument("--port", type=int, required=True, help="TCP port to serve at")
    parser.add_argument("--token", default=os.environ.get("MUSEBOTS_PAGE_TOKEN", ""))
    arguments = parser.parse_args(argv)
    logging.basicConfig(level="WARNING", format=f"{PAGE_ID}: %(message)s", stream=sys.stderr)
    try:
        asyncio.run(_run(arguments))
    except MusebotError as error:
        log.error("%s", error)
        return error.exit_code
    return 0
