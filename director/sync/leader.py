"""Who leads the tempo when it is not the band."""

from __future__ import annotations

import asyncio
from typing import Protocol

from musebots.beattracker import Grid

__all__ = ["Leader"]


class Leader(Protocol):
    """Another clock, and its transport; times are those of the event loop."""

    changed: asyncio.Event
    """Set whenever it starts, stops, leaps or changes its tempo at once."""

    @property
    def name(self) -> str:
        """For people: ``the MIDI clock of IAC Driver Bus 1``."""

    @property
    def grid(self) -> Grid:
        """Its beats, counted from anywhere and without leaps."""

    @property
    def bar_beats(self) -> float | None:
        """Every how many beats of the grid its bar lines lie, from 0; None: it has a song."""

    @property
    def origin_beat(self) -> float | None:
        """The grid's beat on which its song begins; None where one bar is as good as another."""

    @property
    def is_playing(self) -> bool:
        """Whether its music goes on."""

    @property
    def knows_tempo(self) -> bool:
        """Whether its tempo is known, playing or not."""

    def ask_tempo(self, bpm: float) -> bool:
        """Somebody of the band wants another tempo; whether that is heeded."""
