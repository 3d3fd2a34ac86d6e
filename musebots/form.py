"""Sections: where in the form the music is, and how it should feel there. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Section"]


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
    """

    name: str
    start_tick: int
    end_tick: int
    intensity: float = 0.5
    density: float = 0.5
    register: float = 0.5
    tacet: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.end_tick <= self.start_tick:
            raise ValueError(f"section {self.name!r} must end after it starts")
        for knob in ("intensity", "density", "register"):
            value = getattr(self, knob)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{knob} must be in 0..1, got {value}")

    def is_tacet(self, bot_id: str) -> bool:
        """Whether this bot is to be silent here."""
        return bot_id in self.tacet
