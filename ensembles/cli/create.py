"""`musebots new`: a bot of one's own that plays at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["new"]


def new(
    name: Annotated[str, typer.Argument(help="The bot's name: letters, digits, '-' and '_'.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where its folder goes; here unless given.")
    ] = Path(),
) -> None:
    """Make a folder with a bot, its test, and a piece to hear it in."""
    from ensembles.scaffold import make_bot_folder

    made = make_bot_folder(name, folder)
    typer.echo(
        f"{made} is ready:\n"
        f"  musebots play {made / 'piece.toml'}\n"
        f"  musebots check {made}\n"
        f"  pytest {made}   (once: pip install pytest)"
    )
