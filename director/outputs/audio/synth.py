"""The band as pyo objects: an instrument per strip, its level and pan, a room, a limiter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from director.channels import PERCUSSION_CHANNEL
from director.outputs.audio.instruments import Bass, Drums, Instrument, Keys, Lead, mixed_down
from director.outputs.audio.jobs import LEVEL, OFF, ON, PANIC, STRIP, Cue
from director.outputs.controllers import gain_from_db
from director.score import Strip

__all__ = ["Synth", "pan_gains"]

LEVEL_SECONDS = 0.02
MAX_GAIN = 4.0


def pan_gains(gain: float, pan: float) -> tuple[float, float]:
    """Left and right gain of a strip that is stereo itself.

    At the centre both are `gain`; towards a side that side keeps it and the other sinks by a
    quarter of a cosine, so that panning never raises a level.

    Examples
    --------
    >>> pan_gains(1.0, 0.0)
    (1.0, 1.0)
    """
    gain = min(MAX_GAIN, max(0.0, gain))
    pan = min(1.0, max(-1.0, pan))
    far = gain * math.cos(abs(pan) * math.pi / 2)
    return (far, gain) if pan > 0 else (gain, far)


class Synth:
    """Everything that sounds, once a pyo server is booted.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it; its server must be booted.
    strips : sequence of Strip
        Role and channel choose the instrument, gain and pan its place.
    sample_rate_hz : float
    seed : int
        Of all noise.
    """

    def __init__(
        self, pyo: Any, strips: Sequence[Strip], *, sample_rate_hz: float, seed: int = 0
    ) -> None:
        self._pyo = pyo
        self._sample_rate_hz, self._seed = sample_rate_hz, seed
        self._guests: list[Any] = []
        self._instruments: dict[str, Instrument] = {}
        self._faders: dict[str, Any] = {}
        buses, sends = [], []
        for strip in strips:
            bus, reverb_send = self._build_strip(strip)
            buses.append(bus)
            if reverb_send > 0:
                sends.append(bus * reverb_send)
        self._parts = (buses, sends)
        self._build_master(buses, sends)

    def _build_strip(self, strip: Strip) -> tuple[Any, float]:
        """An instrument behind its fader, and how much of it goes into the room."""
        pyo = self._pyo
        instrument = _instrument_for(
            pyo, strip, sample_rate_hz=self._sample_rate_hz, seed=self._seed
        )
        stereo = instrument.out if len(instrument.out) == 2 else pyo.Sig([instrument.out] * 2)
        gains = list(pan_gains(gain_from_db(strip.gain_db), strip.pan))
        fader = pyo.SigTo(gains, time=LEVEL_SECONDS, init=gains)
        self._instruments[strip.bot_id] = instrument
        self._faders[strip.bot_id] = fader
        return stereo * fader, instrument.reverb_send

    def _add_guest(self, strip: Strip) -> None:
        """A strip that joins later goes past the compressor and the room, under a ceiling."""
        if strip.bot_id in self._instruments:
            return
        bus, _ = self._build_strip(strip)
        ceiling = self._pyo.Tanh(bus)
        out = self._pyo.DCBlock(ceiling, mul=0.95 * self._master)
        self._guests += [bus, ceiling, out]
        out.out()

    def _build_master(self, buses: list[Any], sends: list[Any]) -> None:
        """A small room, a compressor that hears both sides, a soft ceiling."""
        pyo = self._pyo
        dry, send = mixed_down(pyo, buses, n_channels=2), mixed_down(pyo, sends, n_channels=2)
        # The room answers from all sides, wherever the sound comes from. (Adding `send[0]` and
        # `send[1]` instead would never be freed by pyo, nor would all that feeds them.)
        both = send.mix(1)
        self._room = pyo.Freeverb(both, size=[0.72, 0.76], damp=0.55, bal=1.0, mul=0.4)
        mixed = dry + self._room
        loudest = pyo.Max(pyo.Abs(mixed[0]), pyo.Abs(mixed[1]))
        self._gain = pyo.Compress(
            loudest, thresh=-9, ratio=2.5, risetime=0.006, falltime=0.14, lookahead=0.0,
            knee=0.6, outputAmp=True,
        )  # fmt: skip
        self._compressed = mixed * self._gain
        self._ceiling = pyo.Tanh(self._compressed)
        self._master = pyo.SigTo(1.0, time=LEVEL_SECONDS, init=1.0)
        self.out = pyo.DCBlock(self._ceiling, mul=0.95 * self._master)
        self._master_parts = (dry, send, both, mixed, loudest)
        self.out.out()

    def handle(self, cue: Cue) -> None:
        """Do one thing now; a strip that is not in the band is passed over."""
        if cue.kind == PANIC:
            self._silence()
            return
        if cue.kind.startswith(STRIP):
            self._add_guest(Strip(cue.bot_id, cue.kind.removeprefix(STRIP), int(cue.a)))
            return
        instrument = self._instruments.get(cue.bot_id)
        if instrument is None:
            return
        if cue.kind == ON:
            self._master.value = 1.0
            instrument.note_on(int(cue.a), int(cue.b))
        elif cue.kind == OFF:
            instrument.note_off(int(cue.a))
        elif cue.kind == LEVEL:
            self._faders[cue.bot_id].value = list(pan_gains(cue.a, cue.b))

    def _silence(self) -> None:
        """End every note, and shut the room's door on its echo until the next one begins."""
        self._master.value = 0.0
        for instrument in self._instruments.values():
            instrument.silence()


def _instrument_for(pyo: Any, strip: Strip, *, sample_rate_hz: float, seed: int) -> Instrument:
    """The sound of a role; percussion by its channel whatever the role is called."""
    if strip.channel == PERCUSSION_CHANNEL or strip.role == "drums":
        return Drums(pyo, sample_rate_hz=sample_rate_hz, seed=seed)
    if strip.role == "bass":
        return Bass(pyo)
    if strip.role in ("melody", "lead"):
        return Lead(pyo)
    return Keys(pyo)
