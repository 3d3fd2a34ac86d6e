"""`musebots calibrate`: what normal playing of a piece looks like, for the monitor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ensembles.cli.options import AsJson, Bars, PieceName, Quiet, Verbose, set_up_logging

__all__ = ["calibrate"]


def calibrate(
    piece: PieceName,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The background; PIECE.background unless given."),
    ] = None,
    n_runs: Annotated[
        int, typer.Option("--runs", min=4, help="How often the piece is played.")
    ] = 100,
    bars: Bars = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the runs.")] = 0,
    window_steps: Annotated[
        int | None,
        typer.Option(
            "--window", min=2, max=1024, help="Steps (16ths) that a window holds; two bars if not."
        ),
    ] = None,
    n_jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="So many runs at a time; as many as there are cores if not."
        ),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Calibrate the monitor on a piece: play it offline, and learn how it normally sounds."""
    set_up_logging(verbose, quiet)
    from creativity.background import Setup, save_background
    from ensembles.calibration import calibrate_piece
    from ensembles.config import load_piece
    from ensembles.progress import share_done
    from ensembles.rehearsals import default_jobs
    from musebots.generators import STEP_TICKS

    chosen = load_piece(piece)
    window_steps = window_steps or 2 * chosen.score().meter_map.bar_tick(1) // STEP_TICKS
    path = out or Path(f"{chosen.name}.background")
    with share_done(f"Calibrating on {chosen.title}", is_shown=not quiet) as on_progress:
        background = calibrate_piece(
            chosen,
            n_runs=n_runs,
            bars=bars,
            seed=seed,
            setup=Setup(window_steps, block_steps=4 * window_steps),
            n_jobs=n_jobs or default_jobs(),
            on_progress=on_progress,
        )
    save_background(background, path)
    held_out = background.made["held_out"]
    if as_json:
        typer.echo(json.dumps({"path": str(path), **background.made}, indent=2))
    elif not quiet:
        typer.echo(f"{path}: {n_runs} runs; on runs held out:")
        for bot_id, counted in held_out.items():
            typer.echo(
                f"  {bot_id}: p <= .05 in {counted['false_alarms_at_0.05']:.1%} of "
                f"{counted['n_windows']} windows; {counted['flags_per_hour']:g} flags an hour "
                f"({counted['flags_per_hour_promised']:g} promised, {counted['hours']:.1f} hours)"
            )
