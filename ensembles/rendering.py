"""Render a piece offline: the same agents as live, on virtual time, into files."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import JsonValue

from director.director import Casting, Director, SessionReport
from director.findings import Finding
from director.outputs.audio import WavOutput
from director.outputs.base import Output
from director.outputs.memory import MemoryOutput, paired_notes
from director.outputs.midifile import MidiFileOutput
from director.outputs.targets import check_target
from director.score import Score
from director.steering import SteeringNews
from ensembles.classic.folders import is_classic_folder
from ensembles.config import Piece
from ensembles.guests import GuestSpec
from ensembles.logbook import Logbook, logbook_path
from ensembles.monitoring import MONITOR_ID, MonitorSpec, monitor_of
from ensembles.report.page import write_report
from ensembles.report.record import Record
from ensembles.stage import cast_of, mistakes_of, opened
from ensembles.steering import (
    STEERER_ID,
    guest_of,
    is_flag_driven,
    is_steered,
    taste_of,
    with_policy,
    words_of,
)
from musebots.agent import Link
from musebots.errors import ConfigError
from musebots.faults import one_fault
from musebots.messages import Monitoring
from musebots.network import Address, LoopbackNetwork, Network
from musebots.offline import run_offline
from musebots.registry import resolve

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["Guest", "RenderReport", "perform_here", "render"]

PLAYING_SHARE = 0.35  # of the progress bar, when a WAV file is to follow


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who joins the band without playing, and its settings."""

    agent: Musebot
    settings: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What a render came to; `sha256` is that of the MIDI file, `judged_by` who judged the band."""

    title: str
    seed: int
    n_bars: int
    music_seconds: float
    wall_seconds: float
    notes_per_bot: dict[str, int]
    n_late_notes: int
    sha256: str
    n_flags: int = 0
    n_actions: int = 0
    monitoring: dict[str, str] = field(default_factory=dict)
    judged_by: str = ""


def render(
    piece: Piece,
    *,
    bars: int | None = None,
    bpm: float | None = None,
    seed: int | None = None,
    midi_path: Path | None = None,
    wav_path: Path | None = None,
    stems_path: Path | None = None,
    report_path: Path | None = None,
    is_monitored: bool = False,
    policy: str | None = None,
    target: float | None = None,
    taste: str | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> RenderReport:
    """Render a piece, bit for bit the same for the same piece, seed and version.

    Parameters
    ----------
    piece : Piece
    bars, bpm, seed : optional
        Instead of the piece's own.
    midi_path, wav_path : Path, optional
        Files to write; each appears whole or not at all.
    stems_path : Path, optional
        A folder for the sound of each bot by itself, before the master; wants `wav_path`, too.
    report_path : Path, optional
        A page that shows what the monitor heard and flagged.
    is_monitored : bool
        Whether the monitor listens, also where the piece does not ask for it.
    policy, target : optional
        Who moves the bots between calmer and bolder, and towards what, instead of the piece's own.
    taste : str, optional
        A file of `musebots rate fit`, or ``none``; see `ensembles.steering.taste_of`.
    on_progress : callable
        Hears the share done, 0..1.

    Raises
    ------
    ConfigError
        When a file cannot be written, or a setting is wrong.
    OutputUnavailable
        When a WAV file is wanted and pyo is missing.
    BotFailed
        When a bot's code raises.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one step is too small to share
    started = time.perf_counter()
    for bot in piece.bots:
        if is_classic_folder(bot.bot):
            raise ConfigError(
                f"{bot.id} is a classic musebot: it sounds by itself, and plays live only "
                "(musebots play)"
            )
    if midi_path is not None and wav_path is not None and midi_path.resolve() == wav_path.resolve():
        raise ConfigError(f"MIDI and sound cannot both be written to {midi_path}")
    score = with_policy(piece.score(bars=bars, bpm=bpm, seed=seed), policy, target)
    is_wanted = is_monitored or report_path is not None or is_flag_driven(score.policy)
    monitor = monitor_of(piece, is_wanted=is_wanted)
    steerer, judged_by = None, ""
    if is_steered(piece, score):
        found = taste_of(piece, taste)
        steerer, judged_by = guest_of(found), words_of(found)
    if report_path is not None:
        check_target(report_path)
    share = PLAYING_SHARE if wav_path else 1.0
    with contextlib.ExitStack() as stack:
        logbook = None
        if midi_path is not None:
            check_target(midi_path)
            logbook_path(midi_path).unlink(missing_ok=True)  # of a render before this one
            logbook = Logbook(logbook_path(midi_path), score, is_begun=monitor is not None)
        if midi_path is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="musebots-"))
            midi_path = Path(folder) / "render.mid"
        outputs: list[Output] = [MidiFileOutput(midi_path)]
        if wav_path is not None:
            outputs.append(
                WavOutput(
                    wav_path,
                    stems=stems_path,
                    progress=lambda done: on_progress(share + (1 - share) * done),
                )
            )
        memory, record = MemoryOutput(), None
        if report_path is not None:
            record = Record()
            outputs.append(memory)
        with mistakes_of(piece):
            session = run_offline(
                _render(
                    piece,
                    score,
                    outputs,
                    monitor=monitor,
                    steerer=steerer,
                    record=record,
                    logbook=logbook,
                    on_progress=lambda done: on_progress(share * done),
                )
            )
        if report_path is not None and record is not None:
            write_report(report_path, score, paired_notes(memory.events), record, session)
        digest = hashlib.sha256(midi_path.read_bytes()).hexdigest()
    on_progress(1.0)
    return RenderReport(
        title=piece.title,
        seed=score.seed,
        n_bars=session.n_bars,
        music_seconds=session.music_seconds,
        wall_seconds=time.perf_counter() - started,
        notes_per_bot=dict(session.n_notes),
        n_late_notes=sum(session.n_late.values()),
        sha256=digest,
        n_flags=len(session.flags),
        n_actions=len(session.actions),
        monitoring={of.who: _listened(of) for of in session.monitoring.values()},
        judged_by=judged_by,
    )


