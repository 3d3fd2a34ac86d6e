"""Sections: where in the form the music is, how it should feel there, what comes back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musebots.generators import PlaceInSection
    from musebots.timebase import MeterMap

__all__ = ["PHRASE_BARS", "TURNS", "Course", "Section"]

PHRASE_BARS = 4
TURNS = "turns"
"""What `Section.solo` says where the band agrees on the soloists by itself."""
OPENING_BARS = 2
MAX_SECTIONS = 256


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the form, laid out on the time line.

    Parameters
    ----------
    name : str
        As in the piece: ``"intro"``, ``"A"``, ``"bridge"`` ...
    start_tick, end_tick : int
        From its first tick up to, not including, its last.
    intensity, density, register : float
        0..1, how loud and lively, how many notes, how high; 0.5 is a bot's own normal.
    tacet : tuple of str
        Ids of the bots that are silent here.
    solo : str
        Id of the bot that has the solo; `TURNS`: the band agrees; empty: nobody.
    faders : tuple of (str, float)
        Between calmer (-1) and bolder (1): of bots by id, and of the band under an empty id.
    """

    name: str
    start_tick: int
    end_tick: int
    intensity: float = 0.5
    density: float = 0.5
    register: float = 0.5
    tacet: tuple[str, ...] = ()
    solo: str = ""
    faders: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.end_tick <= self.start_tick:
            raise ValueError(f"section {self.name!r} must end after it starts")
        for knob in ("intensity", "density", "register"):
            value = getattr(self, knob)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{knob} must be in 0..1, got {value}")
        for bot_id, value in self.faders:
            if not -1.0 <= value <= 1.0:
                raise ValueError(
                    f"the fader of {bot_id or 'the band'} must be in -1..1, got {value}"
                )

    def fader_of(self, bot_id: str) -> float:
        """How far a bot is to lean here: the band's fader and its own, -1..1."""
        return sum(value for who, value in self.faders if who in ("", bot_id))

    def is_tacet(self, bot_id: str) -> bool:
        """Whether this bot is to be silent here."""
        return bot_id in self.tacet


@dataclass(frozen=True)
class Course:
    """The course of the form: the sections announced so far, in order of time."""

    sections: tuple[Section, ...] = ()

    def joined(self, section: Section) -> Course:
        """With one section more, in place of what was announced for its start before."""
        others = (s for s in self.sections if s.start_tick != section.start_tick)
        ordered = sorted((*others, section), key=lambda s: s.start_tick)
        return Course(tuple(ordered[-MAX_SECTIONS:]))

    def at_tick(self, tick: int) -> Section | None:
        """The section that `tick` lies in, if it has been announced."""
        for section in reversed(self.sections):
            if section.start_tick <= tick < section.end_tick:
                return section
        return None

    def bar_in_section(self, bar: int, meters: MeterMap) -> int:
        """How many bars of its section lie before this one; of the piece, outside any section."""
        section = self.at_tick(meters.bar_tick(bar))
        return bar - (meters.bar_at(section.start_tick) if section else 0)

    def is_phrase_start(self, bar: int, meters: MeterMap) -> bool:
        """Whether a bar opens a phrase: every four bars from the start of its section."""
        return self.bar_in_section(bar, meters) % PHRASE_BARS == 0

    def place(self, bar: int, meters: MeterMap, end_tick: int | None) -> PlaceInSection:
        """Where a bar lies in its section; `end_tick` is the final bar line, where there is one."""
        section = self.at_tick(meters.bar_tick(bar))
        if section is None:
            return ""
        bar_end = meters.bar_tick(bar + 1)
        if end_tick is not None and bar_end >= end_tick:
            return "final"
        if bar_end >= section.end_tick:
            return "closing"
        return "opening" if self.bar_in_section(bar, meters) < OPENING_BARS else "inside"

    def recall_bars(self, bar: int, meters: MeterMap) -> int:
        """How many bars ago the same bar of the last passage of this name lies; 0 for none.

        A bar of another length, or beyond the end of that passage, is none.
        """
        section = self.at_tick(meters.bar_tick(bar))
        if section is None:
            return 0
        for before in reversed(self.sections):
            if before.name == section.name and before.start_tick < section.start_tick:
                source = meters.bar_at(before.start_tick) + self.bar_in_section(bar, meters)
                is_there = meters.bar_tick(source) < before.end_tick
                signatures = (meters.time_signature_at(b) for b in (source, bar))
                return bar - source if is_there and len(set(signatures)) == 1 else 0
        return 0
