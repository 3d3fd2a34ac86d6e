"""The drums: groove, and fills that lead from section to section."""

from __future__ import annotations

from musebots.drumkit import CRASH, KICK
from musebots.notes import Note
from musebots.player import GeneratorBot

__all__ = ["Drums"]


class Drums(GeneratorBot):
    """Nine instruments, with their own dynamics and micro-timing."""

    role = "drums"
    network = "drums"
    sends = ("notes",)
    lead = 1.5
    style = "rock"
    is_percussion = True

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """A last stroke."""
        return [Note.from_ticks(start_tick, pitch, 240, 104) for pitch in (KICK, CRASH)]
