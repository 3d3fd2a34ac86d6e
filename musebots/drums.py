"""The drums: groove, and fills that lead from section to section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musebots.drumkit import CRASH, KICK
from musebots.generators import STEP_TICKS
from musebots.notes import Note
from musebots.player import GeneratorBot

if TYPE_CHECKING:
    from musebots.form import Section

__all__ = ["Drums"]

QUIET = 0.4  # a section less intense than this begins without a crash


class Drums(GeneratorBot):
    """Nine instruments, with their own dynamics and micro-timing."""

    role = "drums"
    network = "drums"
    lead = 1.5
    style = "rock"
    is_percussion = True

    def opening(self, section: Section, notes: list[Note]) -> list[Note]:
        """A crash and the kick on the first beat of a section that is not a quiet one."""
        tick = section.start_tick
        if tick == 0 or section.intensity < QUIET:
            return notes
        first = [n for n in notes if n.onset_ticks < tick + STEP_TICKS // 2]
        rest = [n for n in notes if n not in first]
        kept = [n for n in first if n.pitch not in (KICK, CRASH)]
        strokes = [Note.from_ticks(tick, p, 60, self.accent(tick)) for p in (KICK, CRASH)]
        return sorted([*kept, *strokes, *rest])

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """A last stroke."""
        strength = self.accent(start_tick)
        return [Note.from_ticks(start_tick, pitch, 240, strength) for pitch in (KICK, CRASH)]
