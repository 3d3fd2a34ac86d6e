"""Rendering without waiting: pyo in manual mode, block by block, under our own clock.

Runs in the worker process only.
"""

from __future__ import annotations

import ctypes
import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from director.outputs.audio.jobs import Cue
from director.outputs.audio.loudness import integrated_lufs, limited, master_gain
from director.outputs.audio.pyo_module import import_pyo
from director.outputs.audio.synth import Synth, Tap
from director.score import Strip
from musebots.arrays import FloatArray
from musebots.errors import OutputUnavailable

__all__ = ["RenderSettings", "manual_server", "render", "synthesise"]

N_CHANNELS = 2
MAX_INT16 = 32767
CEILING_DB = -1.3
WRITE_SECONDS = 1.0
LIMITER_MARGIN = 1024  # samples; a multiple of its frame, and more than it looks ahead


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How a render is made.

    Parameters
    ----------
    end_seconds : float
        Where the music ends, counted from tick 0; the tail comes after it.
    tail_seconds : float
        For the last notes and the room to die away.
    sample_rate_hz, block_frames : int
        A note begins at the start of the block that its time lies in.
    seed : int
        Of all noise.
    target_lufs : float
        Integrated loudness aimed at.
    max_limiting_db : float
        What the limiter may take from the highest peaks to get there.
    """

    end_seconds: float
    tail_seconds: float = 3.0
    sample_rate_hz: int = 44100
    block_frames: int = 64
    seed: int = 0
    target_lufs: float = -16.0
    max_limiting_db: float = 4.0


def render(
    path: Path,
    strips: Sequence[Strip],
    cues: Sequence[Cue],
    settings: RenderSettings,
    *,
    progress: Callable[[float], None] = lambda done: None,
) -> None:
    """Write 16-bit stereo WAV, mastered; `progress` hears 0..1."""
    with tempfile.TemporaryFile() as raw:
        for block, done in synthesise(strips, cues, settings):
            raw.write(block.tobytes())
            progress(0.95 * done)
        raw.flush()
        mix = np.memmap(raw, dtype=np.float32, mode="r").reshape(-1, N_CHANNELS)
        _write_wave(path, mix, settings)
    progress(1.0)


def synthesise(
    strips: Sequence[Strip], cues: Sequence[Cue], settings: RenderSettings, *, tap: Tap = "master"
) -> Iterator[tuple[FloatArray, float]]:
    """Play the cues; yields about a second at a time.

    Yields
    ------
    (FloatArray, float)
        Frames, float32, and the share done, 0..1. Shape (n_frames, 2), or (n_frames, 2 n_strips)
        of stems: the left and right of each strip in turn.

    Raises
    ------
    OutputUnavailable
        If a sample is not finite: all that follows it would be silence.
    """
    waiting = sorted(cues, key=lambda cue: cue.seconds)
    n_frames = round((settings.end_seconds + settings.tail_seconds) * settings.sample_rate_hz)
    n_blocks = -(-n_frames // settings.block_frames)
    blocks_per_yield = max(
        1, round(WRITE_SECONDS * settings.sample_rate_hz / settings.block_frames)
    )
    n_channels = 2 * len(strips) if tap == "stems" else N_CHANNELS
    with manual_server(settings, n_channels) as (pyo, server, output):
        synth = Synth(
            pyo, strips, sample_rate_hz=settings.sample_rate_hz, seed=settings.seed, tap=tap
        )
        chunk = np.zeros((blocks_per_yield, output.size), dtype=np.float32)
        following = 0
        for block in range(n_blocks):
            end_seconds = (block + 1) * settings.block_frames / settings.sample_rate_hz
            while following < len(waiting) and waiting[following].seconds < end_seconds:
                synth.handle(waiting[following])
                following += 1
            server.process()
            row = block % blocks_per_yield
            chunk[row] = output
            if row == blocks_per_yield - 1 or block == n_blocks - 1:
                stereo = chunk[: row + 1].reshape(-1, n_channels).copy()
                if not np.isfinite(stereo).all():
                    raise OutputUnavailable(
                        f"the synthesiser failed before {end_seconds:.1f} s (a sample is not a"
                        " finite number), so that the file is not written; please report the piece"
                        " and its seed"
                    )
                yield stereo, (block + 1) / n_blocks


@contextmanager
def manual_server(
    settings: RenderSettings, n_channels: int = N_CHANNELS
) -> Iterator[tuple[Any, Any, FloatArray]]:
    """pyo, a server that waits for us, and a view of the block that it computes."""
    pyo = import_pyo()
    server = pyo.Server(
        sr=settings.sample_rate_hz, nchnls=n_channels, buffersize=settings.block_frames,
        duplex=0, audio="manual",
    )  # fmt: skip
    server.setVerbosity(1)
    server.deactivateMidi()
    server.boot()
    server.setGlobalSeed(settings.seed + 1)  # 0 would mean: seed from the clock
    server.start()
    address = ctypes.cast(int(server.getOutputAddr(), 16), ctypes.POINTER(ctypes.c_float))
    try:
        yield pyo, server, np.ctypeslib.as_array(address, (settings.block_frames * n_channels,))
    finally:
        server.stop()
        server.shutdown()


def _write_wave(path: Path, mix: FloatArray, settings: RenderSettings) -> None:
    """Bring the mix to level and write it, ten seconds at a time, to spare memory."""
    rate = settings.sample_rate_hz
    peak = max(float(np.abs(mix[a:b]).max()) for a, b in _spans(len(mix), rate))
    gain = master_gain(
        integrated_lufs(mix, rate),
        peak,
        target_lufs=settings.target_lufs,
        ceiling_db=CEILING_DB,
        max_limiting_db=settings.max_limiting_db,
    )
    ceiling = 10.0 ** (CEILING_DB / 20.0)
    with path.open("wb") as file, wave.open(file, "wb") as writer:
        writer.setnchannels(N_CHANNELS)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        for begin, end in _spans(len(mix), rate):
            # The limiter looks around each sample: give it a margin, and cut that off again.
            before, after = max(0, begin - LIMITER_MARGIN), end + LIMITER_MARGIN
            part = limited(mix[before:after] * np.float32(gain), rate, ceiling=ceiling)
            part = part[begin - before : end - before]
            writer.writeframes(np.rint(part * MAX_INT16).astype("<i2").tobytes())


def _spans(n_frames: int, rate: int) -> Iterator[tuple[int, int]]:
    """Begin and end of stretches of about ten seconds, a whole number of limiter frames each."""
    length = 10 * rate - 10 * rate % LIMITER_MARGIN
    for begin in range(0, n_frames, length):
        yield begin, min(begin + length, n_frames)
