"""Our dialect: what somebody says who leads the tempo, and what somebody plays who sounds alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musebots.messages.base import Message
from musebots.notes import Note

__all__ = ["Heard", "Lead"]


@dataclass(frozen=True, slots=True)
class Lead(Message):
    """`/musebots/lead`: another clock's beat, for a session that follows it.

    The Director heeds only the member that it expects to lead.
    """

    address = "/musebots/lead"
    tags = "sdhdi"
    sent = "who leads the tempo to Director"
    sense = "id, beat, when it falls (Director's clock, ns), bpm, whether the music goes on"

    bot_id: str
    beat: float
    at_ns: int
    bpm: float
    is_playing: int = 1


@dataclass(frozen=True, slots=True)
class Heard(Message):
    """`/musebots/heard`: what a person or an instrument plays that sounds by itself."""

    address = "/musebots/heard"
    tags = "si"
    group = "iiii"
    sent = "bot to Director to the bots that hear notes"
    sense = "bot id, number of this message, then (onset tick, pitch, length in ticks, velocity)"

    bot_id: str
    number: int
    rows: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def of(cls, bot_id: str, number: int, notes: Sequence[Note]) -> Heard:
        """The message for up to `MAX_NOTES_PER_MESSAGE` notes."""
        rows = tuple((n.onset_ticks, n.pitch, n.duration_ticks, n.velocity) for n in notes)
        return cls(bot_id, number, rows)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes; `ValueError` when one is out of range."""
        return tuple(Note.from_ticks(*row) for row in self.rows)
