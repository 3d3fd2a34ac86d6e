"""A leader in another process, that says over OSC where its beats fall."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from musebots.agent import NS_PER_SECOND
from musebots.messages import Lead
from musebots.timebase import MAX_BPM, MIN_BPM

__all__ = ["RemoteLeader", "SteadyGrid"]

SAME_BPM = 0.01


@dataclass(slots=True)
class SteadyGrid:
    """Beats at one tempo: `beat` falls at `seconds`."""

    beat: float
    seconds: float
    bpm: float

    def seconds_at(self, beat: float) -> float:
        """When a beat falls."""
        return self.seconds + (beat - self.beat) * 60.0 / self.bpm

    def beat_at(self, seconds: float) -> float:
        """The (fractional) beat that is reached at `seconds`."""
        return self.beat + (seconds - self.seconds) * self.bpm / 60.0


class RemoteLeader:
    """See the module's text. When nothing more is heard of it, its tempo goes on.

    Parameters
    ----------
    name : str
        For people.
    bot_id : str
        Who speaks for it.
    bpm : float
        A first guess at its tempo.
    bar_beats : float
        Every how many of its beats a bar line lies.
    """

    origin_beat: float | None = None

    def __init__(self, name: str, bot_id: str, *, bpm: float, bar_beats: float) -> None:
        self.name = name
        self.bot_id = bot_id
        self.bar_beats: float | None = bar_beats
        self.grid = SteadyGrid(0.0, 0.0, bpm)
        self.changed = asyncio.Event()
        self.is_playing = True
        self.knows_tempo = False
        self.send_tempo: Callable[[float], None] | None = None

    def hear(self, message: Lead) -> None:
        """Take in what it says; `ValueError` for a tempo that cannot be."""
        if message.bot_id != self.bot_id:
            return
        if not MIN_BPM <= message.bpm <= MAX_BPM:
            raise ValueError(f"bpm must be in {MIN_BPM:g}..{MAX_BPM:g}, got {message.bpm:g}")
        is_other = abs(message.bpm - self.grid.bpm) > SAME_BPM
        is_turned = bool(message.is_playing) != self.is_playing
        self.grid.beat, self.grid.bpm = message.beat, message.bpm
        self.grid.seconds = message.at_ns / NS_PER_SECOND
        self.is_playing, self.knows_tempo = bool(message.is_playing), True
        if is_other or is_turned:
            self.changed.set()

    def ask_tempo(self, bpm: float) -> bool:
        """Pass the wish on to it."""
        if self.send_tempo is None:
            return False
        self.send_tempo(bpm)
        return True
