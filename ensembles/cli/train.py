"""`musebots train`: a generator of one's own, from a folder of music."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ensembles.cli.options import AsJson, Quiet, Verbose, set_up_logging
from musebots.errors import OutputUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from musebots.training.train import Progress

__all__ = ["Role", "train"]

INTERRUPTED = 130
MAX_SKIPPED_SHOWN = 10


class Role(StrEnum):
    """Whose part is learned."""

    MELODY = "melody"
    BASS = "bass"
    DRUMS = "drums"


class What(StrEnum):
    """What is learned: to play a part, or to steer who plays it."""

    MELODY = "melody"
    BASS = "bass"
    DRUMS = "drums"
    STEERING = "steering"


def train(
    what: Annotated[What, typer.Argument(help="A role to learn; steering: where bolder lies.")],
    corpus: Annotated[
        Path, typer.Option("--corpus", help="A folder of MIDI files, or of a known corpus.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The checkpoint: FILE.safetensors.")],
    steered: Annotated[
        Role | None, typer.Argument(metavar="[ROLE]", help="With steering: whom to steer.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Go on from this checkpoint (fine-tuning), or steer it."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is random.")] = 0,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.1, help="Stop after this time.")
    ] = None,
    is_fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over instead of going on where it stopped.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Train a role's generator, or how to steer it; Ctrl-C stops, the same command goes on."""
    set_up_logging(verbose, quiet)
    if (what is What.STEERING) != (steered is not None):
        raise typer.BadParameter("say 'train ROLE' or 'train steering ROLE'")
    if find_spec("torch") is None:
        raise OutputUnavailable('training needs torch: pip install "musebots[train]"')
    if steered is not None:
        _train_steering(steered, corpus, out, seed=seed, start=start, as_json=as_json, quiet=quiet)
        return
    from musebots.training.train import train as train_role

    role = Role(what.value)
    try:
        with _progress(role, is_shown=not quiet) as on_progress:
            report = train_role(
                role.value,
                corpus,
                out,
                seed=seed,
                start=start,
                minutes=minutes,
                resume=not is_fresh,
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        typer.echo("musebots: stopped; the same command goes on where it was", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2, default=str))
    elif not quiet:
        skipped = f"; {len(report.skipped)} files left out" if report.skipped else ""
        for name, reason in report.skipped[:MAX_SKIPPED_SHOWN]:
            typer.echo(f"left out {name}: {reason}")
        if len(report.skipped) > MAX_SKIPPED_SHOWN:
            typer.echo(f"... and {len(report.skipped) - MAX_SKIPPED_SHOWN} more (--json has all)")
        typer.echo(
            f"{report.path}: epoch {report.best_epoch} of {report.n_epochs}, "
            f"sha256 {report.sha256[:12]}{skipped}"
        )


def _train_steering(
    role: Role,
    corpus: Path,
    out: Path,
    *,
    seed: int,
    start: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Learn an assessor and a direction, and say what they are worth."""
    from creativity.learning.making import train_steering
    from ensembles.progress import share_done

    with share_done(f"Learning to steer {role}", is_shown=not quiet) as on_share:
        report = train_steering(
            role.value, corpus, out, seed=seed, checkpoint=start, on_progress=on_share
        )
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2, default=str))
    elif not quiet:
        low, high = report.alpha_range
        typer.echo(
            f"{report.steering}: alpha {low:g} to {high:g} passed the gate; the score moves by "
            f"{report.middle_slope:.2f} for each 1 asked for; {report.seconds:.0f} s"
        )


@contextmanager
def _progress(role: Role, *, is_shown: bool) -> Iterator[Callable[[Progress], None]]:
    """A bar with the losses on a terminal; one plain line an epoch elsewhere."""
    from ensembles.progress import share_done, stderr_console

    console = stderr_console()
    last_epoch = 0

    def tell_epoch(progress: Progress) -> None:
        nonlocal last_epoch
        if is_shown and not console.is_terminal and progress.epoch != last_epoch:
            last_epoch = progress.epoch
            console.print(_losses(progress), markup=False, highlight=False, soft_wrap=True)

    with share_done(f"Training {role}", is_shown=is_shown) as on_share:

        def on_progress(progress: Progress) -> None:
            on_share(progress.fraction, _losses(progress))
            tell_epoch(progress)

        yield on_progress


def _losses(progress: Progress) -> str:
    text = f"epoch {progress.epoch} · train {progress.train_loss:.3f} · valid "
    is_known = progress.valid_loss == progress.valid_loss  # NaN before the first epoch ends
    return text + (f"{progress.valid_loss:.3f}" if is_known else "-")
