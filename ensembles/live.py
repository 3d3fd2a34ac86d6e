"""Play a piece live: bots as processes, OSC over UDP, sound where there is any, and a recording."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from director.director import DEFAULT_PORT, Director, SessionReport
from director.findings import Finding
from director.outputs.audio import WavOutput
from director.outputs.audio.engine import AudioKind
from director.outputs.audio.packets import StreamAddress
from director.outputs.base import Output
from director.outputs.deadline import DeadlineThread
from director.outputs.midiclock import MidiClockOutput
from director.outputs.midifile import MidiFileOutput
from director.outputs.midiport import MidiPortOutput
from director.outputs.recording import RecordingOutput
from director.score import Score
from director.status import Status
from director.steering import SteeringNews
from ensembles.config import BotSpec, Piece
from ensembles.guests import GuestProcess
from ensembles.hearing import Hearing
from ensembles.hosts import Hosts
from ensembles.lan import Lan, LanOptions, LinkReport
from ensembles.leading import LeaderSpec, Leading
from ensembles.logbook import Logbook, logbook_path
from ensembles.monitoring import (
    MONITOR_ID,
    MonitorProcess,
    MonitorSpec,
    casting_of_monitor,
    compiled_kernels,
    monitor_of,
)
from ensembles.notices import noted
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.keeping import kept
from ensembles.sessions.makings import makings_of
from ensembles.sessions.recorder import JournalledMidiFile, Recorder
from ensembles.sessions.resuming import Saved, taken_up
from ensembles.signals import StopRequest, stopping_on_signals
from ensembles.sounding import opened_sound
from ensembles.stage import cast_of, opened
from ensembles.steering import OnDemand, is_flag_driven, is_steered, with_policy
from ensembles.supervision import Supervisor
from ensembles.web.listening import environment_of
from ensembles.web.process import PAGE_ID, PageOptions, PageProcess, casting_of_page
from musebots.errors import ConfigError, MusebotError
from musebots.network import LOOPBACK_HOST, UdpNetwork

__all__ = ["LiveOptions", "LiveReport", "live", "play_live"]

log = logging.getLogger(__name__)

STATUS_SECONDS = 0.1
SWITCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a performance changes of its piece; None leaves it as it is.

    `audio` is auto, portaudio, jack, browser or none; `midi_out` part of a port's name; `midi_path`
    where the recording goes, by default into the session's own folder. With `ends_on_exiting` a bot
    that broadcasts `exiting` ends the session, as classic conductors have it. `request` is what the
    performer asked for, as plain values: what it takes to go on after a crash; `saved` is a session
    that is taken up again. With `is_monitored` the monitor listens, also where the piece does not
    ask for it. With `page` the live page is served, with `lan` other machines may join. The
    `leader` is who leads the tempo, None the band itself; `clock_out` is part of the name of a port
    that MIDI clock is sent to. `policy` and `target` say who makes the bots calmer or bolder, and
    how creative they are to be; `faders` is part of the name of a MIDI input whose controllers move
    the faders. `hearing` is who is followed.
    """

    bars: int | None = None
    bpm: float | None = None
    seed: int | None = None
    audio: AudioKind | None = None
    midi_out: str | None = None
    midi_path: Path | None = None
    port: int = DEFAULT_PORT
    ends_on_exiting: bool = False
    request: Mapping[str, Any] | None = None
    saved: Saved | None = None
    is_monitored: bool = False
    leader: LeaderSpec | None = None
    clock_out: str | None = None
    policy: str | None = None
    target: float | None = None
    faders: str | None = None
    hearing: Hearing | None = None
    page: PageOptions | None = None
    lan: LanOptions | None = None


