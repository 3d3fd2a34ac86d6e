"""Start a classic musebot: a port of its own, its `config.txt`, and its script."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Container
from pathlib import Path

from director.director import Director
from ensembles.classic.folders import (
    config_text,
    read_info,
    read_output_channels,
    start_command,
    write_config,
)
from ensembles.config import BotSpec
from ensembles.processes import BotProcess
from musebots.errors import ConfigError
from musebots.network import LOOPBACK_HOST, Address

__all__ = ["Launcher", "free_port"]

log = logging.getLogger(__name__)

FIRST_PORT, LAST_PORT = 7475, 15535  # SuperCollider bots add 50000
CONFIG_TRIES, CONFIG_SECONDS = 50, 0.1


class Launcher:
    """Starts classic bots for a Director.

    Parameters
    ----------
    director : Director
    address : Address
        Where it listens.
    """

    def __init__(self, director: Director, address: Address) -> None:
        self._director = director
        self._address = address
        self._ports: dict[str, int] = {}
        self._folders: dict[str, str] = {}

    async def start(self, bot: BotSpec) -> BotProcess:
        """Write the bot's `config.txt` and start its script.

        Raises
        ------
        ConfigError
            When it cannot be written, or no port is free.
        """
        folder = Path(bot.bot)
        await self._until_read(bot)
        self._folders[bot.id] = bot.bot
        port = free_port([taken for bot_id, taken in self._ports.items() if bot_id != bot.id])
        self._ports[bot.id] = port
        host, conductor_port = self._address
        text = config_text(
            bot.id,
            host=host,
            conductor_port=conductor_port,
            port=port,
            output_channels=read_output_channels(folder),
        )
        write_config(folder, text)
        self._director.reception.place(bot.id, (LOOPBACK_HOST, port))
        log.info("%s: %s", bot.id, read_info(folder))
        return await BotProcess.start(start_command(folder), folder=folder, is_launcher=True)

    async def _until_read(self, bot: BotSpec) -> None:
        """Another bot from this folder must have read its `config.txt` before it is rewritten."""
        members = self._director.roster.members
        others = [other for other, folder in self._folders.items() if folder == bot.bot]
        for _ in range(CONFIG_TRIES):
            waiting = [x for x in others if x in members and members[x].state == "expected"]
            if not [x for x in waiting if x != bot.id]:
                break
            await asyncio.sleep(CONFIG_SECONDS)


def free_port(taken: Container[int]) -> int:
    """The first UDP port from 7475 up that nobody has.

    Raises
    ------
    ConfigError
        When there is none.
    """
    for port in range(FIRST_PORT, LAST_PORT + 1):
        if port in taken:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind((LOOPBACK_HOST, port))
            except OSError:
                continue
        return port
    raise ConfigError(f"no UDP port is free in {FIRST_PORT}..{LAST_PORT}")
