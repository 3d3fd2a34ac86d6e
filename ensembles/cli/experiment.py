"""`musebots experiment`: repeat a measurement, and get its tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ensembles.cli.options import AsJson, Quiet, Verbose, set_up_logging
from ensembles.experiments.registry import EXPERIMENTS

__all__ = ["NAMES", "experiment"]

NAMES = "Experiments: " + ", ".join(EXPERIMENTS)
"""For the command's help."""


def experiment(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which; all are listed without it.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The folder; experiments/NAME if not given."),
    ] = None,
    corpora: Annotated[
        Path | None,
        typer.Option("--corpora", envvar="MUSEBOTS_CORPORA", help="The folder with the corpora."),
    ] = None,
    is_quick: Annotated[
        bool, typer.Option("--quick", help="The smallest run: seconds, and no results.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is random.")] = 0,
    is_list: Annotated[bool, typer.Option("--list", help="List the experiments.")] = False,
    as_json: AsJson = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Repeat a measurement: tables, plots and a page with the conditions."""
    set_up_logging(verbose, quiet)
    if name is None or is_list:
        _list(as_json)
        return
    from ensembles.experiments.base import ExperimentSettings
    from ensembles.experiments.running import run_experiment
    from ensembles.progress import share_done

    folder = out or Path("experiments") / name
    with share_done(f"Running {name}", is_shown=not quiet) as on_progress:
        report = run_experiment(
            name,
            ExperimentSettings(
                folder, is_quick=is_quick, seed=seed, corpora=corpora, progress=on_progress
            ),
        )
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2, default=str))
    elif not quiet:
        seconds = report.conditions["seconds"]
        typer.echo(f"{report.files[0]}: {len(report.result.tables)} tables, {seconds} s")


def _list(as_json: bool) -> None:
    """Name and description of each."""
    described = {name: entry.description for name, entry in EXPERIMENTS.items()}
    if as_json:
        typer.echo(json.dumps(described, indent=2))
        return
    width = max((len(name) for name in described), default=0)
    for name, description in described.items():
        typer.echo(f"{name:<{width}}  {description}")
