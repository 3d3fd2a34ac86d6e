"""What all instruments share: voices that are made once and reused, velocities, stereo.

An instrument hears `note_on`, `note_off` and `silence`, and gives a stereo or mono pyo signal,
`out`. Envelopes start from wherever they are, so that a stolen voice does not click.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol

from director.outputs.audio.voices import VoicePool
from director.outputs.controllers import MAX_CONTROLLER

__all__ = ["STEAL_SECONDS", "Instrument", "Polyphonic", "chorus", "hz_from_pitch", "loudness",
           "mixed_down"]  # fmt: skip

STEAL_SECONDS = 0.006


class Instrument(Protocol):
    """What the synthesiser asks of an instrument."""

    out: Any

    def note_on(self, pitch: int, velocity: int) -> None:
        """Begin a note."""

    def note_off(self, pitch: int) -> None:
        """Let it go."""

    def silence(self) -> None:
        """Release everything."""


def hz_from_pitch(pitch: float) -> float:
    """Frequency in equal temperament; pitch 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def loudness(velocity: int) -> float:
    """Linear amplitude of a velocity: about 36 dB from softest to loudest, as players expect."""
    return float(0.016 + 0.984 * (velocity / MAX_CONTROLLER) ** 1.8)


def mixed_down(pyo: Any, signals: Sequence[Any], *, n_channels: int) -> Any:
    """The sum of signals of `n_channels` each; additions cost pyo a third of its own Mix."""
    if not signals:
        return pyo.Sig([0.0] * n_channels)
    return reduce(operator.add, signals)


def chorus(pyo: Any, mono: Any, *, depth_seconds: float) -> Any:
    """Stereo from mono: the signal, and on each side a copy that drifts in pitch."""
    drift = pyo.Sine(freq=[0.51, 0.63], phase=[0.0, 0.5], mul=depth_seconds, add=0.011)
    return pyo.Delay(mono, delay=drift, maxdelay=0.05, mul=0.35) + mono * 0.85


class Polyphonic:
    """Shared by the pitched instruments: voices, and who plays on which."""

    def __init__(self, n_voices: int) -> None:
        self._pool = VoicePool(n_voices)
        self._envelopes: list[list[Any]] = []

    def note_on(self, pitch: int, velocity: int) -> None:
        """Begin a note on a free voice, or on the oldest."""
        voice = self._pool.take(pitch)
        self._tune(voice, pitch, velocity)
        for envelope in self._envelopes[voice]:
            envelope.play()

    def note_off(self, pitch: int) -> None:
        """Let a note go."""
        voice = self._pool.give_back(pitch)
        if voice is not None:
            for envelope in self._envelopes[voice]:
                envelope.stop()

    def silence(self) -> None:
        """Let every note go."""
        self._pool.clear()
        for of_voice in self._envelopes:
            for envelope in of_voice:
                envelope.stop()

    def _tune(self, voice: int, pitch: int, velocity: int) -> None:
        raise NotImplementedError
