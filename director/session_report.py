"""What a session came to, in figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from musebots.messages import Action, Flag, Monitoring

__all__ = ["SessionReport"]


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What a session came to.

    `n_late` counts notes that arrived behind the commit horizon, `n_missed` those of them that
    were over by then, `n_refused` those beyond the end or beyond all measure, `n_lost` datagrams of
    notes that never came; `faults` are datagrams that could not be read, by kind.
    `flags` and `monitoring` are what the monitor found, and how much it listened to; `actions`
    what was done about the music, calmer or bolder.
    """

    n_notes: Mapping[str, int]
    n_late: Mapping[str, int]
    n_missed: Mapping[str, int]
    n_refused: Mapping[str, int]
    n_lost: Mapping[str, int]
    faults: Mapping[str, int]
    n_bars: int
    music_seconds: float
    was_stopped: bool
    flags: tuple[Flag, ...] = ()
    monitoring: Mapping[str, Monitoring] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