@dataclass(frozen=True, slots=True)
class LiveReport:
    """What a performance came to, where its recording lies, and who had to be brought back.

    `links` says how well datagrams travelled between machines.
    """

    session: SessionReport
    recording: Path
    n_restarts: Mapping[str, int] = field(default_factory=dict)
    links: tuple[LinkReport, ...] = ()

    def __str__(self) -> str:
        session = self.session
        notes = ", ".join(f"{bot} {n}" for bot, n in session.n_notes.items())
        ended = "stopped after" if session.was_stopped else "played"
        parts = [
            f"{ended} {session.n_bars} bars in {session.music_seconds:.1f} s; notes: {notes}; "
            f"recorded in {self.recording}"
        ]
        for words, counts in (
            ("late", session.n_late),
            ("of them too late to sound", session.n_missed),
            ("notes refused", session.n_refused),
            ("messages of notes lost", session.n_lost),
            ("datagrams ignored", session.faults),
            ("brought back", self.n_restarts),
        ):
            if counts:
                parts.append(f"{words}: " + ", ".join(f"{who} {n}" for who, n in counts.items()))
        if self.links:
            parts.append("other machines: " + ", ".join(map(str, self.links)))
        if session.flags or session.monitoring:
            parts.append(f"flags: {len(session.flags)}")
        return "; ".join(parts)