def _listened(monitoring: Monitoring) -> str:
    why = f" ({monitoring.why})" if monitoring.n_skipped else ""
    n_steps = monitoring.n_scanned + monitoring.n_skipped
    return f"{monitoring.n_scanned} of {n_steps} steps scanned{why}"


async def _render(
    piece: Piece,
    score: Score,
    outputs: list[Output],
    *,
    monitor: MonitorSpec | None,
    steerer: GuestSpec | None,
    record: Record | None,
    logbook: Logbook | None,
    on_progress: Callable[[float], None],
) -> SessionReport:
    guests: dict[str, Guest] = {}
    if monitor is not None:
        from creativity.monitor import Monitor  # numba: only a session with a monitor needs it

        agent = Monitor()
        if record is not None:
            agent.on_scanned = record.take
        guests[MONITOR_ID] = Guest(agent, monitor.settings)
    if steerer is not None:
        from creativity.steerer import Steerer

        guests[STEERER_ID] = Guest(Steerer(), steerer.settings)

    def on_steering(news: SteeringNews, tick: int) -> None:
        if logbook is not None:
            logbook.steer(news, tick)
        if record is not None:
            record.steer(news)

    async with opened(outputs, score):
        return await perform_here(
            piece,
            score,
            outputs,
            network=LoopbackNetwork(),
            listeners=guests,
            on_finding=logbook.find if logbook else _find_nothing,
            on_steering=on_steering,
            on_progress=on_progress,
        )


def _find_nothing(finding: Finding, tick: int) -> None:
    """Nobody writes it down."""


async def perform_here(
    piece: Piece,
    score: Score,
    outputs: list[Output],
    *,
    network: Network,
    listeners: Mapping[str, Guest] = MappingProxyType({}),
    on_finding: Callable[[Finding, int], None] = lambda finding, tick: None,
    on_steering: Callable[[SteeringNews, int], None] = lambda news, tick: None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> SessionReport:
    """Play a piece with Director and bots in this process, on the running event loop.

    On an offline loop that is a render; on a normal one it plays in real time. `listeners` join the
    band by id without a place in the mix; the music waits for them as for everybody.
    `on_finding` hears what a monitor among them finds, `on_steering` who is made calmer or bolder.

    Raises
    ------
    BotFailed
        When a bot's code raises: without that bot it would not be the piece.
    """
    cast = cast_of(piece, score)
    for bot_id, listener in listeners.items():
        settings = json.dumps(dict(listener.settings), sort_keys=True)
        cast[bot_id] = Casting(listener.agent.role, score.seed, settings)
    director = Director(score, cast, outputs, on_finding=on_finding, on_steering=on_steering)
    address = await director.open(network)
    with one_fault():
        async with asyncio.TaskGroup() as tasks:
            bots = [
                tasks.create_task(_play(bot.id, bot.bot, network, address)) for bot in piece.bots
            ]
            bots += [
                tasks.create_task(listener.agent.run(Link(bot_id, network, address)))
                for bot_id, listener in listeners.items()
            ]
            progress = tasks.create_task(_follow(director, on_progress))
            report = await director.run()
            progress.cancel()
            await asyncio.gather(*bots)
    return report


async def _play(bot_id: str, reference: str, network: Network, address: Address) -> None:
    await resolve(reference).make(bot_id).run(Link(bot_id, network, address))


async def _follow(director: Director, on_progress: Callable[[float], None]) -> None:
    async for bar in director.clock.bars(lead=0.0):
        on_progress(bar / director.score.n_bars)
