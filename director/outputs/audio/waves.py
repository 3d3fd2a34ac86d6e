"""Waves from which drums and struck notes are made: damped sines, squares, bands of noise. Pure."""

from __future__ import annotations

import numpy as np

__all__ = ["Samples", "band", "damped_sines", "scattered_sines", "squares", "swept_sine"]

Samples = np.ndarray[tuple[int], np.dtype[np.float64]]


def swept_sine(t: Samples, *, low_hz: float, high_hz: float, fall_seconds: float) -> Samples:
    """A sine whose frequency falls exponentially from high to low; starts at zero."""
    cycles = low_hz * t + (high_hz - low_hz) * fall_seconds * (1.0 - np.exp(-t / fall_seconds))
    return np.sin(2 * np.pi * cycles)


def squares(t: Samples, frequencies_hz: tuple[float, ...]) -> Samples:
    """Square waves from their odd partials below 18 kHz, so that nothing folds back."""
    partials = [
        (hz * harmonic, 1.0 / harmonic)
        for hz in frequencies_hz
        for harmonic in range(1, int(18000.0 / hz) + 1, 2)
    ]
    hz, levels = np.array(partials).T
    return damped_sines(t, hz=hz, levels=levels + 0j, decays_per_second=np.zeros_like(hz))


def scattered_sines(
    t: Samples,
    rng: np.random.Generator,
    *,
    n_partials: int,
    low_hz: float,
    high_hz: float,
    decay_seconds: float,
) -> Samples:
    """Sines at random, roughly even on a log scale; the higher, the sooner gone."""
    position = (np.arange(n_partials) + rng.random(n_partials)) / n_partials
    levels = rng.uniform(0.4, 1.0, n_partials) * np.exp(2j * np.pi * rng.random(n_partials))
    return damped_sines(
        t,
        hz=low_hz * (high_hz / low_hz) ** position,
        levels=levels,
        decays_per_second=1.0 / (decay_seconds * (1.3 - 0.8 * position)),
    )


def damped_sines(
    t: Samples,
    *,
    hz: Samples,
    levels: np.ndarray[tuple[int], np.dtype[np.complex128]],
    decays_per_second: Samples,
) -> Samples:
    """Sum of damped sines with complex levels (size and phase).

    exp(s (a + b)) = exp(s a) exp(s b): coarse and fine times apart, so that the sum over the sines
    is one matrix product.
    """
    n_fine = 256
    rates = -decays_per_second + 2j * np.pi * hz
    coarse = np.exp(np.outer(t[::n_fine], rates)).astype(np.complex64)  # (n_coarse, n_sines)
    fine = (np.exp(np.outer(rates, t[:n_fine])) * levels[:, None]).astype(np.complex64)
    total: np.ndarray[tuple[int], np.dtype[np.float32]] = (coarse @ fine).imag.ravel()[
        : t.size
    ]  # 24 bits are enough for what is heard
    return total.astype(np.float64)


def band(signal: Samples, t: Samples, low_hz: float, high_hz: float) -> Samples:
    """Keep what lies between two frequencies, with soft edges (raised cosines, an octave wide)."""
    hz = np.fft.rfftfreq(signal.size, t[1] - t[0])
    octaves_above = np.log2(np.maximum(hz, 1.0) / low_hz)
    octaves_below = np.log2(high_hz / np.maximum(hz, 1.0))
    edge = np.clip(np.minimum(octaves_above, octaves_below) + 0.5, 0.0, 1.0)
    spectrum = np.fft.rfft(signal) * (0.5 - 0.5 * np.cos(np.pi * edge))
    return np.fft.irfft(spectrum, signal.size)
