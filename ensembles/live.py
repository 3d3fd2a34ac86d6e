"""Play a piece live: bots as processes, OSC over UDP, sound where there is any, and a recording."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from director.director import Director
from director.findings import Finding
from director.outputs.audio.packets import StreamAddress
from director.outputs.deadline import DeadlineThread
from director.status import Status
from director.steering import SteeringNews
from ensembles.config import Piece
from ensembles.guests import GuestProcess
from ensembles.hosts import Hosts, joins_by_itself
from ensembles.lan import Lan
from ensembles.leading import Leading
from ensembles.logbook import Logbook, logbook_path
from ensembles.monitoring import (
    MONITOR_ID,
    MonitorProcess,
    casting_of_monitor,
    compiled_kernels,
    monitor_of,
)
from ensembles.notices import noted
from ensembles.outlets import outlets_of, recording_of
from ensembles.performance import LiveOptions, LiveReport
from ensembles.sessions.keeping import kept
from ensembles.sessions.makings import makings_of
from ensembles.sessions.recorder import Recorder
from ensembles.sessions.resuming import taken_up
from ensembles.signals import StopRequest, stopping_on_signals
from ensembles.sounding import metered, opened_sound
from ensembles.stage import casting_of, opened
from ensembles.steering import (
    OnDemand,
    guest_of,
    is_flag_driven,
    is_steered,
    taste_of,
    with_policy,
    words_of,
)
from ensembles.supervision import Supervisor
from ensembles.web.facts import facts_of
from ensembles.web.listening import environment_of
from ensembles.web.process import PAGE_ID, PageProcess, casting_of_page
from musebots.errors import MusebotError
from musebots.network import LOOPBACK_HOST, UdpNetwork

__all__ = ["live", "play_live"]

log = logging.getLogger(__name__)

STATUS_SECONDS = 0.1
SWITCH_SECONDS = 0.0005


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
    recording = recording_of(options, recorder)
    outputs = outlets_of(piece, options, score, recorder)
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
        bots = piece.bots if options.saved is None else options.saved.lineup(piece.bots)
        cast = {bot.id: casting_of(bot, score) for bot in bots}
        guests = leading.guests
        if options.hearing is not None:
            guests = (*guests, options.hearing.guest)
        cast |= {guest.id: guest.casting(score.seed) for guest in guests}
        logbook = Logbook(logbook_path(recording), score, is_begun=monitor is not None)
        taste = taste_of(piece, options.taste, on_notice=on_notice)
        steerer = OnDemand(guest_of(taste))
        if is_steered(piece, score):
            on_notice(words_of(taste))
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
                facts_of(
                    piece,
                    score,
                    recording,
                    recorder,
                    monitor,
                    sync=str(options.leader or "own clock"),
                    sound=audio.kind if audio else "none",
                ),
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
            makings = {bot.id: makings_of(bot) for bot in bots}
            recorder.begin(score, cast, makings, piece=piece.name)
        if lan is not None:
            supervisor.hosts = Hosts((lan.host, address[1]), lan.phrase)
            on_notice(f"other machines join with: {lan.invitation(address[1])}")
            await stack.enter_async_context(lan.announced(piece.name, address[1]))
        gone = () if options.saved is None else options.saved.gone
        supervisor.attach(director, (LOOPBACK_HOST, address[1]), gone=gone)
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
        async with (
            _reporting(director, on_status, recorder, supervisor),
            metered(audio, director.desk),
            leading.of(director),
        ):
            if options.hearing is not None:
                await stack.enter_async_context(options.hearing.of(director))
            if monitor is not None:
                listening = await MonitorProcess.start(director, (LOOPBACK_HOST, address[1]))
                stack.push_async_callback(listening.end)
            for guest in guests:
                process = await GuestProcess.start(guest, director, (LOOPBACK_HOST, address[1]))
                stack.push_async_callback(process.end)
            for bot in bots:
                if not joins_by_itself(bot, options.lan):
                    await supervisor.begin(bot, is_of_the_piece=bot in piece.bots)
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


@contextlib.asynccontextmanager
async def _reporting(
    director: Director,
    on_status: Callable[[Status], None],
    recorder: Recorder | None,
    supervisor: Supervisor,
) -> AsyncIterator[None]:
    """Report the status ten times a second while the block runs; keep what it takes to resume."""

    async def report() -> None:
        while True:
            on_status(director.status())
            if recorder is not None:
                recorder.keep(director, supervisor)
            await asyncio.sleep(STATUS_SECONDS)

    task = asyncio.create_task(report())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
