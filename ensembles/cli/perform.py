"""`musebots play` and `musebots render`: a piece as sound, now or into files."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ensembles.cli.control import Mode
from ensembles.cli.options import (
    AsJson,
    Bars,
    Bpm,
    Key,
    PieceName,
    Quiet,
    Seed,
    Verbose,
    set_up_logging,
)

if TYPE_CHECKING:
    from ensembles.hearing import Hearing
    from ensembles.lan import LanOptions
    from ensembles.leading import LeaderSpec

__all__ = ["AudioDriver", "play", "render"]

CONDUCTOR_PORT = 4747
Policy = Annotated[
    Mode | None, typer.Option("--policy", help="Who makes the bots calmer or bolder.")
]
Target = Annotated[
    float | None,
    typer.Option("--target", min=0, max=1, help="How creative to be: policies nudge, insist."),
]
TasteFile = Annotated[
    str | None,
    typer.Option("--taste", help="What listeners prefer, of 'rate fit'; taste.json here; or none."),
]
PAGE_PORT = 4748


class AudioDriver(StrEnum):
    """Where sound comes from: `auto` takes what there is, and goes on silently without."""

    AUTO = "auto"
    PORTAUDIO = "portaudio"
    JACK = "jack"
    BROWSER = "browser"
    NONE = "none"


def play(
    piece: PieceName = "trio",
    bars: Bars = None,
    bpm: Bpm = None,
    seed: Seed = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Take up the session here that was cut off.")
    ] = False,
    audio: Annotated[
        AudioDriver | None,
        typer.Option("--audio", help="Where it sounds; browser: on the page, by Listen."),
    ] = None,
    midi_out: Annotated[
        str | None, typer.Option("--midi-out", help="Also play into this MIDI port.")
    ] = None,
    sync: Annotated[
        str | None,
        typer.Option("--sync", help="Who leads the tempo: internal (the band), midi:PORT or link."),
    ] = None,
    clock_out: Annotated[
        str | None, typer.Option("--clock-out", help="Send MIDI clock to this MIDI port.")
    ] = None,
    midi_in: Annotated[
        str | None, typer.Option("--midi-in", help="Follow who plays at this MIDI port.")
    ] = None,
    follows_tempo: Annotated[
        bool, typer.Option("--follow-tempo", help="With --midi-in: keep to their tempo, too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Record the session to this MIDI file.")
    ] = None,
    bots: Annotated[
        Path | None,
        typer.Option("--bots", help="Folder of the classic musebots that an ensemble file names."),
    ] = None,
    is_monitored: Annotated[
        bool, typer.Option("--monitor", help="Have the creativity monitor listen.")
    ] = False,
    has_page: Annotated[
        bool, typer.Option("--page", help="Serve the live page: see, mix and rate the band.")
    ] = False,
    page_host: Annotated[
        str, typer.Option("--page-host", help="Where to serve it; beyond this machine by token.")
    ] = "127.0.0.1",
    page_port: Annotated[
        int, typer.Option("--page-port", min=0, max=65535, help="Its TCP port; 0: any.")
    ] = PAGE_PORT,
    opens_browser: Annotated[
        bool, typer.Option("--open", help="Serve the page and open a browser on it.")
    ] = False,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="ADDRESS", help="Let other machines join, by the key."),
    ] = None,
    key: Key = "",
    classic: Annotated[
        list[str] | None,
        typer.Option("--classic", metavar="HOST", help="Let that machine's classic bots play."),
    ] = None,
    elsewhere: Annotated[
        list[str] | None,
        typer.Option("--elsewhere", metavar="BOT", help="Not started here: it joins by itself."),
    ] = None,
    policy: Policy = None,
    target: Target = None,
    taste: TasteFile = None,
    faders: Annotated[
        str | None, typer.Option("--faders", help="Move faders by the wheels of this MIDI input.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The Director's UDP port; 0: any.")
    ] = CONDUCTOR_PORT,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Play a piece live: each musebot in a process of its own, over OSC."""
    set_up_logging(verbose, quiet)
    from ensembles.classic.pieces import is_set, load_set
    from ensembles.config import load_piece
    from ensembles.perform import LiveOptions, live
    from ensembles.progress import StatusLine, tell
    from ensembles.sessions.resuming import read_unfinished
    from ensembles.signals import stopping_on_signals
    from ensembles.web.process import PageOptions

    request: dict[str, Any] = {"piece": piece, "bots": None if bots is None else str(bots),
               "bars": bars, "bpm": bpm, "seed": seed, "monitor": is_monitored,
               "sync": sync, "midi_in": midi_in, "follow_tempo": follows_tempo,
               "policy": policy and policy.value, "target": target, "taste": taste,
               "listen": listen, "classic": classic, "elsewhere": elsewhere}  # fmt: skip
    saved = read_unfinished() if resume else None
    if saved is not None:
        request = saved.request
        piece, bars, bpm, seed = (request[key] for key in ("piece", "bars", "bpm", "seed"))
        bots = Path(request["bots"]) if request["bots"] else None
        is_monitored = bool(request.get("monitor"))
        sync = request.get("sync")
        policy = Mode(request["policy"]) if request.get("policy") else None
        target, taste = request.get("target"), request.get("taste")
        midi_in, follows_tempo = request.get("midi_in"), bool(request.get("follow_tempo"))
        listen, classic = listen or request.get("listen"), request.get("classic")
        elsewhere = request.get("elsewhere")
    is_classic = is_set(piece)
    chosen = load_set(Path(piece), bots) if is_classic else load_piece(piece)
    lan = _lan_options(listen, key, classic, elsewhere)
    page = PageOptions(page_host, page_port, opens_browser)
    leader = _leader(sync or chosen.table.sync.leader)
    options = LiveOptions(
        bars=bars,
        bpm=bpm,
        seed=seed,
        audio=None if audio is None else audio.value,
        midi_out=midi_out,
        midi_path=out,
        port=port,
        ends_on_exiting=is_classic,
        request=request,
        saved=saved,
        is_monitored=is_monitored,
        leader=leader,
        clock_out=clock_out,
        policy=policy and policy.value,
        target=target,
        taste=taste,
        faders=faders,
        hearing=_hearing(midi_in, follows_tempo=follows_tempo, is_led=leader is not None),
        page=page if has_page or opens_browser or audio is AudioDriver.BROWSER else None,
        lan=lan,
    )
    with stopping_on_signals(is_last=True) as asked:
        if quiet:
            live(chosen, options, request=asked)
            return
        with StatusLine() as line:
            report = live(chosen, options, line, tell, asked)
        tell(str(report), style="")


