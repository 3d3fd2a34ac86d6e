"""`musebots replay`, `sessions` and `report`: what was played, again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ensembles.cli.options import AsJson, Quiet, Verbose, set_up_logging

if TYPE_CHECKING:
    from ensembles.sessions.listing import Summary

__all__ = ["replay", "report", "sessions"]

Session = Annotated[
    str,
    typer.Argument(metavar="SESSION", help="Its name, its folder, or 'latest'."),
]
MIB = 2**20


def replay(
    session: Session = "latest",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The MIDI file; SESSION.mid unless given.")
    ] = None,
    wav: Annotated[
        Path | None, typer.Option("--wav", help="Also synthesise this WAV file.")
    ] = None,
    from_bar: Annotated[int, typer.Option("--from-bar", min=1, help="Begin with this bar.")] = 1,
    with_bots: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="BOT=CLASS",
            help="Let another bot play in a bot's place; the rest is as it was.",
        ),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Replay a session into files, faster than real time: the same notes, bit for bit."""
    set_up_logging(verbose, quiet)
    from ensembles.progress import share_done
    from ensembles.sessions.folder import find_folder
    from ensembles.sessions.replaying import replay as replay_session

    folder = find_folder(session)
    replaced = dict(_pair(text) for text in with_bots or ())
    midi_path = out or Path(f"{folder.name}.mid")
    with share_done(f"Replaying {folder.name}", is_shown=not quiet) as on_progress:
        done = replay_session(
            folder,
            midi_path=midi_path,
            wav_path=wav,
            first_bar=from_bar - 1,
            replaced=replaced,
            on_progress=on_progress,
        )
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2))
    elif not quiet:
        files = " and ".join(str(path) for path in (midi_path, wav) if path is not None)
        late = f", {done.n_late_notes} late" if done.n_late_notes else ""
        cut = "" if done.is_whole else " (it was cut off)"
        typer.echo(
            f"{files}: {done.n_bars} bars{cut}, {sum(done.notes_per_bot.values())} notes{late}, "
            f"{done.music_seconds:.1f} s of music in {done.wall_seconds:.1f} s"
        )


def _pair(text: str) -> tuple[str, str]:
    bot_id, equals, reference = text.partition("=")
    if not (bot_id and equals and reference):
        raise typer.BadParameter("looks like melody=other-bot", param_hint="--with")
    return bot_id, reference


def sessions(
    session: Annotated[
        str | None, typer.Argument(metavar="SESSION", help="Only this one; all unless given.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="Write SESSION (or the latest) as a ZIP."),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """List the sessions that were played here, the latest first."""
    set_up_logging(verbose)
    from ensembles.sessions.folder import LATEST, find_folder
    from ensembles.sessions.listing import summaries, summary_of

    if bundle is not None:
        from ensembles.sessions.bundle import write_bundle

        written = write_bundle(find_folder(session or LATEST), bundle)
        typer.echo(f"{written}: {written.stat().st_size / MIB:.2f} MiB")
        return
    found = summaries() if session is None else [summary_of(find_folder(session))]
    if as_json:
        typer.echo(json.dumps([asdict(summary) for summary in found], indent=2))
        return
    if not found:
        typer.echo("there are no sessions here: `musebots play` makes one")
    width = max((len(summary.name) for summary in found), default=0)
    for summary in found:
        typer.echo(f"{summary.name:<{width}}  {_line(summary)}")


def _line(summary: Summary) -> str:
    if summary.fault:
        return summary.fault
    minutes, seconds = divmod(round(summary.music_seconds), 60)
    parts = [f"{summary.n_bars} bars, {minutes}:{seconds:02d}, {summary.n_notes} notes"]
    if summary.state != "whole":
        resumed = " (--resume)" if summary.can_be_resumed else ""
        parts.append(f"{summary.state}{resumed}")
    for n, name in (
        (summary.n_late_notes, "late"),
        (summary.n_flags, "flags"),
        (summary.n_ratings, "ratings"),
    ):
        if n:
            parts.append(f"{n} {name}")
    parts.append(f"{summary.size_bytes / MIB:.1f} MiB")
    return ", ".join(parts)


def report(
    session: Session = "latest",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The page; SESSION.html unless given.")
    ] = None,
    has_sound: Annotated[
        bool, typer.Option("--sound/--no-sound", help="Whether the music is in it, to be heard.")
    ] = True,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Write a session as one page: notes, activations, scores, flags, ratings, and its sound."""
    set_up_logging(verbose, quiet)
    from ensembles.progress import share_done
    from ensembles.sessions.folder import find_folder
    from ensembles.sessions.reporting import write_session_report

    folder = find_folder(session)
    path = out or Path(f"{folder.name}.html")
    with share_done(f"Reporting {folder.name}", is_shown=not quiet) as on_progress:
        said = write_session_report(folder, path, has_sound=has_sound, on_progress=on_progress)
    if not quiet:
        typer.echo(f"{path}: {path.stat().st_size / MIB:.2f} MiB; {said}")