def live(
    piece: Piece,
    options: LiveOptions,
    on_status: Callable[[Status], None] = lambda status: None,
    on_notice: Callable[[str], None] = log.warning,
    request: StopRequest | None = None,
) -> LiveReport:
    """Play a piece until it ends or Ctrl-C; returns when everything is silent and gone.

    Parameters
    ----------
    piece : Piece
    options : LiveOptions
    on_status : callable
        Hears where the music is, ten times a second.
    on_notice : callable
        Hears one sentence a performer should know, such as that there is no sound.
    request : StopRequest, optional
        Where the caller handles signals itself (`stopping_on_signals`).

    Raises
    ------
    NetworkError
        When the port is taken.
    ConfigError
        When the recording cannot be written, or an option is wrong.
    OutputUnavailable
        When an output that was asked for by name is missing.
    MusebotError
        When no bot was left before the end; the recording is kept.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)  # the deadline thread must not wait for the loop
    try:
        with contextlib.nullcontext(request) if request else stopping_on_signals() as asked:
            return asyncio.run(play_live(piece, options, asked, on_status, on_notice))
    finally:
        sys.setswitchinterval(interval)


async def play_live(
    piece: Piece,
    options: LiveOptions,
    request: StopRequest,
    on_status: Callable[[Status], None],
    on_notice: Callable[[str], None],
) -> LiveReport:
    """The coroutine behind `live`; `request` ends it."""
    with kept(
        piece.name,
        request=options.request,
        saved=options.saved,
        must_be=options.midi_path is None,
    ) as recorder:
        return await _performed(piece, options, recorder, request, on_status, on_notice)


async def _performed(
    piece: Piece,
    options: LiveOptions,
    recorder: Recorder | None,
    request: StopRequest,
    on_status: Callable[[Status], None],
    on_notice: Callable[[str], None],
) -> LiveReport:
    """A whole performance, written down by the recorder."""
    score = piece.score(bars=options.bars, bpm=options.bpm, seed=options.seed)
    if options.saved is not None:
        score = taken_up(score, options.saved)
    if options.hearing is not None:
        options.hearing.check()
        score = replace(score, follows_harmony=True)
    score = with_policy(score, options.policy, options.target)
    is_wanted = options.is_monitored or is_flag_driven(score.policy)
    monitor = monitor_of(piece, is_wanted=is_wanted, on_notice=on_notice)
    if monitor is not None:
        await compiled_kernels(request, on_notice)
    recording = options.midi_path or _folder_of(recorder).recording
    outputs = [_recording_output(recording, recorder), *_written_and_wired(piece, options)]
    if options.saved is not None:
        before = options.saved.before(score)
        for output in outputs:
            if isinstance(output, RecordingOutput):
                output.begin_with(before.events)
    async with contextlib.AsyncExitStack() as stack:
        pulse = DeadlineThread("pulse")
        pulse.start()
        stack.callback(pulse.stop)
        stream = None if options.page is None else StreamAddress.choose()
        audio = await opened_sound(
            piece,
            score,
            wanted=options.audio,
            stream=stream,
            recording=recording,
            on_notice=on_notice,
        )
        if audio is not None:
            stack.push_async_callback(audio.close)
        await stack.enter_async_context(opened(outputs, score))
        if audio is not None:
            outputs.append(audio)
        leading = await stack.enter_async_context(Leading.by(options.leader, score, on_notice))
        versions = recording.with_name(f"{recording.stem}-versions")
        if recorder is not None:
            versions = recorder.folder.versions
        supervisor = Supervisor(
            piece.source, versions, on_start=recorder.bot_started if recorder else None
        )
        cast = cast_of(piece, score)
        guests = leading.guests
        if options.hearing is not None:
            guests = (*guests, options.hearing.guest)
        cast |= {guest.id: guest.casting(score.seed) for guest in guests}
        logbook = Logbook(logbook_path(recording), score, is_begun=monitor is not None)
        steerer = OnDemand()
        if is_steered(piece, score):
            steerer.start()

        def on_finding(finding: Finding, tick: int) -> None:
            logbook.find(finding, tick)
            if recorder is not None:
                recorder.find(finding, tick)

        def on_steering(news: SteeringNews, tick: int) -> None:
            logbook.steer(news, tick)
            steerer.hear(news, tick)
            if recorder is not None:
                recorder.steer(news, tick)

        if monitor is not None:
            cast[MONITOR_ID] = casting_of_monitor(monitor, score.seed)
        if options.page is not None:
            cast[PAGE_ID] = casting_of_page(
                {
                    **_facts(piece, score, recording, monitor),
                    "sync": str(options.leader or "own clock"),
                    "sound": audio.kind if audio else "none",
                    "session": str(recorder.folder.path.resolve()) if recorder else "",
                    "ratings": str(_ratings_of(recorder, recording).resolve()),
                },
                score.seed,
            )
        director = Director(
            score,
            cast,
            outputs,
            call_at=pulse.call_at,
            caretaker=supervisor,
            ends_on_exiting=options.ends_on_exiting,
            anchor_for=leading.anchor_for,
            on_finding=on_finding,
            on_steering=on_steering,
            witness=recorder,
        )
        director.roster.leave(PAGE_ID)  # nobody waits for the page
        if options.saved is not None:
            director.restore(options.saved.retained)
        lan = None if options.lan is None else Lan(options.lan)
        network = UdpNetwork() if lan is None else lan.network
        address = await director.open(network, port=options.port)
        if recorder is not None:  # not before: the port may belong to the session that is resumed
            recorder.follow(director.clock)
            makings = {bot.id: makings_of(bot) for bot in piece.bots}
            recorder.begin(score, cast, makings, piece=piece.name)
        if lan is not None:
            supervisor.hosts = Hosts((lan.host, address[1]), lan.phrase)
            on_notice(f"other machines join with: {lan.invitation(address[1])}")
            await stack.enter_async_context(lan.announced(piece.name, address[1]))
        supervisor.attach(director, (LOOPBACK_HOST, address[1]))
        stack.push_async_callback(supervisor.end)
        request.attach(director.stop)
        stack.callback(request.detach)
        stack.enter_context(noted(director))
        if options.faders is not None:
            from director.inputs.faders import open_faders  # mido

            moved = open_faders(
                options.faders, lambda: director.playback.channels, director.move_fader
            )
            stack.callback(moved.close)
        await stack.enter_async_context(steerer.serving(director, (LOOPBACK_HOST, address[1])))
        async with _reporting(director, on_status, recorder), leading.of(director):
            if options.hearing is not None:
                await stack.enter_async_context(options.hearing.of(director))
            if monitor is not None:
                listening = await MonitorProcess.start(director, (LOOPBACK_HOST, address[1]))
                stack.push_async_callback(listening.end)
            for guest in guests:
                process = await GuestProcess.start(guest, director, (LOOPBACK_HOST, address[1]))
                stack.push_async_callback(process.end)
            for bot in piece.bots:
                if not _joins_by_itself(bot, options.lan):
                    await supervisor.begin(bot)
            if options.page is not None:
                listening_at = (LOOPBACK_HOST, address[1])
                page = PageProcess(
                    options.page,
                    director,
                    listening_at,
                    on_notice,
                    environment=environment_of(
                        stream if audio and audio.kind == "browser" else None
                    ),
                )
                stack.push_async_callback(page.end)
            session = await director.run()
        if supervisor.mistake is not None:
            raise supervisor.mistake  # within the stack: nothing was played, so nothing is written
    if recorder is not None:
        recorder.end(session, supervisor.n_restarts)
    if supervisor.is_deserted:
        raise MusebotError(f"no bot is left; what was played is in {recording}")
    return LiveReport(session, recording, supervisor.n_restarts, lan.report() if lan else ())


def _joins_by_itself(bot: BotSpec, lan: LanOptions | None) -> bool:
    """Whether a bot is started by people on another machine; `ConfigError` if it cannot join."""
    if lan is None and bot.host is not None:
        raise ConfigError(
            f"{bot.id} plays on {bot.host.name}: say where that reaches this machine, "
            "--listen ADDRESS"
        )
    is_elsewhere = lan is not None and bot.id in lan.elsewhere
    return is_elsewhere or (bot.host is not None and bot.host.ssh is None)


def _ratings_of(recorder: Recorder | None, recording: Path) -> Path:
    """Where ratings are kept: in the session's folder, or beside a recording without one."""
    return recorder.folder.ratings if recorder else recording.with_suffix(".sqlite")


