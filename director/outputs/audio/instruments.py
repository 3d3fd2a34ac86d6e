"""The instruments of the band, each a few voices of pyo objects that are made once and reused.

An instrument hears `note_on`, `note_off` and `silence`, and gives a stereo or mono pyo signal,
`out`. Envelopes start from wherever they are, so that a stolen voice does not click.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol

import numpy as np

from director.outputs.audio.drumkit import DRUMS, drum_at, drum_waveform
from director.outputs.audio.operators import Operators
from director.outputs.audio.voices import VoicePool
from director.outputs.controllers import MAX_CONTROLLER

__all__ = ["Bass", "Drums", "Instrument", "Keys", "Lead", "hz_from_pitch", "loudness", "mixed_down"]

STEAL_SECONDS = 0.006
CHOKE_SECONDS = 0.03


class Instrument(Protocol):
    """What the synthesiser asks of an instrument."""

    out: Any
    reverb_send: float

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


def _chorus(pyo: Any, mono: Any, *, depth_seconds: float) -> Any:
    """Stereo from mono: the signal, and on each side a copy that drifts in pitch."""
    drift = pyo.Sine(freq=[0.51, 0.63], phase=[0.0, 0.5], mul=depth_seconds, add=0.011)
    return pyo.Delay(mono, delay=drift, maxdelay=0.05, mul=0.35) + mono * 0.85


class _Polyphonic:
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


class Lead(_Polyphonic):
    """A plucked lead: two pairs of sines whose modulation dies away, and a bright tine on top."""

    reverb_send = 0.26

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
        self._wide = _chorus(pyo, self._dry, depth_seconds=0.0012)
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


class Keys(_Polyphonic):
    """Soft keys for whatever is neither melody, bass nor drums."""

    reverb_send = 0.3

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
        self._dry = mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=1) * 0.13
        self.out = _chorus(pyo, self._dry, depth_seconds=0.002)

    def _tune(self, voice: int, pitch: int, velocity: int) -> None:
        main, octave, _, depth, level, _ = self._voices[voice]
        hz, strength = hz_from_pitch(pitch), velocity / MAX_CONTROLLER
        main.tune(hz)
        octave.freq = 2.0 * hz
        depth.value = (0.15 + 0.9 * strength) * min(1.0, (400.0 / hz) ** 0.5)
        level.value = loudness(velocity)


class Bass:
    """One round voice: a filtered saw over a sine; the last note has it, slurred if held."""

    reverb_send = 0.0

    def __init__(self, pyo: Any) -> None:
        self._held: list[int] = []
        self._hz = pyo.SigTo(55.0, time=0.0, init=55.0)
        self._body = pyo.Adsr(attack=0.007, decay=0.35, sustain=0.7, release=0.07)
        self._edge = pyo.Adsr(attack=0.003, decay=0.22, sustain=0.25, release=0.08)
        self._edge.setExp(0.75)
        self._level = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
        self._depth = pyo.Sig(self._edge, mul=600.0)
        saw = pyo.LFO(freq=self._hz, sharp=0.75, type=0, mul=0.45)
        sub = pyo.Sine(freq=self._hz, mul=0.75)
        cutoff = self._depth + self._hz * 2.0
        self._filtered = pyo.MoogLP(saw, freq=cutoff, res=0.25)
        self._voice = pyo.Sig(self._filtered + sub, mul=self._body)
        self._driven = pyo.Tanh(self._voice * 1.3)
        self.out = pyo.DCBlock(self._driven * self._level, mul=0.5)
        self._parts = (saw, sub, cutoff)

    def note_on(self, pitch: int, velocity: int) -> None:
        """Begin a note; the one that sounds gives way."""
        slurred = bool(self._held)
        if pitch in self._held:
            self._held.remove(pitch)
        self._held.append(pitch)
        self._hz.time = 0.025 if slurred else 0.0
        self._hz.value = hz_from_pitch(pitch)
        strength = velocity / MAX_CONTROLLER
        self._depth.mul = 250.0 + 2200.0 * strength**2
        self._level.value = loudness(velocity)
        self._body.play()
        self._edge.play()

    def note_off(self, pitch: int) -> None:
        """Let the note go, if it still has the voice."""
        if pitch not in self._held:
            return
        had_voice = self._held[-1] == pitch
        self._held.remove(pitch)
        if had_voice:
            self._held.clear()
            self._body.stop()
            self._edge.stop()

    def silence(self) -> None:
        """Let go."""
        self._held.clear()
        self._body.stop()
        self._edge.stop()


class Drums:
    """The kit: waveforms computed beforehand, played by a few readers that brighten with velocity.

    The reader that comes next is faded out ahead of its turn, so that no stroke cuts another.
    """

    reverb_send = 0.09

    def __init__(self, pyo: Any, *, sample_rate_hz: float, seed: int, n_voices: int = 14) -> None:
        self._tables = {}
        for index, drum in enumerate(DRUMS):
            wave = drum_waveform(
                drum.name, sample_rate_hz=sample_rate_hz, rng=np.random.default_rng([seed, index])
            )
            self._tables[drum.name] = pyo.DataTable(size=wave.size, init=wave.tolist())
        silence = pyo.DataTable(size=64)
        self._voices = []
        for _ in range(n_voices):
            level = pyo.SigTo(0.0, time=0.0, init=0.0)
            reader = pyo.TableRead(table=silence, freq=1.0, loop=0)
            tone = pyo.Tone(reader, freq=15000.0)
            pan = pyo.SPan(tone * level, outs=2, pan=0.5)
            self._voices.append((reader, tone, level, pan))
        self._choking: dict[str, list[int]] = {}
        self._next = 0
        self.out = mixed_down(pyo, [voice[-1] for voice in self._voices], n_channels=2) * 0.9
        self._silence = silence

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
        level.value = drum.gain * loudness(velocity)
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
