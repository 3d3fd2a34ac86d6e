"""A MIDI port: a synthesiser, a DAW, another program. Each event goes out at its time."""

from __future__ import annotations

import logging
import time
from typing import Any

import mido

from director.channels import CHANNELS_PER_PORT
from director.outputs.base import InstrumentChanged, Level, NoteOff, NoteOn, OutputEvent, StripAdded
from director.outputs.controllers import (
    ALL_NOTES_OFF,
    PAN,
    SUSTAIN,
    VOLUME,
    gain_from_db,
    pan_controller,
    volume_controller,
)
from director.outputs.deadline import DeadlineThread
from director.ports import VIRTUAL_PORT, open_output, open_virtual_output
from director.score import Score, Strip

__all__ = ["MidiPortOutput"]

log = logging.getLogger(__name__)


class MidiPortOutput:
    """Plays through a MIDI port.

    Parameters
    ----------
    port : str, optional
        A part of the port's name, in any case, that no other port has; by default the only port.
    virtual : bool
        Instead make a port of our own, named ``musebots``, that others connect to. Not on Windows.
    backend : str
        Name of a mido backend module; ``mido.backends.rtmidi/UNIX_JACK`` speaks to JACK.
    """

    def __init__(
        self, port: str | None = None, *, virtual: bool = False, backend: str | None = None
    ) -> None:
        self._wanted = port
        self._is_virtual = virtual
        self._backend = backend
        self._port: Any = None
        self._port_name = VIRTUAL_PORT if virtual else port or ""
        self._thread: DeadlineThread | None = None
        self._anchor_seconds = 0.0
        self._channels: set[int] = set()
        self._sounding: set[tuple[int, int]] = set()

    @property
    def name(self) -> str:
        """``midiport IAC Driver Bus 1``."""
        return f"midiport {self._port_name}".rstrip()

    async def open(self, score: Score) -> None:
        """Open the port and set each strip's sound, level and pan.

        What a session that was killed has left sounding there ends.

        Raises
        ------
        OutputUnavailable
            If there is no such port, or more than one.
        """
        if self._is_virtual:
            self._port = open_virtual_output(self._backend)
        else:
            self._port_name, self._port = open_output(self._wanted, self._backend)
        for strip in score.strips:
            self._set_up(strip)
        self._silence()
        self._thread = DeadlineThread("midi port")
        self._thread.start()

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at this time of `time.monotonic`."""
        self._anchor_seconds = anchor_seconds

    def send(self, event: OutputEvent) -> None:
        """Have one event sent at its time, or at once if that is past."""
        if self._thread is None or not _is_on_this_port(getattr(event, "channel", 0)):
            return
        when = self._anchor_seconds + event.seconds
        if isinstance(event, NoteOn):
            self._thread.call_at(when, self._note_on, event)
        elif isinstance(event, NoteOff):
            self._thread.call_at(when, self._note_off, event.channel, event.pitch)
        elif isinstance(event, Level):
            self._thread.call_at(when, self._level, event)
        elif isinstance(event, InstrumentChanged):
            message = mido.Message("program_change", channel=event.channel, program=event.program)
            self._thread.call_at(when, self._send_now, message)
        elif isinstance(event, StripAdded):
            self._thread.call_at(when, self._set_up, event.strip)

    def panic(self) -> None:
        """Forget what is pending and end everything, on every channel in use."""
        if self._thread is None:
            return
        self._thread.clear()
        self._thread.call_at(time.monotonic(), self._silence)

    async def close(self) -> None:
        """End everything and free the port."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
        if self._port is not None:
            try:
                self._silence()
            finally:
                self._port.close()
                self._port = None

    def _set_up(self, strip: Strip) -> None:
        channel = strip.channel
        if not _is_on_this_port(channel):
            log.warning(
                "%s is not sent to %s: a MIDI port has %d channels, and this is number %d",
                strip.bot_id, self.name, CHANNELS_PER_PORT, channel + 1,
            )  # fmt: skip
            return
        self._channels.add(channel)
        self._send_now(mido.Message("program_change", channel=channel, program=strip.program))
        self._control(channel, VOLUME, volume_controller(gain_from_db(strip.gain_db)))
        self._control(channel, PAN, pan_controller(strip.pan))

    def _note_on(self, event: NoteOn) -> None:
        self._channels.add(event.channel)
        self._sounding.add((event.channel, event.pitch))
        message = mido.Message(
            "note_on", channel=event.channel, note=event.pitch, velocity=event.velocity
        )
        self._send_now(message)

    def _note_off(self, channel: int, pitch: int) -> None:
        self._sounding.discard((channel, pitch))
        self._send_now(mido.Message("note_off", channel=channel, note=pitch, velocity=0))

    def _level(self, event: Level) -> None:
        self._control(event.channel, VOLUME, volume_controller(event.gain))
        self._control(event.channel, PAN, pan_controller(event.pan))

    def _control(self, channel: int, control: int, value: int) -> None:
        message = mido.Message("control_change", channel=channel, control=control, value=value)
        self._send_now(message)

    def _silence(self) -> None:
        """Only the deadline thread calls this, or whoever has ended it: the port is not shared."""
        for channel, pitch in sorted(self._sounding):
            self._note_off(channel, pitch)
        for channel in sorted(self._channels):
            self._control(channel, SUSTAIN, 0)
            self._control(channel, ALL_NOTES_OFF, 0)

    def _send_now(self, message: mido.Message) -> None:
        self._port.send(message)


def _is_on_this_port(channel: int) -> bool:
    """Whether one MIDI port has this channel: those of a large band go on, see `channels`."""
    return channel < CHANNELS_PER_PORT