def _facts(
    piece: Piece, score: Score, recording: Path, monitor: MonitorSpec | None
) -> dict[str, JsonValue]:
    """What the page shows of a session that nobody says over OSC."""
    return {
        "piece": piece.name,
        "title": score.title,
        "n_bars": score.n_bars,
        "swing": score.swing,
        "swing_unit_ticks": score.swing_unit_ticks,
        "recording": str(recording),
        "bots": {bot.id: bot.bot for bot in piece.bots},
        "flags_per_hour": monitor.flags_per_hour if monitor else None,
    }


def _folder_of(recorder: Recorder | None) -> SessionFolder:
    if recorder is None:
        raise RuntimeError("a session without a folder records elsewhere")
    return recorder.folder


def _recording_output(path: Path, recorder: Recorder | None) -> Output:
    return MidiFileOutput(path) if recorder is None else JournalledMidiFile(path, recorder)


def _written_and_wired(piece: Piece, options: LiveOptions) -> list[Output]:
    """The MIDI files and ports that the piece or the command line ask for."""
    outputs: list[Output] = []
    for spec in piece.outputs:
        if spec.kind == "midiport" and options.midi_out is None:
            outputs.append(MidiPortOutput(spec.port))
        elif spec.kind == "midiclock" and options.clock_out is None:
            outputs.append(MidiClockOutput(spec.port))
        elif spec.kind == "midifile" and spec.path is not None:
            outputs.append(MidiFileOutput(spec.path))
        elif spec.kind == "wav" and spec.path is not None:
            outputs.append(WavOutput(spec.path))
    if options.midi_out is not None:
        outputs.append(MidiPortOutput(options.midi_out))
    if options.clock_out is not None:
        outputs.append(MidiClockOutput(options.clock_out))
    return outputs


@contextlib.asynccontextmanager
async def _reporting(
    director: Director, on_status: Callable[[Status], None], recorder: Recorder | None
) -> AsyncIterator[None]:
    """Report the status ten times a second while the block runs; keep what it takes to resume."""

    async def report() -> None:
        while True:
            on_status(director.status())
            if recorder is not None:
                recorder.keep(director)
            await asyncio.sleep(STATUS_SECONDS)

    task = asyncio.create_task(report())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
