"""`musebots evaluate`: how well a generator predicts music that it has not seen."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ensembles.cli.options import AsJson, Verbose, set_up_logging
from ensembles.cli.train import Role
from musebots.errors import OutputUnavailable

if TYPE_CHECKING:
    from musebots.training.judge import Estimate, Judgement

__all__ = ["evaluate"]

MAX_SKIPPED_SHOWN = 5


def evaluate(
    role: Role,
    events: Annotated[
        Path, typer.Argument(metavar="EVENTS", help="EVENTS.jsonl.gz, or a folder of music.")
    ],
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Instead of the shipped one.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Which pieces.")] = "test",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")] = 0,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Measure a generator on held-out music: nats a note, with an interval over pieces.

    EVENTS is a file in the events format (packed or not), a folder of them, or MIDI files. Counted
    is every 16th of every piece of the split, predicted from what came before and what a band
    knows ahead (chords, meter, form); the knobs are hidden. --json says exactly what is counted
    and known, and names what could not be used.
    """
    set_up_logging(verbose)
    if find_spec("torch") is None:
        raise OutputUnavailable('evaluating needs torch: pip install "musebots[train]"')
    from musebots.training.judge import judge

    found = judge(role.value, events, checkpoint=checkpoint, split=split, seed=seed)
    typer.echo(json.dumps(asdict(found), indent=2) if as_json else _table(found))


def _table(found: Judgement) -> str:
    """The judgement for people."""
    width = max(len(name) for name in (*found.groups, *(f"without {c}" for c in found.covered)))
    first = list(found.groups)[min(1, len(found.groups) - 1)]
    lines = [
        f"{found.role}, {found.split} split, checkpoint {found.sha256[:12]}",
        f"{'':<{width}}  nats/note  95 % interval   nats/16th  right   pieces   notes",
    ]
    lines += [_row(name, estimate, width) for name, estimate in found.groups.items()]
    lines += [f"with a part of its hearing covered (not trained anew), over {first}:"]
    lines += [_row(f"without {name}", one, width) for name, one in found.covered.items()]
    lines += [f"left out {name}: {reason}" for name, reason in found.skipped[:MAX_SKIPPED_SHOWN]]
    if len(found.skipped) > MAX_SKIPPED_SHOWN:
        lines.append(f"... and {len(found.skipped) - MAX_SKIPPED_SHOWN} more (--json has all)")
    return "\n".join(lines)


def _row(name: str, one: Estimate, width: int) -> str:
    return (
        f"{name:<{width}}  {one.nats_per_note:9.3f}  {one.low:6.3f}-{one.high:6.3f}  "
        f"{one.nats_per_step:9.3f}  {one.accuracy:5.1%}  {one.n_pieces:6d}  {one.n_notes:6d}"
    )
