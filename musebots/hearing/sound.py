"""From samples to notes: onsets, pitch and loudness of one voice, as they come. numpy alone.

Notes
-----
Onsets are peaks of the spectral flux over its running median (J. P. Bello et al., A tutorial on
onset detection in music signals, IEEE Trans. Speech and Audio Processing 13(5), 2005; S. Dixon,
Onset detection revisited, DAFx 2006). Pitch is YIN (A. de Cheveigné and H. Kawahara, YIN, a
fundamental frequency estimator for speech and music, J. Acoust. Soc. Am. 111(4), 2002), steps 1-5
without the last.
"""

from __future__ import annotations

import math
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musebots.arrays import FloatArray
from musebots.errors import ConfigError

__all__ = ["SoundEar", "SoundNote", "read_wav", "velocity_of"]

HOP_SECONDS = 0.01
WINDOW_SECONDS = 0.046
N_MEDIAN = 12  # hops on either side in time: what flux is usual
FLUX_ABOVE = 2.0
FLUX_TIMES = 1.6
SILENCE_DB = -50.0
FALLING_DB = 1.0
BEFORE_HOPS = 4
APART_HOPS = 6
PITCH_AFTER_SECONDS = 0.05  # behind the onset, where the note has settled
LOWEST_HZ, HIGHEST_HZ = 55.0, 1600.0
YIN_THRESHOLD = 0.15
COMPRESSION = 100.0
HIGHEST_HEARD_HZ = 5000.0


@dataclass(frozen=True, slots=True)
class SoundNote:
    """A note that was heard.

    Parameters
    ----------
    seconds : float
        When it began, from the first sample on.
    pitch : int or None
        MIDI pitch; None for a noise.
    loudness_db : float
        Of its first tenth of a second, relative to full scale (RMS).
    end_seconds : float or None
        When it fell silent; None while it sounds, or where the next one ended it.
    """

    seconds: float
    pitch: int | None
    loudness_db: float
    end_seconds: float | None = None


def velocity_of(loudness_db: float) -> int:
    """How hard a note of this loudness was played: -50 dB is 1, -6 dB and more is 127."""
    return max(1, min(127, round(1 + 126 * (loudness_db + 50.0) / 44.0)))


def read_wav(path: Path) -> tuple[FloatArray, int]:
    """The samples of a WAV file, mixed to one channel, -1..1, and its sample rate in Hz.

    Raises
    ------
    ConfigError
        If there is none, or it is not PCM of 8, 16, 24 or 32 bits.
    """
    try:
        with wave.open(str(path), "rb") as file:
            n_channels, width, rate_hz = file.getparams()[:3]
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"cannot read {path} as a WAV file: {error}") from error
    if width == 1:
        whole = (np.frombuffer(data, np.uint8).astype(np.float64) - 128.0) / 128.0
    elif width == 3:
        bytes_ = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
        joined = bytes_[:, 0] << 8 | bytes_[:, 1] << 16 | bytes_[:, 2] << 24
        whole = joined.astype(np.float64) / 2.0**31
    else:
        kind = np.dtype(f"<i{width}")
        whole = np.frombuffer(data, kind).astype(np.float64) / 2.0 ** (8 * width - 1)
    mono: FloatArray = whole.reshape(-1, n_channels).mean(axis=1)
    return mono, rate_hz


