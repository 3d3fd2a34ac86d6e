"""A session in one file, to be kept or sent: the journal, the notes, and what it says of itself."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from director.outputs.base import Marker, TempoChange
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.listing import summary_of
from ensembles.sessions.reading import Take, read_session
from ensembles.sessions.replaying import write_midi, write_wav
from musebots.files import write_whole

__all__ = ["of_one_bot", "stems", "write_bundle", "write_stems"]

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same session gives the same bytes


def write_bundle(folder: SessionFolder, path: Path) -> Path:
    """Write a session as a ZIP file: journal, activations if any, MIDI, and a summary.

    Raises
    ------
    ConfigError
        When the session cannot be read or the file not be written.
    """
    session = read_session(folder)
    with tempfile.TemporaryDirectory(prefix="musebots-") as scratch:
        midi = Path(scratch) / "recording.mid"
        write_midi(session.take(), midi)
        summary = {k: v for k, v in asdict(summary_of(folder)).items() if k != "path"}
        files = {
            "journal.jsonl": folder.journal.read_bytes(),
            "recording.mid": midi.read_bytes(),
            "session.json": json.dumps(summary, indent=2).encode() + b"\n",
        }
        if folder.activations.is_file():
            files["activations.jsonl"] = folder.activations.read_bytes()
        for version in sorted(folder.versions.glob("*.py")):
            files[f"versions/{version.name}"] = version.read_bytes()
    write_whole(path, _zipped(files, folder.name))
    return path


def write_stems(
    take: Take, path: Path, *, on_progress: Callable[[float], None] = lambda share: None
) -> Path:
    """Write the sound of each bot alone, as WAV files in a ZIP file; see `WavOutput`.

    Raises
    ------
    ConfigError
        When the file cannot be written.
    OutputUnavailable
        When pyo is missing.
    """
    with tempfile.TemporaryDirectory(prefix="musebots-") as scratch:
        files = {}
        for number, (bot_id, stem) in enumerate(stems(take)):
            wav = Path(scratch) / f"{number}.wav"
            write_wav(stem, wav)
            files[f"{bot_id}.wav"] = wav.read_bytes()
            on_progress((number + 1) / len(take.score.strips))
    write_whole(path, _zipped(files, path.stem))
    return path


def stems(take: Take) -> list[tuple[str, Take]]:
    """Each bot alone, in a recording of its own."""
    return [(strip.bot_id, of_one_bot(take, strip.bot_id)) for strip in take.score.strips]


def of_one_bot(take: Take, bot_id: str) -> Take:
    """What one bot played, with the tempo and the markers of the whole."""
    events = tuple(
        event
        for event in take.events
        if isinstance(event, TempoChange | Marker) or getattr(event, "bot_id", None) == bot_id
    )
    strips = tuple(strip for strip in take.score.strips if strip.bot_id == bot_id)
    return Take(replace(take.score, strips=strips), events, take.stop_tick)


def _zipped(files: dict[str, bytes], folder: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            archive.writestr(
                zipfile.ZipInfo(f"{folder}/{name}", EPOCH), content, zipfile.ZIP_DEFLATED
            )
    return held.getvalue()
