"""A drum kit computed from scratch: one waveform per drum, from sines, squares and noise. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["DRUMS", "Drum", "drum_at", "drum_waveform"]

HAT_CHOKE = "hat"


@dataclass(frozen=True, slots=True)
class Drum:
    """One sound of the kit.

    Parameters
    ----------
    name : str
    pitches : tuple of int
        General MIDI percussion keys that play it.
    gain : float
        Linear, its place in the mix of the kit.
    pan : float
        -1 (left) .. 1 (right), as a listener in front of the kit hears it.
    choke_group : str
        Drums of one group cut each other off: a closed hat ends an open one.
    """

    name: str
    pitches: tuple[int, ...]
    gain: float
    pan: float = 0.0
    choke_group: str = ""


DRUMS = (
    Drum("kick", (35, 36), 0.95),
    Drum("snare", (38, 40), 0.62, 0.05),
    Drum("rim", (37, 75, 76, 77), 0.45, -0.1),
    Drum("clap", (39,), 0.5, 0.1),
    Drum("closed_hat", (42, 44, 54, 69, 70, 71, 72, 73, 74, 80, 82), 0.3, 0.3, HAT_CHOKE),
    Drum("open_hat", (46,), 0.3, 0.3, HAT_CHOKE),
    Drum("low_tom", (41, 43, 64, 66, 79), 0.62, -0.4),
    Drum("mid_tom", (45, 47, 61, 63, 68, 78), 0.6, -0.1),
    Drum("high_tom", (48, 50, 60, 62, 65, 67), 0.58, 0.2),
    Drum("ride", (51, 53, 56, 59, 81, 83), 0.3, -0.35),
    Drum("crash", (49, 52, 55, 57, 58), 0.36, 0.45),
)
_BY_PITCH = {pitch: drum for drum in DRUMS for pitch in drum.pitches}


def drum_at(pitch: int) -> Drum:
    """The drum that plays a percussion pitch; one that the map does not know gets its neighbour's.

    Examples
    --------
    >>> drum_at(36).name, drum_at(46).name, drum_at(12).name
    ('kick', 'open_hat', 'kick')
    """
    return _BY_PITCH[min(_BY_PITCH, key=lambda known: (abs(known - pitch), known))]


def drum_waveform(name: str, *, sample_rate_hz: float, rng: np.random.Generator) -> FloatArray:
    """One stroke.

    Parameters
    ----------
    name : str
        One of the names in `DRUMS`.
    sample_rate_hz : float
    rng : np.random.Generator
        Where its noise comes from.

    Returns
    -------
    FloatArray
        Shape (n_samples,), peak 1, beginning and ending in silence.
    """
    recipe = {
        "kick": _kick,
        "snare": _snare,
        "rim": _rim,
        "clap": _clap,
        "closed_hat": lambda t, rng: _hat(t, rng, decay_seconds=0.035),
        "open_hat": lambda t, rng: _hat(t, rng, decay_seconds=0.22),
        "low_tom": lambda t, rng: _tom(t, rng, hz=82.0, decay_seconds=0.26),
        "mid_tom": lambda t, rng: _tom(t, rng, hz=116.0, decay_seconds=0.22),
        "high_tom": lambda t, rng: _tom(t, rng, hz=160.0, decay_seconds=0.18),
        "ride": _ride,
        "crash": _crash,
    }[name]
    seconds = {"kick": 0.6, "snare": 0.5, "rim": 0.2, "clap": 0.5, "closed_hat": 0.25,
               "open_hat": 1.2, "ride": 2.6, "crash": 3.0}.get(name, 1.2)  # fmt: skip
    t = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    wave = recipe(t, rng)
    wave = wave - wave.mean()
    n_fade_in, n_fade_out = round(0.0004 * sample_rate_hz), round(0.02 * sample_rate_hz)
    wave[:n_fade_in] *= np.linspace(0.0, 1.0, n_fade_in)
    wave[-n_fade_out:] *= np.linspace(1.0, 0.0, n_fade_out)
    return np.asarray(wave / np.abs(wave).max(), dtype=np.float32)


_Samples = np.ndarray[tuple[int], np.dtype[np.float64]]


def _kick(t: _Samples, rng: np.random.Generator) -> _Samples:
    """A sine that falls from 190 to 47 Hz, a felt click, a little saturation."""
    body = _swept_sine(t, low_hz=47.0, high_hz=190.0, fall_seconds=0.028)
    body *= np.exp(-t / 0.1) * (1.0 - np.exp(-t / 0.001))
    click = _band(rng.standard_normal(t.size), t, 900.0, 5000.0) * np.exp(-t / 0.004)
    return np.tanh(1.6 * body + 0.25 * click)


def _snare(t: _Samples, rng: np.random.Generator) -> _Samples:
    """Two modes of the head and the rattle of the wires."""
    head = _swept_sine(t, low_hz=182.0, high_hz=240.0, fall_seconds=0.02) * np.exp(-t / 0.075)
    head += 0.6 * np.sin(2 * np.pi * 331.0 * t) * np.exp(-t / 0.05)
    wires = _band(rng.standard_normal(t.size), t, 1400.0, 9500.0)
    wires *= 0.75 * np.exp(-t / 0.095) + 0.5 * np.exp(-t / 0.012)
    return np.tanh(0.8 * head + 0.65 * wires)


def _rim(t: _Samples, rng: np.random.Generator) -> _Samples:
    """A stick across the rim: a short woody knock."""
    knock = np.sin(2 * np.pi * 1720.0 * t) + 0.7 * np.sin(2 * np.pi * 820.0 * t)
    tick = _band(rng.standard_normal(t.size), t, 2500.0, 8000.0)
    return knock * np.exp(-t / 0.018) + 0.4 * tick * np.exp(-t / 0.005)


def _clap(t: _Samples, rng: np.random.Generator) -> _Samples:
    """Four hands, not quite together."""
    envelope = np.zeros_like(t)
    for onset, decay in ((0.0, 0.005), (0.009, 0.005), (0.019, 0.006), (0.028, 0.085)):
        envelope += np.where(t >= onset, np.exp(-np.maximum(t - onset, 0.0) / decay), 0.0)
    return _band(rng.standard_normal(t.size), t, 900.0, 4200.0) * envelope


def _hat(t: _Samples, rng: np.random.Generator, *, decay_seconds: float) -> _Samples:
    """Six clashing squares and noise, the bottom taken away."""
    metal = _squares(t, (526.0, 693.0, 901.0, 1123.0, 1347.0, 1661.0))
    sizzle = _band(metal, t, 6500.0, 15000.0)
    hiss = _band(rng.standard_normal(t.size), t, 7500.0, 15000.0)
    sizzle, hiss = sizzle / np.std(sizzle), hiss / np.std(hiss)
    stroke = np.exp(-t / decay_seconds) + 0.6 * np.exp(-t / 0.006)
    return (0.55 * sizzle + 0.6 * hiss) * stroke


def _tom(t: _Samples, rng: np.random.Generator, *, hz: float, decay_seconds: float) -> _Samples:
    """A head that sinks as it rings, and the stick on it."""
    body = _swept_sine(t, low_hz=hz, high_hz=1.75 * hz, fall_seconds=0.05)
    body += 0.3 * np.sin(2 * np.pi * 1.59 * hz * t) * np.exp(-t / (0.4 * decay_seconds))
    stick = _band(rng.standard_normal(t.size), t, 500.0, 4500.0) * np.exp(-t / 0.007)
    return np.tanh(1.2 * body * np.exp(-t / decay_seconds) + 0.3 * stick)


def _ride(t: _Samples, rng: np.random.Generator) -> _Samples:
    """A ping over a long shimmer of inharmonic partials."""
    shimmer = _partials(t, rng, n_partials=90, low_hz=900.0, high_hz=13000.0, decay_seconds=0.75)
    ping = sum(
        level * np.sin(2 * np.pi * hz * t) * np.exp(-t / decay)
        for hz, level, decay in ((2630.0, 1.0, 0.10), (4010.0, 0.8, 0.07), (5870.0, 0.6, 0.05))
    )
    stick = _band(rng.standard_normal(t.size), t, 5000.0, 14000.0) * np.exp(-t / 0.006)
    return 0.9 * shimmer / np.std(shimmer[: t.size // 8]) * 0.35 + 0.55 * ping + 0.5 * stick


def _crash(t: _Samples, rng: np.random.Generator) -> _Samples:
    """Dense partials and noise that bloom, then fade; the top goes first."""
    partials = _partials(t, rng, n_partials=160, low_hz=350.0, high_hz=14000.0, decay_seconds=0.9)
    bright = _band(rng.standard_normal(t.size), t, 3000.0, 15000.0)
    bloom = 1.0 - 0.7 * np.exp(-t / 0.02)
    noise = bright / np.std(bright) * (0.8 * np.exp(-t / 0.35) + 0.35 * np.exp(-t / 0.9))
    return bloom * (0.8 * partials / np.std(partials[: t.size // 8]) + noise)


def _swept_sine(t: _Samples, *, low_hz: float, high_hz: float, fall_seconds: float) -> _Samples:
    """A sine whose frequency falls exponentially from high to low; starts at zero."""
    cycles = low_hz * t + (high_hz - low_hz) * fall_seconds * (1.0 - np.exp(-t / fall_seconds))
    return np.sin(2 * np.pi * cycles)


def _squares(t: _Samples, frequencies_hz: tuple[float, ...]) -> _Samples:
    """Square waves from their odd partials below 18 kHz, so that nothing folds back."""
    partials = [
        (hz * harmonic, 1.0 / harmonic)
        for hz in frequencies_hz
        for harmonic in range(1, int(18000.0 / hz) + 1, 2)
    ]
    hz, levels = np.array(partials).T
    return _sines(t, hz=hz, levels=levels + 0j, decays_per_second=np.zeros_like(hz))


def _partials(
    t: _Samples,
    rng: np.random.Generator,
    *,
    n_partials: int,
    low_hz: float,
    high_hz: float,
    decay_seconds: float,
) -> _Samples:
    """Sines at random, roughly even on a log scale; the higher, the sooner gone."""
    position = (np.arange(n_partials) + rng.random(n_partials)) / n_partials
    levels = rng.uniform(0.4, 1.0, n_partials) * np.exp(2j * np.pi * rng.random(n_partials))
    return _sines(
        t,
        hz=low_hz * (high_hz / low_hz) ** position,
        levels=levels,
        decays_per_second=1.0 / (decay_seconds * (1.3 - 0.8 * position)),
    )


def _sines(
    t: _Samples,
    *,
    hz: _Samples,
    levels: np.ndarray[tuple[int], np.dtype[np.complex128]],
    decays_per_second: _Samples,
) -> _Samples:
    """Sum of damped sines with complex levels (size and phase).

    exp(s (a + b)) = exp(s a) exp(s b): coarse and fine times apart, so that the sum over the sines
    is one matrix product.
    """
    n_fine = 256
    rates = -decays_per_second + 2j * np.pi * hz
    coarse = np.exp(np.outer(t[::n_fine], rates))  # (n_coarse, n_sines)
    fine = np.exp(np.outer(rates, t[:n_fine])) * levels[:, None]  # (n_sines, n_fine)
    total: _Samples = (coarse @ fine).imag.ravel()[: t.size]
    return total


def _band(signal: _Samples, t: _Samples, low_hz: float, high_hz: float) -> _Samples:
    """Keep what lies between two frequencies, with soft edges (raised cosines, an octave wide)."""
    hz = np.fft.rfftfreq(signal.size, t[1] - t[0])
    octaves_above = np.log2(np.maximum(hz, 1.0) / low_hz)
    octaves_below = np.log2(high_hz / np.maximum(hz, 1.0))
    edge = np.clip(np.minimum(octaves_above, octaves_below) + 0.5, 0.0, 1.0)
    spectrum = np.fft.rfft(signal) * (0.5 - 0.5 * np.cos(np.pi * edge))
    return np.fft.irfft(spectrum, signal.size)
