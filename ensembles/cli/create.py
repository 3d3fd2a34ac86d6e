"""`musebots new`: a bot of one's own that plays at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export", "new"]


def new(
    name: Annotated[str, typer.Argument(help="The bot's name: letters, digits, '-' and '_'.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where its folder goes; here unless given.")
    ] = Path(),
    is_classic: Annotated[
        bool, typer.Option("--classic", help="Also the files that classic conductors need.")
    ] = False,
) -> None:
    """Make a folder with a bot, its test, and a piece to hear it in."""
    from ensembles.scaffold import make_bot_folder

    made = make_bot_folder(name, folder)
    if is_classic:
        from ensembles.classic.exporting import write_classic_files

        write_classic_files(made, ".", role="melody", behaviour="climbs the chord")
    typer.echo(
        f"{made} is ready:\n"
        f"  musebots play {made / 'piece.toml'}\n"
        f"  musebots check {made}\n"
        f"  pytest {made}   (once: pip install pytest)"
    )


def export(
    reference: Annotated[
        str, typer.Argument(metavar="BOT", help="A stock bot, module:Class, a file or a folder.")
    ],
    folder: Annotated[Path, typer.Argument(help="The new folder.")],
) -> None:
    """Write a bot as a folder that classic conductors can launch."""
    from ensembles.classic.exporting import export_bot

    made = export_bot(reference, folder)
    typer.echo(f"{made} is a classic musebot: put it beside the others and name it in an ensemble")
