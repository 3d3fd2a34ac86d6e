"""Downloads of the session that plays: MIDI, WAV, stems, the bundle; as far as it has come.

What can be had is a fixed list of words, and where the session lies the Director says: nothing that
a browser sends becomes part of a path. One download is made at a time, out of the loop's way.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ensembles.sessions.bundle import write_bundle, write_stems
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.reading import read_session
from ensembles.sessions.replaying import write_midi, write_wav
from ensembles.web.state import Stage
from musebots.errors import ConfigError, MusebotError

__all__ = ["DOWNLOADS", "Download", "download_routes"]


@dataclass(frozen=True, slots=True)
class Download:
    """One kind: how it is named, said, and made from a session into a file."""

    kind: str
    ending: str
    media_type: str
    title: str
    words: str
    make: Callable[[SessionFolder, Path], object]


DOWNLOADS = (
    Download(
        "midi", ".mid", "audio/midi", "MIDI", "the notes so far, as a MIDI file",
        lambda folder, path: write_midi(read_session(folder).take(), path),
    ),
    Download(
        "wav", ".wav", "audio/wav", "WAV", "the sound so far; it takes a moment to be made",
        lambda folder, path: write_wav(read_session(folder).take(), path),
    ),
    Download(
        "stems", "-stems.zip", "application/zip", "Stems", "the sound of each bot alone, as WAV",
        lambda folder, path: write_stems(read_session(folder).take(), path),
    ),
    Download(
        "bundle", ".zip", "application/zip", "Session",
        "all that was written down: journal, notes, summary",
        write_bundle,
    ),
)  # fmt: skip


def download_routes(stage: Stage) -> Sequence[BaseRoute]:
    """The part of the page that is taken home; see `Part` of the application."""
    one_at_a_time = asyncio.Lock()

    async def listed(request: Request) -> Response:
        return JSONResponse(_listed() if _folder(stage) is not None else [])

    async def download(request: Request) -> Response:
        kind = request.path_params["kind"]
        chosen = next((one for one in DOWNLOADS if one.kind == kind), None)
        folder = _folder(stage)
        if chosen is None or folder is None:
            return PlainTextResponse("there is no such download", 404)
        async with one_at_a_time:
            scratch = Path(tempfile.mkdtemp(prefix="musebots-"))
            path = scratch / f"{folder.name}{chosen.ending}"
            try:
                await asyncio.to_thread(chosen.make, folder, path)
            except MusebotError as error:
                shutil.rmtree(scratch, ignore_errors=True)
                return PlainTextResponse(str(error), _status_of(error))
            except BaseException:
                shutil.rmtree(scratch, ignore_errors=True)
                raise
        return FileResponse(
            path,
            media_type=chosen.media_type,
            filename=path.name,
            background=BackgroundTask(shutil.rmtree, scratch, ignore_errors=True),
        )

    return [Route("/downloads.json", listed), Route("/download/{kind}", download)]


def _listed() -> list[JsonValue]:
    return [{"kind": one.kind, "title": one.title, "words": one.words} for one in DOWNLOADS]


def _status_of(error: MusebotError) -> int:
    return 404 if isinstance(error, ConfigError) else 503


def _folder(stage: Stage) -> SessionFolder | None:
    """Where the session lies; None where it is not kept."""
    facts = stage.fact("session")
    path = facts.get("session") if isinstance(facts, dict) else None
    if not isinstance(path, str) or not path:
        return None
    folder = SessionFolder(Path(path))
    with contextlib.suppress(OSError):
        return folder if folder.journal.is_file() else None
    return None
