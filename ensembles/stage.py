"""What live and offline performances share: the cast, and outputs that open and close together."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol, runtime_checkable

from director.director import Casting
from director.outputs.base import Output
from director.score import Score
from ensembles.classic.folders import is_classic_folder
from ensembles.config import BotSpec, Piece
from musebots.errors import BotFailed, ConfigError, MusebotError, UnknownBot
from musebots.messages import OscValue

__all__ = ["cast_of", "casting_of", "mistakes_of", "opened"]

TIMES = ("delay", "kill")  # of a classic bot: when it is started and when sent home, in seconds


@runtime_checkable
class _Abortable(Protocol):
    """An output that would write a file, and can be told not to."""

    def abort(self) -> None: ...


def casting_of(bot: BotSpec, score: Score) -> Casting:
    """What a bot is told when it joins."""
    seed = score.seed if bot.seed is None else bot.seed
    greetings: tuple[tuple[str, OscValue], ...] = ()
    if is_classic_folder(bot.bot):
        words = {name: value for name, value in bot.settings.items() if name not in TIMES}
        greetings = tuple(
            (name, value) for name, value in words.items() if isinstance(value, (int, float, str))
        )
    return Casting(bot.role, seed, json.dumps(bot.settings, sort_keys=True), greetings)


def cast_of(piece: Piece, score: Score) -> dict[str, Casting]:
    """Who plays in a performance, and what each is told when it joins."""
    return {bot.id: casting_of(bot, score) for bot in piece.bots}


@contextlib.contextmanager
def mistakes_of(piece: Piece) -> Iterator[None]:
    """Name the piece in what only comes out when its bots are made: classes, settings."""
    try:
        yield
    except MusebotError as error:
        if error.exit_code != ConfigError.exit_code or not isinstance(
            error, (BotFailed, UnknownBot)
        ):
            raise
        raise ConfigError(f"{piece.source}: {error}") from error


@contextlib.asynccontextmanager
async def opened(outputs: Sequence[Output], score: Score) -> AsyncIterator[None]:
    """Open all outputs, and close them in the end; after a failure files are not written."""
    is_open: list[Output] = []
    try:
        for output in outputs:
            await output.open(score)
            is_open.append(output)
        yield
    except BaseException:
        for output in is_open:
            if isinstance(output, _Abortable):
                output.abort()
        raise
    finally:
        async with contextlib.AsyncExitStack() as stack:
            for output in is_open:
                stack.push_async_callback(output.close)
