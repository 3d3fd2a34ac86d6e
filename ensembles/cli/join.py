"""`musebots join`: a bot on this machine plays in a band on another."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ensembles.cli.options import Key, Quiet, Verbose, set_up_logging

__all__ = ["join"]

FROM_INPUT = "-"


def join(
    bot: Annotated[
        str, typer.Argument(metavar="BOT", help="A stock bot, module:Class, a file or a folder.")
    ],
    bot_id: Annotated[
        str | None,
        typer.Option("--id", help="Its id in the band; the name of its class or file by default."),
    ] = None,
    director: Annotated[
        str | None,
        typer.Option(
            "--director",
            metavar="HOST[:PORT]",
            help="Where the band plays; looked for on the network unless given.",
        ),
    ] = None,
    key: Key = "",
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Play in a band on another machine, which was started with --listen.

    With '-' as its key it reads that from its standard input.
    """
    set_up_logging(verbose, quiet)
    import asyncio

    from ensembles.joining import director_address, play_along
    from ensembles.progress import tell

    def say(sentence: str) -> None:
        if not quiet:
            tell(sentence, style="")

    phrase = sys.stdin.readline().strip() if key == FROM_INPUT else key
    address = director_address(director)
    asyncio.run(play_along(bot, bot_id, address, phrase, say))
