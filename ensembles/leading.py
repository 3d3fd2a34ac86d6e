"""Who leads the tempo of a performance: the band itself, a MIDI clock, or Ableton Link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from director.director import Director
from director.sync.follower import Follower
from director.sync.leader import Leader

__all__ = ["LEADERS", "LeaderSpec", "Leading", "read_leader"]

LEADERS = "internal, midi, midi:PORT or link"


@dataclass(frozen=True, slots=True)
class LeaderSpec:
    """Who leads; `port` is a part of a MIDI port's name, empty where there is only one."""

    kind: Literal["midi", "link"]
    port: str | None = None

    def __str__(self) -> str:
        return "Ableton Link" if self.kind == "link" else f"MIDI clock {self.port or ''}".rstrip()


def read_leader(text: str) -> LeaderSpec | None:
    """What stands after ``--sync``; None: the band leads.

    Raises
    ------
    ValueError
        For anything else than `LEADERS`.

    Examples
    --------
    >>> read_leader("midi:IAC").port
    'IAC'
    """
    kind, _, port = text.strip().partition(":")
    if kind == "midi":
        return LeaderSpec("midi", port.strip() or None)
    if port or kind not in ("internal", "link"):
        raise ValueError(f"it must be {LEADERS}, got {text!r}")
    return LeaderSpec("link") if kind == "link" else None


class Leading:
    """The leader of one performance, from before the Director is there until the music is over."""

    def __init__(self, leader: Leader | None) -> None:
        self._leader = leader
        self._follower = Follower(leader) if leader is not None else None

    @classmethod
    @contextlib.asynccontextmanager
    async def by(
        cls, spec: LeaderSpec | None, bpm: float, on_notice: Callable[[str], None]
    ) -> AsyncIterator[Leading]:
        """Find the leader; it is let go in the end.

        Raises
        ------
        OutputUnavailable
            If there is no such MIDI port.
        """
        if spec is None:
            yield cls(None)
            return
        from director.inputs.midi import lead_by_midi_clock

        leader, port = lead_by_midi_clock(spec.port, bpm)
        try:
            on_notice(f"{leader.name} leads: start it there, and the band begins")
            yield cls(leader)
        finally:
            port.close()

    def anchor_for(self, earliest_seconds: float) -> float:
        """When tick 0 is to fall."""
        if self._follower is None:
            return earliest_seconds
        return self._follower.anchor_for(earliest_seconds)

    @contextlib.asynccontextmanager
    async def of(self, director: Director) -> AsyncIterator[None]:
        """While the block runs, keep this Director with its leader."""
        if self._follower is None or self._leader is None:
            yield
            return
        director.be_led(self._leader.ask_tempo)
        following = asyncio.create_task(self._follower.run(director))
        following.add_done_callback(lambda _: director.stop())  # it never ends by itself
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
