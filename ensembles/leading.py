"""Who leads the tempo of a performance: the band itself, a MIDI clock, or Ableton Link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from director.director import Director
from director.score import Score
from director.sync.follower import Follower
from director.sync.leader import Leader
from director.sync.remote import RemoteLeader
from ensembles.guests import GuestSpec
from musebots import messages as m
from musebots.errors import OutputUnavailable

__all__ = ["LEADERS", "LeaderSpec", "Leading", "read_leader"]

LINK_ID = "link"
LINK_BRIDGE = "ensembles.link_bridge:LinkBridge"
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
    """The leader of one performance, from before the Director is there until the music is over.

    Attributes
    ----------
    guests : tuple of GuestSpec
        Processes that the leader needs.
    """

    def __init__(self, leader: Leader | None, *guests: GuestSpec) -> None:
        self.guests = guests
        self._leader = leader
        self._follower = Follower(leader) if leader is not None else None

    @classmethod
    @contextlib.asynccontextmanager
    async def by(
        cls, spec: LeaderSpec | None, score: Score, on_notice: Callable[[str], None]
    ) -> AsyncIterator[Leading]:
        """Find the leader; it is let go in the end.

        Raises
        ------
        OutputUnavailable
            If there is no such MIDI port, or no Ableton Link.
        """
        bpm = score.tempo_map.bpm_at(0)
        if spec is None:
            yield cls(None)
        elif spec.kind == "link":
            if find_spec("aalink") is None:
                raise OutputUnavailable(
                    'Ableton Link unavailable; install it with: pip install "musebots[link]"'
                )
            bar_beats = score.meter_map.time_signature_at(0).bar_beats
            guest = GuestSpec(
                LINK_ID, LINK_BRIDGE, "leader", {"quantum": bar_beats}, "the tempo stays as it is"
            )
            yield cls(RemoteLeader("Ableton Link", LINK_ID, bpm=bpm, bar_beats=bar_beats), guest)
        else:
            from director.inputs.midi import lead_by_midi_clock  # mido

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
        _introduce(self._leader, director)
        following = asyncio.create_task(self._follower.run(director))
        following.add_done_callback(lambda _: director.stop())  # it never ends by itself
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


def _introduce(leader: Leader, director: Director) -> None:
    """Let them hear each other."""
    if not isinstance(leader, RemoteLeader):
        director.be_led(leader.ask_tempo)
        return

    def send_tempo(bpm: float) -> None:
        member = director.roster.members.get(leader.bot_id)
        if member is not None and member.is_here:
            director.reception.tell.relay(m.encode(m.SetTempo(bpm)), [member])

    leader.send_tempo = send_tempo
    director.be_led(leader.ask_tempo, leader.hear)
