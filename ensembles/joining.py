"""A bot of this machine in a band on another one."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ensembles.lan import DEFAULT_PORT, resolved
from musebots.agent import UNTIED_PATIENCE_SECONDS, Link
from musebots.errors import ConfigError, NetworkError
from musebots.musebot import Musebot
from musebots.network import Address, UdpNetwork
from musebots.registry import resolve
from musebots.remote.keys import derived_key
from musebots.remote.network import SealedNetwork
from musebots.run import parse_address

__all__ = ["director_address", "name_of", "play_along"]

PING_SECONDS = 0.05
RETURN_SECONDS = 30.0


def director_address(text: str | None) -> Address:
    """Where the band plays: as written, or the one session that is announced on the network.

    Raises
    ------
    ConfigError
        When the address is none, or no session or more than one is found.
    """
    if text is not None:
        host, port = parse_address(text if ":" in text else f"{text}:{DEFAULT_PORT}")
        return resolved(host), port
    try:
        from ensembles.discovery import found_sessions
    except ImportError as error:
        raise ConfigError(
            "say where the band plays: --director HOST:PORT; to have it looked for, "
            'pip install "musebots[lan]"'
        ) from error
    sessions = asyncio.run(found_sessions())
    if len(sessions) == 1:
        return sessions[0].address
    if not sessions:
        raise NetworkError(
            "no session is announced on this network: start one with musebots play --listen "
            "ADDRESS, or say where it is, --director HOST:PORT"
        )
    there = ", ".join(f"{s.address[0]}:{s.address[1]} ({s.piece})" for s in sessions)
    raise ConfigError(f"more than one session is announced: {there}; choose with --director")


def name_of(reference: str) -> str:
    """What a bot is called unless it is told: its class, its file's or its folder's name."""
    place = Path(reference)
    return place.resolve().stem if place.exists() else re.split(r"[.:]", reference)[-1]


async def play_along(
    reference: str,
    bot_id: str | None,
    director: Address,
    phrase: str,
    on_notice: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Play in the band until it is over, or until Ctrl-C.

    When the Director is silent for 1.5 s the bot falls silent, too. It takes its place again if the
    session goes on within half a minute.

    Raises
    ------
    UnknownBot
        When there is no such bot.
    ConfigError
        When the key is too short.
    NetworkError
        When no Director answers there, to this key.
    BotFailed
        When the bot's own code raised.
    """
    if not phrase:
        raise ConfigError(
            "the band's key is needed: --key PHRASE, or MUSEBOTS_KEY; play --listen has told it"
        )
    bot_id = bot_id or name_of(reference)
    make = resolve(reference).make
    link = Link(
        bot_id=bot_id,
        network=SealedNetwork(UdpNetwork(), derived_key(phrase)),
        director=director,
        patience_seconds=UNTIED_PATIENCE_SECONDS,
        ping_seconds=PING_SECONDS,
        is_supervised=True,
    )
    host, port = director
    on_notice(f"{bot_id} joins the band at {host}:{port}; Ctrl-C leaves it")
    otherwise = (
        f"no Director answers at {host}:{port}; it plays with --listen ADDRESS, and with this key?"
    )
    while await _played(make(bot_id), link, otherwise):
        on_notice(
            f"{bot_id} is silent, for so is the Director at {host}:{port}; it goes on if that does "
            f"within {RETURN_SECONDS:.0f} s"
        )
        otherwise = f"the Director at {host}:{port} has not come back"
        link = replace(link, welcome_seconds=RETURN_SECONDS)


async def _played(bot: Musebot, link: Link, otherwise: str) -> bool:
    """Let a bot play; whether its Director seems to have died.

    Raises
    ------
    NetworkError
        With the words `otherwise`, when none answers.
    """
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows ends the process itself
            loop.add_signal_handler(name, bot.leave)
    try:
        await bot.run(link)
    except NetworkError as error:
        raise NetworkError(otherwise) from error
    return bot.is_deserted
