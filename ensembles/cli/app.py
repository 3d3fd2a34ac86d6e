"""The commands, gathered."""

from __future__ import annotations

from typing import Annotated

import typer

from ensembles.cli import (
    calibrate,
    control,
    create,
    evaluate,
    experiment,
    inspect,
    join,
    listen,
    perform,
    rate,
    sessions,
    train,
)
from musebots import __version__

__all__ = ["app"]

app = typer.Typer(
    name="musebots",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"musebots {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A band of autonomous musical agents that talk OSC."""


app.command("play")(perform.play)
app.command("render")(perform.render)
app.command("replay")(sessions.replay)
app.command("sessions")(sessions.sessions)
app.command("report")(sessions.report)
app.command("join")(join.join)
app.command("tempo")(control.tempo)
# A negative number of decibels is no option.
app.command("mix", context_settings={"ignore_unknown_options": True})(control.mix)
app.command("instrument")(control.instrument)
app.command("knob")(control.knob)
app.command("fader", context_settings={"ignore_unknown_options": True})(control.fader)
app.command("policy")(control.policy)
app.command("add")(control.add)
app.command("remove")(control.remove)
app.command("replace")(control.replace)
app.command("hold")(control.hold)
app.command("go")(control.go)
app.command("finish")(control.finish)
app.command("stop")(control.stop)
app.command("listen")(listen.listen)
app.command("list")(inspect.list_everything)
app.command("doctor")(inspect.doctor)
app.command("check")(inspect.check)
app.command("new")(create.new)
app.command("export")(create.export)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("experiment", epilog=experiment.NAMES)(experiment.experiment)
app.command("calibrate")(calibrate.calibrate)
app.add_typer(rate.app, name="rate")
