"""A drum kit that plays: its waveforms, read by a few voices."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from director.outputs.audio.drumkit import DRUMS, KITS, drum_at, drum_waveform
from director.outputs.audio.instruments import loudness, mixed_down
from director.outputs.audio.tables import table_of
from director.outputs.controllers import MAX_CONTROLLER
from musebots.arrays import FloatArray

__all__ = ["Drums"]

CHOKE_SECONDS = 0.03


class Drums:
    """The kit: waveforms computed beforehand, played by a few readers that brighten with velocity.

    The reader that comes next is faded out ahead of its turn, so that no stroke cuts another.
    """

    def __init__(
        self, pyo: Any, *, kit: str, sample_rate_hz: float, seed: int, n_voices: int = 14
    ) -> None:
        self._balance = KITS[kit].balance
        self._tables = {}
        for index, drum in enumerate(DRUMS):
            make = partial(_stroke, kit, drum.name, index, sample_rate_hz, seed)
            key = (kit, drum.name, sample_rate_hz, seed)
            self._tables[drum.name] = table_of(pyo, key, make)
        silence = table_of(pyo, ("silence",), lambda: np.zeros(64))
        self._voices = []
        for _ in range(n_voices):
            level = pyo.SigTo(0.0, time=0.0, init=0.0)
            reader = pyo.TableRead(table=silence, freq=1.0, loop=0)
            tone = pyo.Tone(reader, freq=15000.0)
            pan = pyo.SPan(tone * level, outs=2, pan=0.5)
            self._voices.append((reader, tone, level, pan))
        self._choking: dict[str, list[int]] = {}
        self._next = 0
        self.out = (
            mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=2) * KITS[kit].gain
        )

    def note_on(self, pitch: int, velocity: int) -> None:
        """Strike a drum."""
        drum = drum_at(pitch)
        voice, self._next = self._next, (self._next + 1) % len(self._voices)
        for sounding in self._choking.values():
            if voice in sounding:
                sounding.remove(voice)
        if drum.choke_group:
            for other in self._choking.get(drum.choke_group, []):
                self._fade(other)
            self._choking[drum.choke_group] = [voice]
        reader, tone, level, pan = self._voices[voice]
        table = self._tables[drum.name]
        reader.table = table
        reader.freq = table.getRate()
        tone.freq = 2500.0 + 15500.0 * (velocity / MAX_CONTROLLER) ** 1.5
        level.time = 0.0
        level.value = drum.gain * self._balance.get(drum.name, 1.0) * loudness(velocity)
        pan.pan = 0.5 + 0.5 * drum.pan
        reader.play()
        self._fade(self._next)

    def note_off(self, pitch: int) -> None:
        """Drums ring out by themselves."""

    def silence(self) -> None:
        """Damp everything."""
        for voice in range(len(self._voices)):
            self._fade(voice)

    def _fade(self, voice: int) -> None:
        level = self._voices[voice][2]
        level.time = CHOKE_SECONDS
        level.value = 0.0


def _stroke(kit: str, name: str, index: int, sample_rate_hz: float, seed: int) -> FloatArray:
    rng = np.random.default_rng([seed, index])
    return drum_waveform(name, kit=kit, sample_rate_hz=sample_rate_hz, rng=rng)
