"""A session again, faster than real time: the same notes, bit for bit, or with a bot replaced."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from director.outputs.audio import WavOutput
from director.outputs.base import NoteOn
from director.outputs.midifile import MidiFileOutput
from director.outputs.recording import last_tempo_map
from ensembles.sessions.excerpt import from_bar
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.reading import Session, Take, read_session
from ensembles.sessions.recasting import recast

__all__ = ["ReplayReport", "replay", "write_midi", "write_wav"]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay came to; `sha256` is that of the MIDI file."""

    session: str
    n_bars: int
    music_seconds: float
    wall_seconds: float
    notes_per_bot: dict[str, int]
    n_late_notes: int
    sha256: str
    is_whole: bool


def replay(
    folder: SessionFolder,
    *,
    midi_path: Path | None = None,
    wav_path: Path | None = None,
    first_bar: int = 0,
    replaced: Mapping[str, str] | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> ReplayReport:
    """Replay a session into files.

    Parameters
    ----------
    folder : SessionFolder
    midi_path, wav_path : Path, optional
        Files to write; each appears whole or not at all.
    first_bar : int
        Where to begin, from 0.
    replaced : mapping of str to str, optional
        Bots that others play in the place of, by reference; the rest of the band plays what it
        played, and the new ones hear it.
    on_progress : callable
        Hears the share done of the WAV file, 0..1.

    Raises
    ------
    ConfigError
        When the session cannot be read, or a file not be written.
    OutputUnavailable
        When a WAV file is wanted and pyo is missing.
    BotFailed
        When the code of a bot that is new raises.
    """
    started = time.perf_counter()
    session = read_session(folder)
    n_late = sum(sum((row["n_late"] or {}).values()) for row in session.rows("end"))
    if replaced:
        take, n_late = recast(session, replaced)
    else:
        take = session.take()
    if first_bar:
        take = from_bar(take, first_bar)
    with tempfile.TemporaryDirectory(prefix="musebots-") as scratch:
        path = midi_path or Path(scratch) / "replay.mid"
        write_midi(take, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if wav_path is not None:
        write_wav(take, wav_path, on_progress=on_progress)
    return _report(session, take, digest, n_late, time.perf_counter() - started)


def write_midi(take: Take, path: Path) -> None:
    """Write a take as a MIDI file; see `MidiFileOutput`."""
    asyncio.run(_write(take, MidiFileOutput(path)))


def write_wav(
    take: Take, path: Path, *, on_progress: Callable[[float], None] = lambda share: None
) -> None:
    """Write a take as sound; see `WavOutput`."""
    asyncio.run(_write(take, WavOutput(path, progress=on_progress)))


async def _write(take: Take, output: MidiFileOutput | WavOutput) -> None:
    await output.open(take.score)
    output.begin_with(take.events, stop_tick=take.stop_tick)
    await output.close()


def _report(
    session: Session, take: Take, digest: str, n_late: int, wall_seconds: float
) -> ReplayReport:
    counts = {strip.bot_id: 0 for strip in take.score.strips}
    for event in take.events:
        if isinstance(event, NoteOn):
            counts[event.bot_id] = counts.get(event.bot_id, 0) + 1
    end_tick = take.score.end_tick if take.stop_tick is None else take.stop_tick
    return ReplayReport(
        session=session.name,
        n_bars=take.score.meter_map.bar_at(end_tick),
        music_seconds=last_tempo_map(take.score, list(take.events)).seconds_at(end_tick),
        wall_seconds=wall_seconds,
        notes_per_bot=counts,
        n_late_notes=n_late,
        sha256=digest,
        is_whole=session.is_whole,
    )
