"""An output that remembers: the test double that ships, and the source of every statistic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from director.outputs.base import NoteOff, NoteOn, OutputEvent
from director.score import Score
from musebots.notes import Note

__all__ = ["MemoryOutput", "hanging_notes", "paired_notes"]


def paired_notes(events: Iterable[OutputEvent]) -> dict[str, list[Note]]:
    """The notes that were played, by bot, in order of onset and pitch.

    A note that never ended is left out (see `hanging_notes`); so is an end without a beginning.
    """
    return _pair(events)[0]


def hanging_notes(events: Iterable[OutputEvent]) -> list[NoteOn]:
    """The notes that began and never ended, or began again before they ended."""
    return _pair(events)[1]


def _pair(events: Iterable[OutputEvent]) -> tuple[dict[str, list[Note]], list[NoteOn]]:
    """Finished notes by bot, and the beginnings that have no end."""
    begun: dict[tuple[str, int, int], NoteOn] = {}
    notes: dict[str, list[Note]] = defaultdict(list)
    hanging: list[NoteOn] = []
    for event in events:
        if not isinstance(event, NoteOn | NoteOff):
            continue
        voice = (event.bot_id, event.channel, event.pitch)
        on = begun.pop(voice, None)
        if isinstance(event, NoteOn):
            if on is not None:
                hanging.append(on)
            begun[voice] = event
        elif on is not None:
            duration_ticks = max(1, event.tick - on.tick)
            notes[on.bot_id].append(Note.from_ticks(on.tick, on.pitch, duration_ticks, on.velocity))
    finished = {bot_id: sorted(of_bot) for bot_id, of_bot in notes.items()}
    return finished, hanging + list(begun.values())


class MemoryOutput:
    """Keeps every event it is given, in order.

    Attributes
    ----------
    events : list of OutputEvent
        In the order received, also after `close`.
    score : Score or None
        What it was opened with.
    anchor_seconds : float or None
        When tick 0 fell, once started.
    n_panics : int
        How often it was told to fall silent.
    is_open : bool
    """

    name = "memory"

    def __init__(self) -> None:
        self.events: list[OutputEvent] = []
        self.score: Score | None = None
        self.anchor_seconds: float | None = None
        self.n_panics = 0
        self.is_open = False

    async def open(self, score: Score) -> None:
        """Get ready; what an earlier session left is forgotten."""
        self.events.clear()
        self.score = score
        self.is_open = True

    def start(self, anchor_seconds: float) -> None:
        """Remember when tick 0 falls."""
        self.anchor_seconds = anchor_seconds

    def send(self, event: OutputEvent) -> None:
        """Keep one event."""
        self.events.append(event)

    def panic(self) -> None:
        """Count it; the events are kept as evidence."""
        self.n_panics += 1

    async def close(self) -> None:
        """Nothing to free."""
        self.is_open = False

    def notes(self, bot_id: str | None = None) -> list[Note]:
        """The finished notes of one bot, or of all of them, in order of onset and pitch."""
        by_bot = self.notes_by_bot()
        if bot_id is not None:
            return by_bot.get(bot_id, [])
        return sorted(note for notes in by_bot.values() for note in notes)

    def notes_by_bot(self) -> dict[str, list[Note]]:
        """The finished notes of each bot."""
        return paired_notes(self.events)
