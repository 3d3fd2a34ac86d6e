"""A MIDI input: every message with the time at which it came, handed to the event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import mido

from director.ports import open_input
from director.sync.midiclock import ClockWord, MidiClockLeader

__all__ = ["MidiInput", "lead_by_midi_clock"]

log = logging.getLogger(__name__)

WORDS: dict[str, ClockWord] = {
    "clock": "clock",
    "start": "start",
    "continue": "continue",
    "stop": "stop",
    "songpos": "songpos",
}


class MidiInput:
    """An open input port.

    Parameters
    ----------
    port : str or None
        A part of its name; None: the only one; ``virtual``: one of our own.
    hear : callable
        Hears (message, seconds) on the event loop, where seconds are those of `time.monotonic` at
        which the message reached this process.
    backend : str, optional
        Name of a mido backend.

    Raises
    ------
    OutputUnavailable
        If there is no such port.
    """

    def __init__(
        self,
        port: str | None,
        hear: Callable[[mido.Message, float], None],
        *,
        backend: str | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        self._is_open = True
        self._port: Any
        self.name, self._port = open_input(port, self._arrived, backend)

    def close(self) -> None:
        """Free the port; nothing is heard afterwards."""
        self._is_open = False
        self._port.close()

    def _arrived(self, message: mido.Message) -> None:
        """Called in a thread of the MIDI system: take the time, and get out of its way."""
        seconds = time.monotonic()
        try:
            self._loop.call_soon_threadsafe(self._hand_on, message, seconds)
        except RuntimeError:  # the loop is closed: the session is over
            log.debug("a MIDI message came too late")

    def _hand_on(self, message: mido.Message, seconds: float) -> None:
        if self._is_open:
            self._hear(message, seconds)


def lead_by_midi_clock(
    port: str | None, bpm: float, *, backend: str | None = None
) -> tuple[MidiClockLeader, MidiInput]:
    """The clock that comes in at a port as a leader, and the open port.

    Raises
    ------
    OutputUnavailable
        If there is no such port.
    """
    leader = MidiClockLeader("the MIDI clock", bpm, now=asyncio.get_running_loop().time)

    def hear(message: mido.Message, seconds: float) -> None:
        word = WORDS.get(message.type)
        if word is not None:
            leader.hear(word, seconds, position=message.pos if word == "songpos" else 0)

    opened = MidiInput(port, hear, backend=backend)
    leader.name = f"the MIDI clock of {opened.name}"
    return leader, opened
