"""The bass: it carries the chords and locks to the bass drum."""

from __future__ import annotations

from musebots.drumkit import KICK
from musebots.notes import Note
from musebots.player import GeneratorBot

__all__ = ["Bass"]

LOWEST_ROOT = 31


class Bass(GeneratorBot):
    """One low voice, relative to the root of the chord."""

    role = "bass"
    network = "bass"
    lead = 1.0
    style = "rock"

    def has_kick(self, tick: int) -> bool:
        """Whether the drums have sent a bass drum for this step."""
        return self._is_heard(tick, "drums", KICK)

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """The low tonic, held."""
        pitch = LOWEST_ROOT + (self.harmony.key.tonic_pc - LOWEST_ROOT) % 12
        return [Note.from_ticks(start_tick, pitch, end_tick - start_tick, self.accent(start_tick))]
