"""Recordings made alike: as long, as loud, with the same ends."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from director.outputs.audio.loudness import integrated_lufs
from musebots.arrays import FloatArray

__all__ = ["TARGET_LUFS", "Levelled", "level"]

TARGET_LUFS = -20.0
FADE_IN_SECONDS, FADE_OUT_SECONDS = 0.02, 1.5
_AUDIBLE = 1e-3
_FULL_SCALE = 32767.0
_CEILING = 0.97


@dataclass(frozen=True, slots=True)
class Levelled:
    """What became of a recording: seconds, LUFS, and the peak, linear."""

    seconds: float
    lufs: float
    peak: float


def level(source: Path, target: Path, *, seconds: float) -> Levelled:
    """Cut a 16-bit stereo WAV file from its first sound on, fade its ends, and set its loudness.

    Parameters
    ----------
    source, target : Path
        Read, and written.
    seconds : float
        Length; what is shorter is filled up with silence.

    Notes
    -----
    Loudness is integrated over the cut (`integrated_lufs`); a cut whose peaks would clip at
    `TARGET_LUFS` stays softer.
    """
    sound, rate = _read(source)
    n_frames = round(seconds * rate)
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > _AUDIBLE)
    start = int(loud[0]) if len(loud) else 0
    cut = np.zeros((n_frames, 2))
    kept = sound[start : start + n_frames]
    cut[: len(kept)] = kept
    cut *= _fades(n_frames, rate)[:, None]
    lufs, peak = integrated_lufs(cut, rate), float(np.abs(cut).max())
    if np.isfinite(lufs):
        cut *= min(10 ** ((TARGET_LUFS - lufs) / 20), _CEILING / peak)
    _write(target, cut, rate)
    return Levelled(n_frames / rate, integrated_lufs(cut, rate), float(np.abs(cut).max()))


def _fades(n_frames: int, rate: int) -> FloatArray:
    gain = np.ones(n_frames)
    for n_fade, at_end in (
        (min(n_frames, round(FADE_IN_SECONDS * rate)), False),
        (min(n_frames, round(FADE_OUT_SECONDS * rate)), True),
    ):
        rise = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, n_fade))
        if at_end:
            gain[n_frames - n_fade :] *= rise[::-1]
        else:
            gain[:n_fade] *= rise
    return gain


def _read(path: Path) -> tuple[FloatArray, int]:
    """(n_frames, 2), full scale 1, and the sample rate in Hz."""
    with wave.open(str(path), "rb") as file:
        raw = file.readframes(file.getnframes())
        n_channels, rate = file.getnchannels(), file.getframerate()
    frames = np.frombuffer(raw, dtype="<i2").reshape(-1, n_channels)
    return frames.astype(np.float64) / _FULL_SCALE, rate


def _write(path: Path, sound: FloatArray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(sound * _FULL_SCALE).astype("<i2").tobytes())
