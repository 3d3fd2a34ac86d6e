"""Instruments of phase modulation: an electric piano, and soft keys."""

from __future__ import annotations

from typing import Any

from director.outputs.audio.instruments import (
    STEAL_SECONDS,
    Polyphonic,
    chorus,
    hz_from_pitch,
    loudness,
    mixed_down,
)
from director.outputs.audio.operators import Operators
from director.outputs.controllers import MAX_CONTROLLER

__all__ = ["ElectricPiano", "Pad"]


class ElectricPiano(Polyphonic):
    """A plucked lead: two pairs of sines whose modulation dies away, and a bright tine on top."""

    def __init__(self, pyo: Any, n_voices: int = 6) -> None:
        super().__init__(n_voices)
        self._voices = []
        for _ in range(n_voices):
            body = pyo.Adsr(attack=0.003, decay=0.9, sustain=0.35, release=0.22)
            edge = pyo.Adsr(attack=0.002, decay=0.28, sustain=0.22, release=0.2)
            tine = pyo.Adsr(attack=0.001, decay=0.11, sustain=0.0, release=0.05, mul=0.35)
            body.setExp(0.75)
            level = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
            depth = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
            index = edge * depth
            main = Operators(pyo, ratio=1.0, index=index)
            twin = Operators(pyo, ratio=1.0, index=index)
            bell = Operators(pyo, ratio=3.501, index=0.9)
            voice = ((main.out + twin.out * 0.25) * body + bell.out * tine) * level
            self._voices.append((main, twin, bell, index, depth, level, voice))
            self._envelopes.append([body, edge, tine])
        self._dry = mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=1) * 0.24
        self._wide = chorus(pyo, self._dry, depth_seconds=0.0012)
        self._echo = pyo.Delay(self._dry, delay=[0.29, 0.37], feedback=0.25, maxdelay=0.5, mul=0.1)
        self.out = self._wide + self._echo

    def _tune(self, voice: int, pitch: int, velocity: int) -> None:
        main, twin, bell, _, depth, level, _ = self._voices[voice]
        hz, strength = hz_from_pitch(pitch), velocity / MAX_CONTROLLER
        main.tune(hz)
        twin.tune(hz * 1.0028)
        bell.tune(2.0 * hz)
        # High notes get less modulation, so that their sidebands stay pleasant (and in band).
        depth.value = (0.5 + 3.2 * strength**1.5) * min(1.0, (520.0 / hz) ** 0.5)
        level.value = loudness(velocity)


class Pad(Polyphonic):
    """Soft keys for whatever is neither melody, bass nor drums."""

    def __init__(self, pyo: Any, n_voices: int = 10) -> None:
        super().__init__(n_voices)
        self._voices = []
        for _ in range(n_voices):
            body = pyo.Adsr(attack=0.012, decay=1.4, sustain=0.5, release=0.45)
            edge = pyo.Adsr(attack=0.008, decay=0.5, sustain=0.3, release=0.3)
            body.setExp(0.75)
            level = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
            depth = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
            index = edge * depth
            main = Operators(pyo, ratio=2.0, index=index)
            octave = pyo.Sine(freq=440.0, mul=0.12)
            voice = (main.out + octave) * body * level
            self._voices.append((main, octave, index, depth, level, voice))
            self._envelopes.append([body, edge])
        self._dry = mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=1) * 0.17
        self.out = chorus(pyo, self._dry, depth_seconds=0.002)

    def _tune(self, voice: int, pitch: int, velocity: int) -> None:
        main, octave, _, depth, level, _ = self._voices[voice]
        hz, strength = hz_from_pitch(pitch), velocity / MAX_CONTROLLER
        main.tune(hz)
        octave.freq = 2.0 * hz
        depth.value = (0.15 + 0.9 * strength) * min(1.0, (400.0 / hz) ** 0.5)
        level.value = loudness(velocity)
