"""Render a piece offline: the same agents as live, on virtual time, into files."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from director.director import Casting, Director, SessionReport
from director.outputs.audio import WavOutput
from director.outputs.base import Output
from director.outputs.midifile import MidiFileOutput
from director.score import Score
from ensembles.classic.folders import is_classic_folder
from ensembles.config import Piece
from ensembles.stage import cast_of, mistakes_of, opened
from musebots.agent import Link
from musebots.errors import ConfigError
from musebots.faults import one_fault
from musebots.network import Address, LoopbackNetwork, Network
from musebots.offline import run_offline
from musebots.registry import resolve

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["RenderReport", "perform_here", "render"]

PLAYING_SHARE = 0.35  # of the progress bar, when a WAV file is to follow


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What a render came to; `sha256` is that of the MIDI file."""

    title: str
    seed: int
    n_bars: int
    music_seconds: float
    wall_seconds: float
    notes_per_bot: dict[str, int]
    n_late_notes: int
    sha256: str


def render(
    piece: Piece,
    *,
    bars: int | None = None,
    bpm: float | None = None,
    seed: int | None = None,
    midi_path: Path | None = None,
    wav_path: Path | None = None,
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
    score = piece.score(bars=bars, bpm=bpm, seed=seed)
    share = PLAYING_SHARE if wav_path else 1.0
    with contextlib.ExitStack() as stack:
        if midi_path is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="musebots-"))
            midi_path = Path(folder) / "render.mid"
        outputs: list[Output] = [MidiFileOutput(midi_path)]
        if wav_path is not None:
            outputs.append(
                WavOutput(wav_path, progress=lambda done: on_progress(share + (1 - share) * done))
            )
        with mistakes_of(piece):
            session = run_offline(
                _render(piece, score, outputs, lambda done: on_progress(share * done))
            )
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
    )


async def _render(
    piece: Piece, score: Score, outputs: list[Output], on_progress: Callable[[float], None]
) -> SessionReport:
    async with opened(outputs, score):
        return await perform_here(
            piece, score, outputs, network=LoopbackNetwork(), on_progress=on_progress
        )


async def perform_here(
    piece: Piece,
    score: Score,
    outputs: list[Output],
    *,
    network: Network,
    listeners: Mapping[str, Musebot] = MappingProxyType({}),
    on_progress: Callable[[float], None] = lambda share: None,
) -> SessionReport:
    """Play a piece with Director and bots in this process, on the running event loop.

    On an offline loop that is a render; on a normal one it plays in real time. `listeners` join the
    band by id without a place in the mix; the music waits for them as for everybody.

    Raises
    ------
    BotFailed
        When a bot's code raises: without that bot it would not be the piece.
    """
    cast = cast_of(piece, score)
    for bot_id, listener in listeners.items():
        cast[bot_id] = Casting(listener.role, score.seed)
    director = Director(score, cast, outputs)
    address = await director.open(network)
    with one_fault():
        async with asyncio.TaskGroup() as tasks:
            bots = [
                tasks.create_task(_play(bot.id, bot.bot, network, address)) for bot in piece.bots
            ]
            bots += [
                tasks.create_task(listener.run(Link(bot_id, network, address)))
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
