"""`musebots listen`: the blind listening test, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ensembles.cli.options import Quiet, Verbose, set_up_logging

__all__ = ["listen"]

TEST_PORT = 4749


def listen(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Clips of 'musebots experiment listening-set'.")
    ],
    n_pairs: Annotated[
        int, typer.Option("--pairs", min=1, max=200, help="Pairs in a sitting, checks included.")
    ] = 20,
    host: Annotated[
        str, typer.Option("--host", help="Where to serve it; beyond this machine by token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Its TCP port; 0: any.")
    ] = TEST_PORT,
    opens_browser: Annotated[bool, typer.Option("--open", help="Open a browser on it.")] = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Ask listeners which of two clips is more creative, and which they would rather hear on."""
    set_up_logging(verbose, quiet)
    import asyncio

    from ensembles.progress import tell
    from ensembles.signals import stopping_on_signals
    from ensembles.web.sitting import serve_test

    with stopping_on_signals() as request:
        answers = asyncio.run(
            serve_test(
                folder, host=host, port=port, n_trials=n_pairs, opens_browser=opens_browser,
                request=request, on_notice=tell,
            )
        )  # fmt: skip
    tell(f"the answers are in {answers}", style="")
