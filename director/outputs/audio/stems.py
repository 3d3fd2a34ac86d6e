"""Each strip as a file of its own, before the master: their sum is the mix. In the worker only."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np

from director.outputs.audio.jobs import STRIP, Cue
from director.outputs.audio.offline import RenderSettings, synthesise
from director.outputs.targets import part_path
from director.score import Strip

__all__ = ["render_stems", "stem_path"]

IEEE_FLOAT, N_CHANNELS, N_BYTES = 3, 2, 4
HEADER_BYTES = 58


def stem_path(folder: Path, bot_id: str) -> Path:
    """Where a bot's stem is written."""
    return folder / (re.sub(r"[^A-Za-z0-9_-]", "_", bot_id) + ".wav")


def render_stems(
    folder: Path,
    strips: Sequence[Strip],
    cues: Sequence[Cue],
    settings: RenderSettings,
    *,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Write a WAV file (32-bit float, stereo) for each strip, with its fader, pan and room.

    The folder must exist. Each file appears whole or not at all.

    Raises
    ------
    OutputUnavailable
        If a sample is not finite.
    """
    everybody = [*strips, *_guests(strips, cues)]
    paths = [stem_path(folder, strip.bot_id) for strip in everybody]
    n_frames = 0
    with ExitStack() as stack:
        files = [stack.enter_context(part_path(path).open("wb")) for path in paths]
        for file in files:
            _write_header(file, 0, settings.sample_rate_hz)
        for block, done in synthesise(everybody, cues, settings, tap="stems"):
            for index, file in enumerate(files):
                stereo = block[:, 2 * index : 2 * index + 2]
                file.write(np.ascontiguousarray(stereo, dtype="<f4").tobytes())
            n_frames += len(block)
            progress(done)
        for file in files:
            file.seek(0)
            _write_header(file, n_frames, settings.sample_rate_hz)
    for path in paths:
        os.replace(part_path(path), path)


def _guests(strips: Sequence[Strip], cues: Sequence[Cue]) -> list[Strip]:
    """Who joined while the music was played: silent until then, and there from the beginning."""
    known = {strip.bot_id for strip in strips}
    joined = {
        cue.bot_id: Strip(cue.bot_id, cue.kind.removeprefix(STRIP), int(cue.a), int(cue.b))
        for cue in cues
        if cue.kind.startswith(STRIP) and cue.bot_id not in known
    }
    return list(joined.values())


def _write_header(file: BinaryIO, n_frames: int, sample_rate_hz: int) -> None:
    """The RIFF header of 32-bit float samples, which the library's `wave` cannot write."""
    n_data, frame = n_frames * N_CHANNELS * N_BYTES, N_CHANNELS * N_BYTES
    file.write(struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + n_data, b"WAVE"))
    file.write(
        struct.pack(
            "<4sIHHIIHHH", b"fmt ", 18, IEEE_FLOAT, N_CHANNELS, sample_rate_hz,
            sample_rate_hz * frame, frame, 8 * N_BYTES, 0,
        )
    )  # fmt: skip
    file.write(struct.pack("<4sII", b"fact", 4, n_frames))
    file.write(struct.pack("<4sI", b"data", n_data))
