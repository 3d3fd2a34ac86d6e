"""What a performer watches: a moving line on a terminal, one plain line a bar elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from director.status import Status

__all__ = ["ShareDone", "StatusLine", "share_done", "status_text", "stderr_console", "tell"]

MAX_NAMED = 8


@cache
def stderr_console() -> Console:
    """The one console that progress and log records share, so that neither tears the other."""
    from rich.console import Console

    class SurvivingConsole(Console):
        """Nobody may be listening any more: the music does not depend on that."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, sys.stderr.fileno())
            os.close(silent)

    return SurvivingConsole(stderr=True)


def status_text(status: Status, *, is_moving: bool = True) -> str:
    """One line for one moment.

    Parameters
    ----------
    status : Status
    is_moving : bool
        Whether the line is redrawn, so that the beat is worth telling.

    Examples
    --------
    >>> from director.status import Status
    >>> status_text(Status(3, 1.0, 96.0, (("bass", "playing"),), n_late_notes=1, n_notes=80))
    'bar 4.2 · 96 bpm · bass playing · 80 notes, 1 late'
    """
    beat = f".{int(status.beat) + 1}" if is_moving else ""
    where = "count-in" if status.bar < 0 else f"bar {status.bar + 1}{beat}"
    where += ", held" if status.is_held else ""
    bots = _who_plays(status.bots) or "no bots yet"
    late = f", {status.n_late_notes} late" if status.n_late_notes else ""
    finding = f" · {status.finding}" if status.finding else ""
    steering = f" · {status.steering}" if status.steering else ""
    notes = f"{status.n_notes} notes{late}"
    return f"{where} · {status.bpm:.3g} bpm · {bots} · {notes}{steering}{finding}"


def _who_plays(bots: Sequence[tuple[str, str]]) -> str:
    """Each bot with its state; of a large band how many are how, and who they are if few.

    Examples
    --------
    >>> _who_plays([(f"b{n}", "gone" if n == 3 else "ready") for n in range(50)])
    '49 ready, b3 gone'
    """
    if len(bots) <= MAX_NAMED:
        return ", ".join(f"{bot_id} {state}" for bot_id, state in bots)
    by_state: dict[str, list[str]] = {}
    for bot_id, state in bots:
        by_state.setdefault(state, []).append(bot_id)
    groups = sorted(by_state.items(), key=lambda group: -len(group[1]))
    return ", ".join(
        f"{len(ids) if len(ids) > MAX_NAMED else ' '.join(ids)} {state}" for state, ids in groups
    )


class StatusLine:
    """Shows each `Status` it is called with; a context manager.

    Parameters
    ----------
    console : Console, optional
        Where to; stderr unless given.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or stderr_console()
        self._live: Live | None = None
        self._last_told: object = None

    def __enter__(self) -> StatusLine:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            from rich.live import Live

            self._live = Live(console=self._console, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()
            self._live = None

    def __call__(self, status: Status) -> None:
        """Show this moment; where lines cannot move, only a new bar or a new state of a bot."""
        try:
            self._show(status)
        except OSError:  # the terminal is gone; the music goes on
            self._console.quiet = True

    def _show(self, status: Status) -> None:
        if self._live is not None:
            from rich.text import Text

            line = Text(status_text(status), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)
        elif (told := (max(-1, status.bar), status.bots)) != self._last_told:
            self._last_told = told
            text = status_text(status, is_moving=False)
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def tell(sentence: str, *, style: str = "yellow") -> None:
    """Say something a performer should know, above the moving line if there is one."""
    with suppress(OSError):  # nobody may be listening any more
        stderr_console().print(f"musebots: {sentence}", style=style, markup=False, highlight=False,
                               soft_wrap=True)  # fmt: skip


class ShareDone(Protocol):
    """Tells how far long work is."""

    def __call__(self, share: float, label: str | None = None, /) -> None:
        """Show the share done, 0..1, under another label if one is given."""


@contextmanager
def share_done(
    label: str, *, is_shown: bool = True, console: Console | None = None
) -> Iterator[ShareDone]:
    """Show a progress bar on a terminal, and nothing elsewhere.

    Yields
    ------
    ShareDone
        To be called with the share done.
    """
    console = console or stderr_console()
    if not (is_shown and console.is_terminal):
        yield lambda share, label=None: None
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(label, total=1.0)

        def show(share: float, label: str | None = None, /) -> None:
            progress.update(task, completed=share, description=label)

        yield show
