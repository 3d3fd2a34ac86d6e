"""The command line: one sentence for every fault, and the exit code that fits it.

0 ok, 1 failed, 2 bad usage or configuration, 3 a device or library is missing, 130 interrupted.
Libraries that take long to import are imported inside the commands that need them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys

from musebots.errors import MusebotError

__all__ = ["main", "run"]

log = logging.getLogger(__name__)

INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Instead of the process's own.

    Returns
    -------
    int
        The exit code.
    """
    from ensembles.cli.app import app

    try:
        app(arguments, prog_name="musebots")
    except MusebotError as error:
        log.debug("where it happened", exc_info=True)
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:  # what is printed cannot be written: a full disk, a closed terminal
        log.debug("where it happened", exc_info=True)
        with contextlib.suppress(OSError):
            _complain(f"the system refused: {error.strerror or error}")
        return 1
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def _complain(sentence: str) -> None:
    import typer

    colour = None if os.environ.get("NO_COLOR") else typer.colors.RED
    typer.secho(f"musebots: {sentence}", fg=colour, err=True)
