"""A bot that plays what is written: so real pieces sound through the same mixer and instruments."""

from __future__ import annotations

import json
from pathlib import Path

from musebots.errors import ConfigError
from musebots.measures import Part
from musebots.musebot import Musebot
from musebots.notes import Note

__all__ = ["REPLAY", "Replay", "write_notes"]

REPLAY = f"{__name__}:Replay"
"""How a piece names it."""


class Replay(Musebot):
    """Plays the notes in the file that its setting `file` names; see `write_notes`."""

    sends = ("notes",)

    async def prepare(self) -> None:
        """Read the notes."""
        path = self.settings.get("file")
        if not isinstance(path, str):
            raise ConfigError("setting file must name a file of notes")
        try:
            rows = json.loads(Path(path).read_text(encoding="utf-8"))
            self._notes = [Note.from_ticks(*row) for row in rows]
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"{path} holds no notes: {error}") from error

    async def play(self) -> None:
        """Send them bar by bar, a beat ahead."""
        async for bar in self.clock.bars(lead=1.0):
            meter = self.clock.meter_map
            start, end = meter.bar_tick(bar), meter.bar_tick(bar + 1)
            self.send(*(note for note in self._notes if start <= note.onset_ticks < end))


def write_notes(part: Part, path: Path) -> None:
    """Write a part as `Replay` reads it: (onset, pitch, duration, velocity) rows, in ticks."""
    columns = (part.onset_ticks, part.pitch, part.duration_ticks, part.velocity)
    rows = [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    path.write_text(json.dumps(rows), encoding="utf-8")
