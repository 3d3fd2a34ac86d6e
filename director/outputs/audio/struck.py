"""One note of a struck or plucked instrument, computed from its modes. Pure.

Each mode is a damped sine: its frequency follows from the instrument's physics (stiff strings,
bars), its level from where and how it is struck, its decay from how fast such a body loses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from director.outputs.audio.waves import Samples, band, damped_sines
from musebots.arrays import FloatArray

__all__ = ["STRUCK", "Modes", "Struck", "note_waveform"]

HIGHEST_HZ = 16000.0
FADE_SECONDS, FADE_SHARE = 0.06, 0.4
INAUDIBLE_DECAYS = 7.5  # the decay constants after which a mode is 65 dB down


@dataclass(frozen=True, slots=True)
class Modes:
    """The modes of one note.

    Parameters
    ----------
    hz, levels, decay_seconds : Samples
        Shape (n_modes,); the decay is the time in which a mode falls to 1/e.
    knock : Samples
        The noise of the stroke, added as it is: shape (n_samples,), may be shorter than the note.
    """

    hz: Samples
    levels: Samples
    decay_seconds: Samples
    knock: Samples


Recipe: TypeAlias = Callable[[float, Samples, np.random.Generator], Modes]


@dataclass(frozen=True, slots=True)
class Struck:
    """How an instrument's notes are made and played.

    Parameters
    ----------
    recipe : callable
        From the note's frequency, times in seconds (n_samples,) and a generator to its modes.
    lowest, highest, step : int
        Pitches for which notes are computed; others are those, played faster or slower.
    seconds : float
        How long the longest note is.
    release_seconds : float
        How soon a note is gone when it is let go.
    softest_hz, brightest_hz : float
        Where the top of a soft and of a hard stroke ends.
    gain : float
        Linear: what makes it as loud as the others.
    attack_seconds : float
        How soon it begins.
    """

    recipe: Recipe
    lowest: int
    highest: int
    step: int = 4
    seconds: float = 3.0
    release_seconds: float = 0.25
    softest_hz: float = 900.0
    brightest_hz: float = 12000.0
    gain: float = 1.0
    attack_seconds: float = 0.0005


def note_waveform(
    sound: Struck, hz: float, *, sample_rate_hz: float, rng: np.random.Generator
) -> FloatArray:
    """One stroke, undamped.

    Parameters
    ----------
    sound : Struck
    hz : float
        The note's frequency.
    sample_rate_hz : float
    rng : np.random.Generator
        Of the noise of the stroke.

    Returns
    -------
    FloatArray
        Shape (n_samples,), beginning and ending in silence; equally loud for all pitches: the root
        of the mean square of its first 0.2 s is 0.2.
    """
    t = np.arange(round(sound.seconds * sample_rate_hz)) / sample_rate_hz
    modes = sound.recipe(hz, t, rng)
    t = t[: np.searchsorted(t, INAUDIBLE_DECAYS * modes.decay_seconds.max())]
    kept = modes.hz < min(HIGHEST_HZ, 0.45 * sample_rate_hz)
    wave = damped_sines(
        t,
        hz=modes.hz[kept],
        levels=np.asarray(modes.levels[kept], dtype=np.complex128),
        decays_per_second=1.0 / modes.decay_seconds[kept],
    )
    wave[: modes.knock.size] += modes.knock
    n_fade = max(round(FADE_SECONDS * sample_rate_hz), round(FADE_SHARE * wave.size))
    n_rise = max(2, round(sound.attack_seconds * sample_rate_hz))
    wave[:n_rise] *= np.linspace(0.0, 1.0, n_rise)
    wave[-n_fade:] *= np.cos(np.linspace(0.0, np.pi / 2, n_fade)) ** 2
    loudness = np.sqrt(np.mean(wave[: round(0.2 * sample_rate_hz)] ** 2))
    return np.asarray(0.2 * wave / loudness, dtype=np.float32)


def _stiff(hz: float, n_modes: int, stiffness: float) -> tuple[Samples, Samples]:
    """Numbers and frequencies of a stiff string's partials: n f sqrt(1 + B n^2)."""
    n = np.arange(1, n_modes + 1, dtype=np.float64)
    return n, n * hz * np.sqrt(1.0 + stiffness * n**2)


