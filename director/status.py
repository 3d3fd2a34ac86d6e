"""What a performer sees while the band plays. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """One moment of a performance.

    Parameters
    ----------
    bar : int
        Counted from 0; negative in the count-in.
    beat : float
        Beats (quarter notes) since the bar line.
    bpm : float
        Quarter notes a minute.
    bots : tuple of (str, str)
        Each bot's id and state: ``"joined"``, ``"playing"``, ``"silent"``, ``"left"`` ...
    n_late_notes, n_notes : int
        Notes that came too late for their tick, and all notes, so far.
    finding : str
        What the monitor flagged last; empty where it did not.
    steering : str
        The policy, how creative the band is, and how the faders stand; empty where nobody steers.
    is_held : bool
        Whether the music stands still.
    """

    bar: int
    beat: float
    bpm: float
    bots: tuple[tuple[str, str], ...] = ()
    n_late_notes: int = 0
    n_notes: int = 0
    finding: str = ""
    steering: str = ""
    is_held: bool = False
