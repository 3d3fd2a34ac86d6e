"""`musebots list`, `doctor` and `check`: what is there, and whether it is in order."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from ensembles.cli.options import AsJson, Verbose, set_up_logging

__all__ = ["check", "doctor", "list_everything"]

COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "bad": typer.colors.RED}


def list_everything(as_json: AsJson = False, verbose: Verbose = 0) -> None:
    """List pieces, bots, outputs and MIDI ports."""
    set_up_logging(verbose)
    from ensembles.catalogue import catalogue

    found = catalogue()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for heading, entries in found.items():
        typer.secho(heading.replace("_", " "), bold=True)
        width = max((len(name) for name in entries), default=0)
        for name, text in entries.items():
            typer.echo(f"  {name:<{width}}  {text}".rstrip())


def doctor(as_json: AsJson = False, verbose: Verbose = 0) -> None:
    """Examine this machine: versions, sound, MIDI, network, speed; and say what to do."""
    set_up_logging(verbose)
    from ensembles.doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            verdict = typer.style(f"{finding.verdict.value:<4}", fg=COLOURS[finding.verdict.value])
            typer.echo(f"{verdict}  {finding.name:<{width}}  {finding.value}")
            if finding.advice:
                typer.echo(f"      {'':<{width}}  -> {finding.advice}")
    if any(finding.verdict.value == "bad" for finding in findings):
        raise typer.Exit(1)


def check(
    reference: Annotated[
        str,
        typer.Argument(metavar="BOT", help="A stock bot, package.module:Class, or a bot's folder."),
    ],
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Check that a bot keeps the rules of the band."""
    set_up_logging(verbose)
    from musebots.conformance import check as check_bot

    report = check_bot(reference)
    n_failed = sum(not entry.passed for entry in report.checks)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        for entry in report.checks:
            word, colour = ("ok  ", "ok") if entry.passed else ("FAIL", "bad")
            detail = f": {entry.detail}" if entry.detail else ""
            typer.echo(f"{typer.style(word, fg=COLOURS[colour])}  {entry.name}{detail}")
        typer.echo(
            f"{reference}: {len(report.checks) - n_failed} of {len(report.checks)} checks passed"
        )
    if n_failed:
        raise typer.Exit(1)