def _lan_options(
    listen: str | None, key: str, classic: list[str] | None, elsewhere: list[str] | None
) -> LanOptions | None:
    """What is opened to other machines; nothing unless it is asked for."""
    from ensembles.lan import LanOptions

    if listen is None:
        for name, value in (("--classic", classic), ("--elsewhere", elsewhere)):
            if value:
                raise typer.BadParameter("needs --listen ADDRESS", param_hint=name)
        return None
    return LanOptions(listen, key, tuple(classic or ()), tuple(elsewhere or ()))


def _hearing(midi_in: str | None, *, follows_tempo: bool, is_led: bool) -> Hearing | None:
    from ensembles.hearing import Hearing

    if follows_tempo and midi_in is None:
        raise typer.BadParameter("needs --midi-in PORT", param_hint="--follow-tempo")
    if follows_tempo and is_led:
        raise typer.BadParameter("the tempo has a leader already", param_hint="--follow-tempo")
    return None if midi_in is None else Hearing(midi_in, follows_tempo)


def _leader(text: str) -> LeaderSpec | None:
    from ensembles.leading import read_leader
    from musebots.errors import ConfigError

    try:
        return read_leader(text)
    except ValueError as error:
        raise ConfigError(f"--sync: {error}") from error


def render(
    piece: PieceName = "trio",
    bars: Bars = None,
    bpm: Bpm = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The MIDI file; PIECE.mid unless given.")
    ] = None,
    wav: Annotated[
        Path | None, typer.Option("--wav", help="Also synthesise this WAV file.")
    ] = None,
    stems: Annotated[
        Path | None,
        typer.Option("--stems", help="Also write each bot's own sound into this folder."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Also write a page with what the monitor heard."),
    ] = None,
    is_monitored: Annotated[
        bool, typer.Option("--monitor", help="Have the creativity monitor listen.")
    ] = False,
    policy: Policy = None,
    target: Target = None,
    taste: TasteFile = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Render a piece faster than real time: the same seed gives the same file, byte for byte."""
    set_up_logging(verbose, quiet)
    from ensembles.config import load_piece
    from ensembles.perform import render as render_piece
    from ensembles.progress import share_done

    chosen = load_piece(piece)
    midi_path = out or Path(f"{chosen.name}.mid")
    with share_done(f"Rendering {chosen.title}", is_shown=not quiet) as on_progress:
        done = render_piece(
            chosen,
            bars=bars,
            seed=seed,
            bpm=bpm,
            midi_path=midi_path,
            wav_path=wav or (stems / "master.wav" if stems is not None else None),
            stems_path=stems,
            report_path=report,
            is_monitored=is_monitored,
            policy=policy and policy.value,
            target=target,
            taste=taste,
            on_progress=on_progress,
        )
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2, default=str))
    elif not quiet:
        files = " and ".join(
            str(path) for path in (midi_path, wav, stems, report) if path is not None
        )
        late = f", {done.n_late_notes} late" if done.n_late_notes else ""
        flags = f", {done.n_flags} flags" if done.monitoring else ""
        typer.echo(
            f"{files}: {done.n_bars} bars, {sum(done.notes_per_bot.values())} notes{late}, "
            f"{done.music_seconds:.1f} s of music in {done.wall_seconds:.1f} s{flags}"
        )
        if done.judged_by:
            typer.echo(done.judged_by)
