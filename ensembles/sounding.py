"""Where a performance sounds: the sound card, JACK, the page, or nowhere; and why, in one line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from director.desk import Desk
from director.outputs.audio import AudioOutput
from director.outputs.audio.engine import AudioKind
from director.outputs.audio.packets import StreamAddress
from director.score import Score
from ensembles.config import OutputSpec, Piece
from musebots.errors import OutputUnavailable

__all__ = ["metered", "opened_sound"]

METER_SECONDS = 0.05


async def opened_sound(
    piece: Piece,
    score: Score,
    *,
    wanted: AudioKind | None,
    stream: StreamAddress | None,
    recording: Path,
    on_notice: Callable[[str], None],
) -> AudioOutput | None:
    """The sound that is wanted, or that there is; None where there is none and nobody insisted.

    Parameters
    ----------
    piece : Piece
    score : Score
    wanted : AudioKind or None
        None leaves it to the piece.
    stream : StreamAddress or None
        Where a page gets the sound from, if there is a page.
    recording : Path
        Where the notes are kept anyway.
    on_notice : callable
        Hears in one sentence what was chosen and why, where that was left open.

    Raises
    ------
    OutputUnavailable
        When what was asked for by name is missing.
    """
    spec = next((out for out in piece.outputs if out.kind == "audio"), OutputSpec("audio"))
    driver = wanted or spec.driver or "auto"
    if driver == "none":
        return None
    output = AudioOutput(driver, stream=stream)
    try:
        await output.open(score)
    except OutputUnavailable as error:
        if driver != "auto":
            raise
        on_notice(f"{error}; playing on silently, recording to {recording}")
        return None
    if output.kind == "browser":
        because = f" ({output.why})" if output.why else ""
        on_notice(f"sound: press Listen on the page{because}")
    elif driver == "auto":
        because = f" ({output.why})" if output.why else ""
        on_notice(f"sound: {output.name.removeprefix('audio ').strip('()')}{because}")
    return output


@contextlib.asynccontextmanager
async def metered(audio: AudioOutput | None, desk: Desk) -> AsyncIterator[None]:
    """Tell those who watch how loud each strip is, twenty times a second, while the block runs."""

    async def meter(output: AudioOutput) -> None:
        while True:
            desk.meter(output.levels)
            await asyncio.sleep(METER_SECONDS)

    task = None if audio is None else asyncio.create_task(meter(audio))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
