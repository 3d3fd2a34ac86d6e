"""Options that several commands share, and the logging they set up."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

__all__ = [
    "AsJson",
    "Bars",
    "Bpm",
    "Key",
    "PieceName",
    "Quiet",
    "Seed",
    "Verbose",
    "set_up_logging",
]

PieceName = Annotated[
    str, typer.Argument(metavar="PIECE", help="A shipped piece (see 'list') or a .toml file.")
]
Bars = Annotated[
    int | None, typer.Option("--bars", min=1, help="How many bars; the piece's own unless given.")
]
Bpm = Annotated[
    float | None, typer.Option("--bpm", help="Opening tempo; later tempi keep their ratio to it.")
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Another seed, other music.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Key = Annotated[
    str,
    typer.Option("--key", envvar="MUSEBOTS_KEY", help="The key that the machines of a band share."),
]
Verbose = Annotated[
    int, typer.Option("-v", "--verbose", count=True, help="Say more; twice: everything.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but errors.")]


def set_up_logging(verbose: int = 0, quiet: bool = False) -> None:
    """Send log records to stderr: warnings, or more (`verbose`), or errors only (`quiet`)."""
    from rich.logging import RichHandler

    from ensembles.progress import stderr_console

    levels = [logging.WARNING, logging.INFO, logging.DEBUG]
    level = logging.ERROR if quiet else levels[min(verbose, 2)]
    console = stderr_console()
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=verbose > 1, log_time_format="%X")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
