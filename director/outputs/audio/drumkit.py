"""A drum kit computed from scratch: one waveform per drum, from sines, squares and noise. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np

from director.outputs.audio.waves import Samples, band, scattered_sines, squares, swept_sine
from musebots.arrays import FloatArray

__all__ = ["DRUMS", "KITS", "Drum", "Kit", "drum_at", "drum_waveform"]

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


Recipe: TypeAlias = Callable[[Samples, np.random.Generator], Samples]


@dataclass(frozen=True, slots=True)
class Kit:
    """A whole kit: how each drum is made, how long it rings, and how loud it is in the kit.

    `gain` makes the kit as loud as the others; `balance` has the drums that differ from `DRUMS`.
    """

    recipes: Mapping[str, Recipe]
    seconds: Mapping[str, float]
    balance: Mapping[str, float] = field(default_factory=dict)
    gain: float = 0.9


def drum_waveform(
    name: str, *, kit: str = "studio", sample_rate_hz: float, rng: np.random.Generator
) -> FloatArray:
    """One stroke.

    Parameters
    ----------
    name : str
        One of the names in `DRUMS`.
    kit : str
        One of the names in `KITS`.
    sample_rate_hz : float
    rng : np.random.Generator
        Where its noise comes from.

    Returns
    -------
    FloatArray
        Shape (n_samples,), peak 1, beginning and ending in silence.
    """
    recipe, seconds = KITS[kit].recipes[name], KITS[kit].seconds.get(name, 1.2)
    t = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    wave = recipe(t, rng)
    wave = wave - wave.mean()
    n_fade_in, n_fade_out = round(0.0004 * sample_rate_hz), round(0.02 * sample_rate_hz)
    wave[:n_fade_in] *= np.linspace(0.0, 1.0, n_fade_in)
    wave[-n_fade_out:] *= np.linspace(1.0, 0.0, n_fade_out)
    return np.asarray(wave / np.abs(wave).max(), dtype=np.float32)


def _kick(t: Samples, rng: np.random.Generator) -> Samples:
    """A sine that falls from 190 to 47 Hz, a felt click, a little saturation."""
    body = swept_sine(t, low_hz=47.0, high_hz=190.0, fall_seconds=0.028)
    body *= np.exp(-t / 0.1) * (1.0 - np.exp(-t / 0.001))
    click = band(rng.standard_normal(t.size), t, 900.0, 5000.0) * np.exp(-t / 0.004)
    return np.tanh(1.6 * body + 0.25 * click)


def _snare(t: Samples, rng: np.random.Generator) -> Samples:
    """Two modes of the head and the rattle of the wires."""
    head = swept_sine(t, low_hz=182.0, high_hz=240.0, fall_seconds=0.02) * np.exp(-t / 0.075)
    head += 0.6 * np.sin(2 * np.pi * 331.0 * t) * np.exp(-t / 0.05)
    wires = band(rng.standard_normal(t.size), t, 1400.0, 9500.0)
    wires *= 0.75 * np.exp(-t / 0.095) + 0.5 * np.exp(-t / 0.012)
    return np.tanh(0.8 * head + 0.65 * wires)


def _rim(t: Samples, rng: np.random.Generator) -> Samples:
    """A stick across the rim: a short woody knock."""
    knock = np.sin(2 * np.pi * 1720.0 * t) + 0.7 * np.sin(2 * np.pi * 820.0 * t)
    tick = band(rng.standard_normal(t.size), t, 2500.0, 8000.0)
    return knock * np.exp(-t / 0.018) + 0.4 * tick * np.exp(-t / 0.005)


def _clap(t: Samples, rng: np.random.Generator) -> Samples:
    """Four hands, not quite together."""
    envelope = np.zeros_like(t)
    for onset, decay in ((0.0, 0.005), (0.009, 0.005), (0.019, 0.006), (0.028, 0.085)):
        envelope += np.where(t >= onset, np.exp(-np.maximum(t - onset, 0.0) / decay), 0.0)
    return band(rng.standard_normal(t.size), t, 900.0, 4200.0) * envelope


def _hat(t: Samples, rng: np.random.Generator, *, decay_seconds: float) -> Samples:
    """Six clashing squares and noise, the bottom taken away."""
    metal = squares(t, (526.0, 693.0, 901.0, 1123.0, 1347.0, 1661.0))
    sizzle = band(metal, t, 6500.0, 15000.0)
    hiss = band(rng.standard_normal(t.size), t, 7500.0, 15000.0)
    sizzle, hiss = sizzle / np.std(sizzle), hiss / np.std(hiss)
    stroke = np.exp(-t / decay_seconds) + 0.6 * np.exp(-t / 0.006)
    return (0.55 * sizzle + 0.6 * hiss) * stroke


def _tom(t: Samples, rng: np.random.Generator, *, hz: float, decay_seconds: float) -> Samples:
    """A head that sinks as it rings, and the stick on it."""
    body = swept_sine(t, low_hz=hz, high_hz=1.75 * hz, fall_seconds=0.05)
    body += 0.3 * np.sin(2 * np.pi * 1.59 * hz * t) * np.exp(-t / (0.4 * decay_seconds))
    stick = band(rng.standard_normal(t.size), t, 500.0, 4500.0) * np.exp(-t / 0.007)
    return np.tanh(1.2 * body * np.exp(-t / decay_seconds) + 0.3 * stick)


def _ride(t: Samples, rng: np.random.Generator) -> Samples:
    """A ping over a long shimmer of inharmonic partials."""
    shimmer = scattered_sines(
        t, rng, n_partials=90, low_hz=900.0, high_hz=13000.0, decay_seconds=0.75
    )
    ping = sum(
        level * np.sin(2 * np.pi * hz * t) * np.exp(-t / decay)
        for hz, level, decay in ((2630.0, 1.0, 0.10), (4010.0, 0.8, 0.07), (5870.0, 0.6, 0.05))
    )
    stick = band(rng.standard_normal(t.size), t, 5000.0, 14000.0) * np.exp(-t / 0.006)
    return 0.9 * shimmer / np.std(shimmer[: t.size // 8]) * 0.35 + 0.55 * ping + 0.5 * stick


def _crash(t: Samples, rng: np.random.Generator) -> Samples:
    """Dense partials and noise that bloom, then fade; the top goes first."""
    partials = scattered_sines(
        t, rng, n_partials=160, low_hz=350.0, high_hz=14000.0, decay_seconds=0.9
    )
    bright = band(rng.standard_normal(t.size), t, 3000.0, 15000.0)
    bloom = 1.0 - 0.7 * np.exp(-t / 0.02)
    noise = bright / np.std(bright) * (0.8 * np.exp(-t / 0.35) + 0.35 * np.exp(-t / 0.9))
    return bloom * (0.8 * partials / np.std(partials[: t.size // 8]) + noise)


def _open_kick(t: Samples, rng: np.random.Generator) -> Samples:
    """A small bass drum without a blanket: a note more than a thump."""
    body = swept_sine(t, low_hz=58.0, high_hz=120.0, fall_seconds=0.02)
    body = body * np.exp(-t / 0.19) + 0.35 * np.sin(2 * np.pi * 101.0 * t) * np.exp(-t / 0.11)
    beater = band(rng.standard_normal(t.size), t, 300.0, 2500.0) * np.exp(-t / 0.006)
    return np.tanh(1.1 * body + 0.18 * beater)


def _brush(t: Samples, rng: np.random.Generator) -> Samples:
    """Wires of a brush that fall on the head one after another, and sweep on."""
    head = np.sin(2 * np.pi * 205.0 * t) * np.exp(-t / 0.06)
    wires = band(rng.standard_normal(t.size), t, 1800.0, 10000.0)
    slap = (1.0 - np.exp(-t / 0.004)) * np.exp(-t / 0.045)
    sweep = 0.16 * (1.0 - np.exp(-t / 0.03)) * np.exp(-t / 0.16)
    return 0.45 * head + wires * (slap + sweep)


def _long_ride(t: Samples, rng: np.random.Generator) -> Samples:
    """A dark, heavy ride: the stick is clear, the wash is long."""
    wash = scattered_sines(
        t, rng, n_partials=140, low_hz=450.0, high_hz=9500.0, decay_seconds=1.3
    )  # fmt: skip
    ping = sum(
        level * np.sin(2 * np.pi * hz * t) * np.exp(-t / decay)
        for hz, level, decay in ((1985.0, 1.0, 0.16), (3120.0, 0.8, 0.11), (4540.0, 0.5, 0.07))
    )
    stick = band(rng.standard_normal(t.size), t, 3500.0, 11000.0) * np.exp(-t / 0.008)
    return 0.3 * wash / np.std(wash[: t.size // 8]) + 0.6 * ping + 0.45 * stick


def _boom(t: Samples, rng: np.random.Generator) -> Samples:
    """The kick of a drum computer: a falling sine that goes on and on."""
    body = swept_sine(t, low_hz=46.0, high_hz=170.0, fall_seconds=0.016) * np.exp(-t / 0.28)
    click = band(rng.standard_normal(t.size), t, 1500.0, 7000.0) * np.exp(-t / 0.002)
    return np.tanh(1.7 * body + 0.2 * click)


def _machine_snare(t: Samples, rng: np.random.Generator) -> Samples:
    """Two sines and a burst of noise."""
    tones = np.sin(2 * np.pi * 181.0 * t) * np.exp(-t / 0.055)
    tones += 0.7 * np.sin(2 * np.pi * 331.0 * t) * np.exp(-t / 0.035)
    snap = band(rng.standard_normal(t.size), t, 1100.0, 11000.0) * np.exp(-t / 0.07)
    return np.tanh(0.9 * tones + 0.8 * snap)


def _machine_hat(t: Samples, rng: np.random.Generator, *, decay_seconds: float) -> Samples:
    """Six squares and nothing else."""
    metal = band(squares(t, (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)), t, 6800.0, 14000.0)
    return metal * np.exp(-t / decay_seconds)


def _machine_tom(t: Samples, rng: np.random.Generator, *, hz: float) -> Samples:
    """A sine that sinks."""
    return swept_sine(t, low_hz=hz, high_hz=1.5 * hz, fall_seconds=0.06) * np.exp(-t / 0.16)


def _cowbell(t: Samples, rng: np.random.Generator) -> Samples:
    """Two squares through a narrow band: in place of a ride."""
    tone = band(squares(t, (540.0, 800.0)), t, 700.0, 4500.0)
    return tone * (0.6 * np.exp(-t / 0.015) + 0.4 * np.exp(-t / 0.14))


_STUDIO: dict[str, Recipe] = {
    "kick": _kick,
    "snare": _snare,
    "rim": _rim,
    "clap": _clap,
    "closed_hat": partial(_hat, decay_seconds=0.035),
    "open_hat": partial(_hat, decay_seconds=0.22),
    "low_tom": partial(_tom, hz=82.0, decay_seconds=0.26),
    "mid_tom": partial(_tom, hz=116.0, decay_seconds=0.22),
    "high_tom": partial(_tom, hz=160.0, decay_seconds=0.18),
    "ride": _ride,
    "crash": _crash,
}
_SECONDS = {"kick": 0.6, "snare": 0.5, "rim": 0.2, "clap": 0.5, "closed_hat": 0.25,
            "open_hat": 1.2, "ride": 2.6, "crash": 3.0}  # fmt: skip

KITS = {
    "studio": Kit(_STUDIO, _SECONDS),
    "jazz": Kit(
        {
            **_STUDIO,
            "kick": _open_kick,
            "snare": _brush,
            "closed_hat": partial(_hat, decay_seconds=0.022),
            "low_tom": partial(_tom, hz=98.0, decay_seconds=0.36),
            "mid_tom": partial(_tom, hz=138.0, decay_seconds=0.3),
            "high_tom": partial(_tom, hz=189.0, decay_seconds=0.26),
            "ride": _long_ride,
        },
        {**_SECONDS, "kick": 1.1, "snare": 0.9, "ride": 4.0},
        {"kick": 0.8, "ride": 1.35, "closed_hat": 0.85, "crash": 0.85},
        gain=1.18,
    ),
    "machine": Kit(
        {
            **_STUDIO,
            "kick": _boom,
            "snare": _machine_snare,
            "closed_hat": partial(_machine_hat, decay_seconds=0.03),
            "open_hat": partial(_machine_hat, decay_seconds=0.2),
            "low_tom": partial(_machine_tom, hz=78.0),
            "mid_tom": partial(_machine_tom, hz=112.0),
            "high_tom": partial(_machine_tom, hz=155.0),
            "ride": _cowbell,
        },
        {**_SECONDS, "kick": 1.5, "ride": 0.8},
        {"ride": 0.7},
        gain=0.78,
    ),
}
"""Every kit by name."""
