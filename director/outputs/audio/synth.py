"""The band as pyo objects: an instrument per strip, its level, pan and send, a room, a master."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from director.outputs.audio.instruments import Instrument, mixed_down
from director.outputs.audio.jobs import LEVEL, OFF, ON, PANIC, SOUND, STRIP, Cue
from director.outputs.audio.master import Master
from director.outputs.audio.orchestra import build_instrument
from director.outputs.audio.room import Room
from director.outputs.controllers import gain_from_db
from director.score import Strip
from director.sounds import sound_of

__all__ = ["Synth", "Tap", "pan_gains"]

LEVEL_SECONDS = 0.02
CHANGE_SECONDS = 0.06
LEAVING_SECONDS = 0.5
MAX_GAIN = 4.0

Tap = Literal["master", "mix", "stems"]
"""Where a render listens: behind the master, before it, or to each strip and its own room."""


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


@dataclass(slots=True)
class _Channel:
    """One strip of the mixer: what plays, and what it plays through."""

    strip: Strip
    instrument: Instrument
    source: Any
    fader: Any
    send: Any
    bus: Any
    to_room: Any


class Synth:
    """Everything that sounds, once a pyo server is booted.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it; its server must be booted.
    strips : sequence of Strip
        What they sound like, their gain, pan and share of the room.
    sample_rate_hz : float
    seed : int
        Of all noise.
    tap : {"master", "mix", "stems"}
        With ``"stems"`` each strip has two channels of the server's, in order.
    """

    def __init__(
        self,
        pyo: Any,
        strips: Sequence[Strip],
        *,
        sample_rate_hz: float,
        seed: int = 0,
        tap: Tap = "master",
    ) -> None:
        self._pyo = pyo
        self._sample_rate_hz, self._seed = sample_rate_hz, seed
        self._channels = {strip.bot_id: self._build_channel(strip) for strip in strips}
        self._leaving: list[tuple[float, _Channel, Instrument]] = []
        if tap == "stems":
            self._build_stems()
        else:
            self._build_mix(is_mastered=tap == "master")

    def _build_channel(self, strip: Strip) -> _Channel:
        """An instrument behind its fader, and how much of it goes into the room."""
        pyo, sound = self._pyo, sound_of(strip)
        instrument = self._build(sound.name)
        gains = list(pan_gains(gain_from_db(strip.gain_db), strip.pan))
        reverb = sound.reverb if strip.reverb is None else strip.reverb
        source = pyo.InputFader(_stereo(pyo, instrument))
        fader = pyo.SigTo(gains, time=LEVEL_SECONDS, init=gains)
        send = pyo.SigTo(reverb, time=LEVEL_SECONDS, init=reverb)
        bus = source * fader
        return _Channel(strip, instrument, source, fader, send, bus, bus.mix(1) * send)

    def _build(self, name: str) -> Instrument:
        return build_instrument(
            self._pyo, name, sample_rate_hz=self._sample_rate_hz, seed=self._seed
        )

    def _build_mix(self, *, is_mastered: bool) -> None:
        pyo = self._pyo
        self._dry = pyo.InputFader(self._sum_of_buses())
        self._to_room = pyo.InputFader(self._sum_of_sends())
        self._room = Room(pyo, self._to_room)
        self._mix = self._dry + self._room.out
        self._master = Master(pyo, self._mix)
        self._door = self._master.door
        self.out = self._master.out if is_mastered else self._mix
        self.out.out()

    def _build_stems(self) -> None:
        self._rooms = [Room(self._pyo, channel.to_room) for channel in self._channels.values()]
        self._stems = [
            channel.bus + room.out
            for channel, room in zip(self._channels.values(), self._rooms, strict=True)
        ]
        for index, stem in enumerate(self._stems):
            stem.out(chnl=2 * index)
        self._door = self._pyo.SigTo(1.0)
        self.out = self._stems[0]

    def _sum_of_buses(self) -> Any:
        buses = [channel.bus for channel in self._channels.values()]
        return mixed_down(self._pyo, buses, n_channels=2)

    def _sum_of_sends(self) -> Any:
        sends = [channel.to_room for channel in self._channels.values()]
        return mixed_down(self._pyo, sends, n_channels=1)

    @property
    def buses(self) -> dict[str, Any]:
        """Each strip behind its fader, in stereo, by its bot."""
        return {bot_id: channel.bus for bot_id, channel in dict(self._channels).items()}

    def handle(self, cue: Cue) -> None:
        """Do one thing now; a strip that is not in the band is passed over."""
        self._let_go(cue.seconds)
        if cue.kind == PANIC:
            self._silence()
            return
        if cue.kind.startswith(STRIP):
            self._add(Strip(cue.bot_id, cue.kind.removeprefix(STRIP), int(cue.a), int(cue.b)))
            return
        channel = self._channels.get(cue.bot_id)
        if channel is None:
            return
        if cue.kind == ON:
            self._door.value = 1.0
            channel.instrument.note_on(int(cue.a), int(cue.b))
        elif cue.kind == OFF:
            channel.instrument.note_off(int(cue.a))
        elif cue.kind == LEVEL:
            channel.fader.value = list(pan_gains(cue.a, cue.b))
            if cue.c >= 0:
                channel.send.value = min(1.0, cue.c)
        elif cue.kind.startswith(SOUND):
            self._change(channel, cue.kind.removeprefix(SOUND), cue.seconds)

    def _add(self, strip: Strip) -> None:
        """A strip joins the mix while it plays."""
        if strip.bot_id in self._channels:
            return
        self._channels[strip.bot_id] = self._build_channel(strip)
        self._dry.setInput(self._sum_of_buses(), CHANGE_SECONDS)
        self._to_room.setInput(self._sum_of_sends(), CHANGE_SECONDS)

    def _change(self, channel: _Channel, name: str, seconds: float) -> None:
        """Another instrument fades in; what the one before still plays fades out."""
        before, channel.instrument = channel.instrument, self._build(name)
        before.silence()
        channel.source.setInput(_stereo(self._pyo, channel.instrument), CHANGE_SECONDS)
        self._leaving.append((seconds + LEAVING_SECONDS, channel, before))

    def _let_go(self, seconds: float) -> None:
        """Free the instruments that have faded out."""
        while self._leaving and self._leaving[0][0] <= seconds:
            _, channel, _ = self._leaving.pop(0)
            # pyo's fader holds on to what it faded from: fade to the same once more.
            channel.source.setInput(channel.source.input, CHANGE_SECONDS)

    def _silence(self) -> None:
        """End every note, and shut the room's door on its echo until the next one begins."""
        self._door.value = 0.0
        for channel in self._channels.values():
            channel.instrument.silence()


def _stereo(pyo: Any, instrument: Instrument) -> Any:
    return instrument.out if len(instrument.out) == 2 else pyo.Sig([instrument.out] * 2)
