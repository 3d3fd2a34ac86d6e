"""The melody: it leads, leaves room, and comes home at the end."""

from __future__ import annotations

from musebots.notes import Note
from musebots.player import GeneratorBot

__all__ = ["Melody"]

CENTRE_PITCH = 69


class Melody(GeneratorBot):
    """One voice, in the key, over the chords."""

    role = "melody"
    network = "melody"
    lead = 0.5
    style = "standard"
    _last_pitch = CENTRE_PITCH

    async def play(self) -> None:
        """Play, from the middle of the range."""
        self._last_pitch = CENTRE_PITCH
        await super().play()

    def send(self, *notes: Note) -> None:
        """Send, and remember where the voice is."""
        if notes:
            self._last_pitch = notes[-1].pitch
        super().send(*notes)

    def has_bass(self, tick: int) -> bool:
        """Whether the bass has sent a note for this step."""
        return self._is_heard(tick, "bass")

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """A long tonic, the nearest to where the voice is."""
        tonic = self.harmony.key.tonic_pc
        candidates = range(tonic, 128, 12)
        pitch = min(candidates, key=lambda p: (abs(p - self._last_pitch), p))
        return [Note.from_ticks(start_tick, pitch, end_tick - start_tick, self.accent(start_tick))]
