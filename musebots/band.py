"""What a bot knows of the others: who plays, and which notes they have sent."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from musebots.generators import STEP_TICKS
from musebots.notes import Note
from musebots.timebase import beats_from_ticks, ticks_from_beats

__all__ = ["Band"]


class Band:
    """The other bots, as heard. Notes are sent ahead, so some of these have not sounded yet."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self._notes: dict[str, list[Note]] = {}

    def add(self, bot_id: str, notes: Iterable[Note]) -> None:
        """Take in notes of a bot."""
        heard = self._notes.setdefault(bot_id, [])
        for note in notes:
            insort(heard, note)

    def cancel(self, bot_id: str, from_tick: int) -> None:
        """A bot takes back its notes that begin at `from_tick` or later."""
        heard = self._notes.get(bot_id, [])
        del heard[_index(heard, beats_from_ticks(from_tick)) :]

    def notes(
        self, *, start: float, end: float, role: str | None = None, bot_id: str | None = None
    ) -> list[Note]:
        """Notes with ``start <= onset < end`` (beats), of one role, one bot, or all; by onset."""
        found: list[Note] = []
        for name, heard in self._notes.items():
            if (bot_id is None or name == bot_id) and (
                role is None or self.roles.get(name) == role
            ):
                found += heard[_index(heard, start) : _index(heard, end)]
        return sorted(found)

    def onset_share(self, start_tick: int, end_tick: int) -> float:
        """Share of the 16ths from tick to tick on which somebody starts a note, 0..1.

        A note belongs to the 16th that it is nearest to, however early or late it is played.
        """
        half = STEP_TICKS // 2
        heard = self.notes(
            start=beats_from_ticks(start_tick - half), end=beats_from_ticks(end_tick - half)
        )
        steps = {(note.onset_ticks + half) // STEP_TICKS for note in heard}
        return len(steps) * STEP_TICKS / (end_tick - start_tick)

    def forget_before(self, tick: int) -> None:
        """Drop notes that began before `tick`."""
        for heard in self._notes.values():
            del heard[: _index(heard, beats_from_ticks(tick))]


def _index(heard: list[Note], beat: float) -> int:
    """How many notes begin before `beat`, to the tick."""
    return bisect_left(heard, ticks_from_beats(beat), key=lambda note: note.onset_ticks)
