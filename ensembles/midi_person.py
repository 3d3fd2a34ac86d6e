"""A person at a MIDI keyboard, as a member of the band; in a process of its own."""

from __future__ import annotations

from typing import Any

from director.inputs.midi import MidiInput
from musebots.hearing.person import Person

__all__ = ["MidiPerson"]

SUSTAIN = 64
DOWN = 64


class MidiPerson(Person):
    """Hears a MIDI port; settings are `port` (a part of its name) and `tempo` (follow it, too)."""

    async def prepare(self) -> None:
        """Open the port."""
        await super().prepare()
        port = self.settings.get("port")
        self._port = MidiInput(str(port) if port else None, self._hear_midi)

    async def play(self) -> None:
        """Listen until the band goes home."""
        try:
            await super().play()
        finally:
            self._port.close()

    def _hear_midi(self, message: Any, seconds: float) -> None:
        match message.type:
            case "note_on" if message.velocity > 0:
                self.strike(message.note, message.velocity, seconds)
            case "note_on" | "note_off":
                self.release(message.note, seconds)
            case "control_change" if message.control == SUSTAIN:
                self.pedal(message.value >= DOWN, seconds)
