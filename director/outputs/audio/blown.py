"""The spectra of instruments that hold a note: reeds, flutes, bows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["HELD", "Held", "harmonic_levels", "one_period"]

HIGHEST_HZ = 15000.0
MAX_HARMONICS = 64


@dataclass(frozen=True, slots=True)
class Held:
    """How an instrument holds a note.

    Parameters
    ----------
    even, odd : float
        Levels of even and odd harmonics.
    slope : float
        Harmonic n has the level n**-slope, before what follows.
    formants : tuple of (float, float, float)
        Frequency, width in octaves, factor: where the body is louder, whatever the note.
    highest_hz : float
        Where the spectrum falls off.
    n_players : int
        How many play each note, a little apart.
    detune : float
        How far apart, as a ratio.
    attack_seconds, release_seconds : float
    vibrato_hz, vibrato_depth, vibrato_after_seconds : float
        Depth as a ratio of the frequency.
    breath : float
        Noise in the tone.
    softest_hz, brightest_hz : float
        Where the top of a soft and of a hard note ends.
    gain : float
        Linear: what makes it as loud as the others.
    """

    even: float = 1.0
    odd: float = 1.0
    slope: float = 1.0
    formants: tuple[tuple[float, float, float], ...] = ()
    highest_hz: float = 6000.0
    n_players: int = 1
    detune: float = 0.0
    attack_seconds: float = 0.04
    release_seconds: float = 0.1
    vibrato_hz: float = 5.2
    vibrato_depth: float = 0.0
    vibrato_after_seconds: float = 0.4
    breath: float = 0.0
    softest_hz: float = 900.0
    brightest_hz: float = 9000.0
    gain: float = 1.0


HELD = {
    "flute": Held(even=1.1, slope=1.6, formants=((1000.0, 0.8, 1.6),), highest_hz=6000.0,
                  attack_seconds=0.055, release_seconds=0.11, vibrato_hz=5.0, vibrato_depth=0.0035,
                  vibrato_after_seconds=0.35, breath=0.1, softest_hz=2200.0, gain=0.46),
    "clarinet": Held(even=0.14, slope=0.95, formants=((1500.0, 0.7, 1.6),), highest_hz=6500.0,
                     attack_seconds=0.035, release_seconds=0.09, vibrato_depth=0.0012,
                     breath=0.012, softest_hz=1400.0, gain=0.45),
    "accordion": Held(slope=0.85, formants=((700.0, 0.8, 1.3), (2300.0, 0.6, 1.7)),
                      highest_hz=7000.0, n_players=2, detune=0.0042, attack_seconds=0.03,
                      release_seconds=0.07, softest_hz=1800.0, gain=0.43),
    "strings": Held(slope=0.95, formants=((480.0, 0.5, 1.4), (1100.0, 0.5, 1.3),
                    (2700.0, 0.6, 1.6)), highest_hz=9000.0, n_players=3, detune=0.0032,
                    attack_seconds=0.09, release_seconds=0.28, vibrato_hz=5.6,
                    vibrato_depth=0.003, breath=0.006, softest_hz=1900.0, gain=0.4),
}  # fmt: skip
"""Every instrument that holds its notes, by name."""


def harmonic_levels(sound: Held, hz: float) -> FloatArray:
    """The levels of the harmonics of a note, for a table to be read by an oscillator.

    Returns
    -------
    FloatArray
        Shape (n_harmonics,), scaled to a power of 1/2: all notes are equally strong.

    Notes
    -----
    Harmonics above 15 kHz are left out, so that nothing folds back, also for a note up to a third
    higher.
    """
    n_harmonics = int(max(1, min(MAX_HARMONICS, HIGHEST_HZ / (1.26 * hz))))
    n = np.arange(1, n_harmonics + 1)
    partial_hz = n * hz
    levels = np.where(n % 2 == 1, sound.odd, sound.even) * n**-sound.slope
    levels = levels * np.exp(-((partial_hz / sound.highest_hz) ** 2))
    for centre_hz, octaves, factor in sound.formants:
        nearness = np.exp(-((np.log2(partial_hz / centre_hz) / octaves) ** 2))
        levels = levels * (1.0 + (factor - 1.0) * nearness)
    levels[0] = max(levels[0], 0.05)
    return np.asarray(levels / np.sqrt(np.sum(levels**2)), dtype=np.float64)


def one_period(levels: FloatArray, size: int) -> FloatArray:
    """One period of a wave with these harmonics, for an oscillator to go round in.

    Parameters
    ----------
    levels : FloatArray
        Shape (n_harmonics,).
    size : int
        Samples of the period, more than twice the harmonics.

    Returns
    -------
    FloatArray
        Shape (size,); all harmonics begin at zero, rising.
    """
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(levels) + 1] = -1j * levels
    return np.asarray(np.fft.irfft(spectrum, size) * size / 2, dtype=np.float32)
