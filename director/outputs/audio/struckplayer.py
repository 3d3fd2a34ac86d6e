"""Struck and plucked instruments that play: notes computed beforehand, read by a few voices."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from director.outputs.audio.instruments import hz_from_pitch, loudness, mixed_down
from director.outputs.audio.struck import STRUCK, note_waveform
from director.outputs.audio.tables import table_of
from director.outputs.controllers import MAX_CONTROLLER
from musebots.arrays import FloatArray

__all__ = ["StruckPlayer"]

CUT_SECONDS = 0.03
SPREAD = 0.5


class StruckPlayer:
    """Each note takes the next voice, whose last note has been faded out ahead of its turn.

    Low notes sit to the left and high ones to the right, as a player sees them.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it.
    name : str
        One of `STRUCK`.
    sample_rate_hz : float
    seed : int
        Of the noise of the strokes.
    tremolo : float
        Depth of a motor's tremolo, 0..1.
    """

    def __init__(
        self,
        pyo: Any,
        name: str,
        *,
        sample_rate_hz: float,
        seed: int,
        n_voices: int = 8,
        tremolo: float = 0.0,
    ) -> None:
        sound = self._sound = STRUCK[name]
        self._tables = {}
        for pitch in range(sound.lowest, sound.highest + 1, sound.step):
            make = partial(_note, name, pitch, sample_rate_hz, seed)
            self._tables[pitch] = table_of(pyo, (name, pitch, sample_rate_hz, seed), make)
        self._silence = table_of(pyo, ("silence",), lambda: np.zeros(64))
        self._voices = []
        for _ in range(n_voices):
            level = pyo.SigTo([0.0, 0.0], time=0.0, init=[0.0, 0.0])
            reader = pyo.TableRead(table=self._silence, freq=1.0, loop=0, interp=4)
            tone = pyo.Tone(reader, freq=sound.brightest_hz)
            self._voices.append((reader, tone, level, tone * level))
        self._playing: dict[int, int] = {}
        self._next = 0
        dry = mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=2)
        self._dry = dry * sound.gain
        self.out = self._dry
        if tremolo:
            motor = pyo.Sine(freq=4.6, phase=[0.0, 0.35], mul=tremolo / 2, add=1 - tremolo / 2)
            self.out = self._dry * motor

    def note_on(self, pitch: int, velocity: int) -> None:
        """Strike a note."""
        if pitch in self._playing:
            self._fade(self._playing[pitch], CUT_SECONDS)
        voice, self._next = self._next, (self._next + 1) % len(self._voices)
        self._playing = {of: by for of, by in self._playing.items() if by != voice}
        self._playing[pitch] = voice
        reader, tone, level, _ = self._voices[voice]
        nearest = min(self._tables, key=lambda known: (abs(known - pitch), known))
        table = self._tables[nearest]
        reader.table = table
        reader.freq = table.getRate() * 2.0 ** ((pitch - nearest) / 12.0)
        strength = velocity / MAX_CONTROLLER
        low_hz, high_hz = self._sound.softest_hz, self._sound.brightest_hz
        tone.freq = low_hz * (high_hz / low_hz) ** strength
        side = SPREAD * max(-1.0, min(1.0, (pitch - 64) / 36.0))
        gain = loudness(velocity)
        level.time = 0.0
        level.value = [gain * (1.0 - max(0.0, side)), gain * (1.0 + min(0.0, side))]
        reader.play()
        self._fade(self._next, CUT_SECONDS)

    def note_off(self, pitch: int) -> None:
        """Damp a note."""
        voice = self._playing.pop(pitch, None)
        if voice is not None:
            self._fade(voice, self._sound.release_seconds)

    def silence(self) -> None:
        """Damp everything."""
        self._playing.clear()
        for voice in range(len(self._voices)):
            self._fade(voice, CUT_SECONDS)

    def _fade(self, voice: int, seconds: float) -> None:
        level = self._voices[voice][2]
        level.time = seconds
        level.value = [0.0, 0.0]


def _note(name: str, pitch: int, sample_rate_hz: float, seed: int) -> FloatArray:
    rng = np.random.default_rng([seed, pitch])
    return note_waveform(STRUCK[name], hz_from_pitch(pitch), sample_rate_hz=sample_rate_hz, rng=rng)