def _bumps(hz: Samples, *bumps: tuple[float, float, float]) -> Samples:
    """A body: gains around some frequencies, each (hz, width in octaves, factor)."""
    gain = np.ones_like(hz)
    for centre_hz, octaves, factor in bumps:
        gain += (factor - 1.0) * np.exp(-((np.log2(hz / centre_hz) / octaves) ** 2))
    return gain


def _knock(
    t: Samples, rng: np.random.Generator, *, low_hz: float, high_hz: float, decay: float,
    level: float,
) -> Samples:  # fmt: skip
    """Noise in a band that dies away at once."""
    t = t[: np.searchsorted(t, 12 * decay)]
    noise = band(rng.standard_normal(t.size), t, low_hz, high_hz)
    return level * noise / np.std(noise) * np.exp(-t / decay)


def _twice(modes: Modes, *, detune: float, share: float, slower: float) -> Modes:
    """A second set of modes, a little off and slower: strings in pairs, or two ways to vibrate."""
    return Modes(
        np.concatenate([modes.hz, modes.hz * (1.0 + detune)]),
        np.concatenate([modes.levels, share * modes.levels]),
        np.concatenate([modes.decay_seconds, slower * modes.decay_seconds]),
        modes.knock,
    )


def _piano(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """Stiff strings, two and two, hit at an eighth of their length by a felt hammer."""
    stiffness = 1.2e-4 * (hz / 110.0) ** 1.3
    n, partial_hz = _stiff(hz, 48, min(stiffness, 6e-3))
    hammer = np.abs(np.sin(np.pi * n / 8.0)) + 0.05
    levels = hammer * n**-0.65 * np.exp(-((partial_hz / 3300.0) ** 1.1))
    levels *= _bumps(partial_hz, (180.0, 0.9, 1.3), (1900.0, 0.8, 1.25))
    decay = 1.6 * (220.0 / hz) ** 0.45 / (1.0 + (partial_hz / 1500.0) ** 1.2)
    knock = _knock(t, rng, low_hz=90.0, high_hz=700.0, decay=0.018, level=0.10)
    modes = Modes(partial_hz, levels, decay, knock)
    return _twice(modes, detune=4.5e-4, share=0.55, slower=2.6)


def _guitar(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """A nylon string, plucked by a fingertip near the hole; a box of wood."""
    n, partial_hz = _stiff(hz, 40, 3e-5)
    levels = np.sin(np.pi * n * 0.21) * n**-1.25 + 0.002
    levels *= np.exp(-((partial_hz / 5200.0) ** 2))
    levels *= _bumps(partial_hz, (105.0, 0.35, 2.0), (215.0, 0.4, 1.9), (430.0, 0.5, 1.4),
                     (2600.0, 0.7, 1.5))  # fmt: skip
    decay = 0.95 * (196.0 / hz) ** 0.35 / (1.0 + (partial_hz / 1100.0) ** 1.15)
    knock = _knock(t, rng, low_hz=120.0, high_hz=2600.0, decay=0.007, level=0.22)
    return _twice(Modes(partial_hz, levels, decay, knock), detune=3.5e-4, share=0.45, slower=2.1)


def _vibraphone(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """A metal bar tuned to 1 : 4 : 10 over a resonator, struck by a yarn mallet."""
    ratios = np.array([1.0, 1.0012, 4.0, 4.006, 10.05])
    levels = np.array([1.0, 0.28, 0.42, 0.14, 0.11])
    levels *= np.exp(-np.maximum(0.0, ratios * hz - 1500.0) / 5200.0)
    decay = np.array([1.9, 2.6, 0.42, 0.3, 0.07]) * (440.0 / hz) ** 0.4
    knock = _knock(t, rng, low_hz=250.0, high_hz=2500.0, decay=0.006, level=0.14)
    return Modes(ratios * hz, levels, decay, knock)


def _marimba(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """A bar of rosewood tuned to 1 : 4 : 10 over a tube; soon gone."""
    ratios = np.array([1.0, 3.98, 9.9, 17.2])
    levels = np.array([1.0, 0.36, 0.16, 0.05])
    levels *= np.exp(-np.maximum(0.0, ratios * hz - 1800.0) / 4500.0)
    decay = np.array([0.42, 0.11, 0.04, 0.02]) * (330.0 / hz) ** 0.55
    knock = _knock(t, rng, low_hz=300.0, high_hz=3500.0, decay=0.004, level=0.3)
    return Modes(ratios * hz, levels, decay, knock)


def _upright(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """A thick gut string pulled by the side of a finger; the growl of a big box."""
    n, partial_hz = _stiff(hz, 36, 8e-5)
    levels = np.sin(np.pi * n * 0.24) * n**-0.6 + 0.004
    levels *= np.exp(-((partial_hz / 1900.0) ** 1.2))
    levels *= _bumps(partial_hz, (110.0, 0.5, 1.5), (240.0, 0.6, 1.9), (700.0, 0.6, 1.9))
    decay = 0.62 * (65.0 / hz) ** 0.25 / (1.0 + (partial_hz / 420.0) ** 1.05)
    knock = _knock(t, rng, low_hz=70.0, high_hz=1400.0, decay=0.011, level=0.17)
    return _twice(Modes(partial_hz, levels, decay, knock), detune=9e-4, share=0.5, slower=1.8)


def _finger(hz: float, t: Samples, rng: np.random.Generator) -> Modes:
    """An electric bass string over a magnet; round, long, with a little finger noise."""
    n, partial_hz = _stiff(hz, 40, 1.2e-4)
    pickup = np.abs(np.sin(np.pi * n * 0.19)) + 0.15
    levels = np.sin(np.pi * n * 0.17) * n**-0.7 * pickup
    levels *= np.exp(-((partial_hz / 2600.0) ** 1.4))
    decay = 1.5 * (55.0 / hz) ** 0.2 / (1.0 + (partial_hz / 520.0) ** 1.1)
    knock = _knock(t, rng, low_hz=200.0, high_hz=3000.0, decay=0.004, level=0.08)
    return _twice(Modes(partial_hz, levels, decay, knock), detune=4e-4, share=0.4, slower=1.7)


STRUCK = {
    "piano": Struck(_piano, 33, 96, gain=0.78, seconds=4.5, release_seconds=0.22,
                    softest_hz=1100.0, brightest_hz=14000.0),
    "guitar": Struck(_guitar, 40, 88, gain=0.85, seconds=3.5, release_seconds=0.16,
                     softest_hz=2200.0, brightest_hz=13000.0),
    "vibraphone": Struck(_vibraphone, 48, 96, gain=0.84, seconds=4.5, release_seconds=0.45,
                         softest_hz=1200.0, brightest_hz=13000.0, attack_seconds=0.0012),
    "marimba": Struck(_marimba, 45, 96, gain=0.94, seconds=1.8, release_seconds=0.6,
                      softest_hz=1000.0, brightest_hz=13000.0),
    "upright": Struck(_upright, 28, 64, gain=1.05, seconds=2.2, release_seconds=0.09,
                      softest_hz=800.0, brightest_hz=8000.0, attack_seconds=0.002),
    "finger": Struck(_finger, 28, 64, gain=0.96, seconds=3.0, release_seconds=0.08,
                     softest_hz=900.0, brightest_hz=9000.0, attack_seconds=0.001),
}  # fmt: skip
"""Every struck instrument by name."""
