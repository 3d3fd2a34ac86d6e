"""One bot, one process: ``python -m musebots.run --bot B --id ID --director HOST:PORT``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from musebots.agent import UNTIED_PATIENCE_SECONDS, Link
from musebots.errors import BotFailed, ConfigError, MusebotError
from musebots.lifeline import follow_parent
from musebots.network import Address, UdpNetwork
from musebots.registry import resolve

__all__ = ["main", "parse_address"]

log = logging.getLogger(__name__)

ALONE = {"patience_seconds": UNTIED_PATIENCE_SECONDS, "ping_seconds": 0.25}
"""Of a bot that was started by hand."""


def parse_address(text: str) -> Address:
    """Read ``host:port``.

    Raises
    ------
    ConfigError
        When it is not that.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"an address looks like 127.0.0.1:4747, got {text!r}")
    return host.strip("[]"), int(port)


async def _run(arguments: argparse.Namespace) -> None:
    bot = resolve(arguments.bot, version=arguments.version).make(arguments.id)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows ends the process itself
            loop.add_signal_handler(name, bot.leave)
    if arguments.tied:
        follow_parent(lambda: loop.call_soon_threadsafe(bot.leave))
    await bot.run(
        Link(
            bot_id=arguments.id,
            network=UdpNetwork(),
            director=parse_address(arguments.director),
            port=arguments.port,
            is_supervised=arguments.supervised,
            **({} if arguments.tied else ALONE),
        )
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one bot until the Director sends it home; returns the exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one step is too small to share
    parser = argparse.ArgumentParser(prog="musebots.run", description=__doc__)
    parser.add_argument("--bot", required=True, help="stock name, module:Class or folder")
    parser.add_argument("--id", required=True, help="name in the ensemble, without blanks")
    parser.add_argument("--director", required=True, help="host:port")
    parser.add_argument("--port", type=int, default=0, help="own UDP port; 0: any")
    parser.add_argument("--version", type=Path, help="run this copy of its file instead")
    parser.add_argument("--supervised", action="store_true", help="tell the state every bar")
    parser.add_argument("--tied", action="store_true", help="leave when standard input ends")
    parser.add_argument("--log-level", default="WARNING")
    arguments = parser.parse_args(argv)
    logging.basicConfig(
        level=arguments.log_level, format=f"{arguments.id}: %(message)s", stream=sys.stderr
    )
    try:
        asyncio.run(_run(arguments))
    except MusebotError as error:
        is_own_code = isinstance(error, BotFailed) and error.exit_code == MusebotError.exit_code
        if is_own_code and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