class SoundEar:
    """Listens to samples, in pieces of any size; what it hears does not depend on their sizes.

    Parameters
    ----------
    rate_hz : int
        Sample rate.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._hop = max(1, round(HOP_SECONDS * rate_hz))
        self._n_window = 1 << round(math.log2(WINDOW_SECONDS * rate_hz))
        self._window = np.hanning(self._n_window)
        self._scale = 2.0 / self._window.sum()  # a sine of full scale is 1
        self._n_bins = round(HIGHEST_HEARD_HZ / rate_hz * self._n_window)
        self._samples: FloatArray = np.zeros(0)
        self._first_sample = 0  # of those that are kept
        self._n_hops = 0
        self._spectrum: FloatArray | None = None
        self._flux: list[float] = []
        self._levels_db: list[float] = []
        self._last_onset = -APART_HOPS
        self._pending: list[int] = []  # hops with an onset whose pitch is not known yet
        self._is_sounding = False

    def hear(self, samples: FloatArray) -> list[SoundNote]:
        """Take in samples; the notes that have become known, and the ends of some known before.

        An end comes as a note of pitch None whose `end_seconds` is set.
        """
        self._samples = np.concatenate([self._samples, samples])
        found: list[SoundNote] = []
        while (at := self._n_hops * self._hop - self._first_sample) + self._n_window <= len(
            self._samples
        ):
            self._take_hop(self._samples[at : at + self._n_window])
            found += self._settled()
            self._n_hops += 1
        self._forget()
        return found

    def _take_hop(self, frame: FloatArray) -> None:
        level = math.sqrt(float(np.mean(frame[-2 * self._hop :] ** 2)))
        self._levels_db.append(20.0 * math.log10(max(level, 1e-6)))
        loud = np.abs(np.fft.rfft(frame * self._window)[: self._n_bins]) * self._scale
        spectrum = np.log1p(COMPRESSION * loud)
        before = spectrum if self._spectrum is None else self._spectrum
        if self._n_hops == 0:
            before = np.zeros_like(spectrum)
        self._flux.append(float(np.maximum(spectrum - before, 0.0).sum()))
        self._spectrum = spectrum

    def _settled(self) -> Iterator[SoundNote]:
        """What has become clear with this hop."""
        hop = self._n_hops - 1  # a peak is known one hop later
        if hop >= 0 and self._is_onset(hop):
            self._last_onset = hop
            self._pending.append(hop)
        behind = round(PITCH_AFTER_SECONDS / HOP_SECONDS)
        while self._pending and self._pending[0] + behind <= self._n_hops:
            onset = self._pending.pop(0)
            self._is_sounding = True
            yield self._note(onset, behind)
        if self._is_sounding and not self._pending and self._levels_db[-1] < SILENCE_DB:
            self._is_sounding = False
            seconds = (self._n_hops * self._hop + self._n_window) / self._rate_hz
            yield SoundNote(seconds, None, self._levels_db[-1], end_seconds=seconds)

    def _is_onset(self, hop: int) -> bool:
        flux = self._flux
        around = flux[max(0, hop - N_MEDIAN) : hop]
        usual = float(np.median(around)) if around else 0.0
        is_peak = flux[hop] >= flux[hop + 1] and (hop == 0 or flux[hop] > flux[hop - 1])
        loudest = max(self._levels_db[hop : hop + 2])
        # What ends spreads over the spectrum, too, but it does not get louder.
        is_end = self._levels_db[hop] < self._levels_db[max(0, hop - BEFORE_HOPS)] - FALLING_DB
        return (
            is_peak
            and flux[hop] > FLUX_ABOVE + FLUX_TIMES * usual
            and hop - self._last_onset >= APART_HOPS
            and loudest > SILENCE_DB
            and not is_end
        )

    def _note(self, onset: int, behind: int) -> SoundNote:
        start = (onset + behind) * self._hop - self._first_sample
        frame = self._samples[start : start + self._n_window]
        # A window shows an onset when it reaches it: the note begins near the window's end.
        seconds = (onset * self._hop + 0.5 * self._n_window) / self._rate_hz
        loudness = max(self._levels_db[onset : onset + behind + 1])
        return SoundNote(seconds, pitch_of(frame, self._rate_hz), loudness)

    def _forget(self) -> None:
        """Drop samples that nothing will look at again."""
        behind = round(PITCH_AFTER_SECONDS / HOP_SECONDS) + 2
        keep_from = max(0, (self._n_hops - behind - 1) * self._hop)
        n_old = keep_from - self._first_sample
        if n_old > self._rate_hz:
            self._samples = self._samples[n_old:]
            self._first_sample = keep_from


def pitch_of(frame: FloatArray, rate_hz: int) -> int | None:
    """The MIDI pitch of a stretch of sound (YIN); None where it has none.

    Examples
    --------
    >>> t = np.arange(2048) / 44100
    >>> pitch_of(np.sin(2 * np.pi * 440.0 * t), 44100)
    69
    """
    n = len(frame) // 2
    longest = min(n - 1, int(rate_hz / LOWEST_HZ))
    shortest = max(2, int(rate_hz / HIGHEST_HZ))
    if longest <= shortest:
        return None
    size = 1 << (len(frame) + n - 1).bit_length()
    spectrum = np.fft.rfft(frame, size)
    head = np.fft.rfft(frame[:n], size)
    correlation = np.fft.irfft(spectrum * np.conj(head), size)[: longest + 1]
    power = np.concatenate([[0.0], np.cumsum(frame**2)])
    energy = power[n : n + longest + 1] - power[: longest + 1]
    difference = np.maximum(energy[0] + energy - 2.0 * correlation, 0.0)
    lags = np.arange(1, longest + 1)
    mean = np.cumsum(difference[1:]) / lags
    normal = difference[1:] / np.maximum(mean, 1e-12)  # of lag 1, 2, ...
    below = np.flatnonzero(normal[shortest - 1 :] < YIN_THRESHOLD)
    if not len(below) or energy[0] <= 1e-9:
        return None
    lag = int(below[0]) + shortest - 1
    while lag + 1 < len(normal) and normal[lag + 1] < normal[lag]:
        lag += 1
    period = lag + 1 + _vertex(normal, lag)
    return round(69 + 12 * math.log2(rate_hz / period / 440.0))


def _vertex(values: FloatArray, index: int) -> float:
    """How far the lowest point of the parabola through three neighbours is from the middle one."""
    if not 0 < index < len(values) - 1:
        return 0.0
    a, b, c = (float(v) for v in values[index - 1 : index + 2])
    curve = a - 2.0 * b + c
    return 0.0 if curve <= 0 else 0.5 * (a - c) / curve
