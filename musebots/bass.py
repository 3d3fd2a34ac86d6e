"""The bass: it carries the chords and locks to the bass drum."""

from __future__ import annotations

from musebots.drumkit import KICK
from musebots.generators import STEP_TICKS
from musebots.notes import Note
from musebots.player import GeneratorBot
from musebots.timebase import beats_from_ticks

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
        half = STEP_TICKS // 2
        heard = self.band.notes(
            start=beats_from_ticks(tick - half), end=beats_from_ticks(tick + half), role="drums"
        )
        return any(note.pitch == KICK for note in heard)

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """The low tonic, held."""
        pitch = LOWEST_ROOT + (self.harmony.key.tonic_pc - LOWEST_ROOT) % 12
        return [Note.from_ticks(start_tick, pitch, end_tick - start_tick, self.accent(start_tick))]
