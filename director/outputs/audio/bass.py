"""Basses of one voice: a filtered saw over a sine; the last note has it, slurred if held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from director.outputs.audio.instruments import STEAL_SECONDS, hz_from_pitch, loudness
from director.outputs.controllers import MAX_CONTROLLER

__all__ = ["BASSES", "Bass", "BassSound"]


@dataclass(frozen=True, slots=True)
class BassSound:
    """What makes the one voice a synthesiser or a fretless bass.

    Parameters
    ----------
    sharpness : float
        Of the wave above the sine, 0..1.
    saw, sine : float
        Levels of the two.
    resonance : float
        Of the filter, 0..1.
    opening_seconds, closing_seconds : float
        How the filter opens with a note and closes after it.
    least_hz, most_hz : float
        How far it opens for the softest note, and how much further for the hardest.
    sustain : float
        What is left of a note while it is held, 0..1.
    slide_seconds : float
        From one note to the next where they are slurred.
    drive : float
        Saturation.
    gain : float
        Linear: what makes it as loud as the others.
    """

    sharpness: float = 0.75
    saw: float = 0.45
    sine: float = 0.75
    resonance: float = 0.25
    opening_seconds: float = 0.003
    closing_seconds: float = 0.22
    least_hz: float = 250.0
    most_hz: float = 2200.0
    attack_seconds: float = 0.007
    sustain: float = 0.7
    slide_seconds: float = 0.025
    drive: float = 1.3
    gain: float = 0.5


BASSES = {
    "synth-bass": BassSound(),
    "fretless": BassSound(sharpness=0.45, saw=0.55, sine=0.6, resonance=0.42, opening_seconds=0.06,
                          closing_seconds=0.7, least_hz=120.0, most_hz=900.0, attack_seconds=0.016,
                          sustain=0.6, slide_seconds=0.055, drive=1.0, gain=0.84),
}  # fmt: skip
"""Every bass of one voice by name."""


class Bass:
    """One round voice; see the module's text."""

    def __init__(self, pyo: Any, sound: BassSound) -> None:
        self._sound = sound
        self._held: list[int] = []
        self._hz = pyo.SigTo(55.0, time=0.0, init=55.0)
        self._body = pyo.Adsr(attack=sound.attack_seconds, decay=0.35, sustain=sound.sustain,
                              release=0.07)  # fmt: skip
        self._edge = pyo.Adsr(attack=sound.opening_seconds, decay=sound.closing_seconds,
                              sustain=0.25, release=0.08)  # fmt: skip
        self._edge.setExp(0.75)
        self._level = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
        self._depth = pyo.Sig(self._edge, mul=600.0)
        saw = pyo.LFO(freq=self._hz, sharp=sound.sharpness, type=0, mul=sound.saw)
        sub = pyo.Sine(freq=self._hz, mul=sound.sine)
        cutoff = self._depth + self._hz * 2.0
        self._filtered = pyo.MoogLP(saw, freq=cutoff, res=sound.resonance)
        self._voice = pyo.Sig(self._filtered + sub, mul=self._body)
        self._driven = pyo.Tanh(self._voice * sound.drive)
        self.out = pyo.DCBlock(self._driven * self._level, mul=sound.gain)
        self._parts = (saw, sub, cutoff)

    def note_on(self, pitch: int, velocity: int) -> None:
        """Begin a note; the one that sounds gives way."""
        slurred = bool(self._held)
        if pitch in self._held:
            self._held.remove(pitch)
        self._held.append(pitch)
        self._hz.time = self._sound.slide_seconds if slurred else 0.0
        self._hz.value = hz_from_pitch(pitch)
        strength = velocity / MAX_CONTROLLER
        self._depth.mul = self._sound.least_hz + self._sound.most_hz * strength**2
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
