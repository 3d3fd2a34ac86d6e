"""The band follows a leader: it starts, stops and leaps with it, and keeps on its beats."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math

from director.director import Director
from director.sync.leader import Leader
from director.sync.slaving import GRID_TICKS, SlavedClock
from musebots.beattracker import Grid
from musebots.timebase import MAX_BPM, MIN_BPM, PPQ, beats_from_ticks

__all__ = ["Follower"]

log = logging.getLogger(__name__)

HOLD_SECONDS = 0.05  # before the downbeat is committed: within everybody's lead
LOOK_SECONDS = 0.1


class Follower:
    """Keeps one Director with its leader.

    Parameters
    ----------
    leader : Leader

    Notes
    -----
    The band gets ready and holds just before its downbeat until the leader plays, with its first
    bar in the Director's hands, so that it sounds on the leader's first beat. Where the leader has
    a song, the piece begins with it, and a place that lies ahead is skipped to. Music that was
    played cannot be played again: after a leap back the band goes on where it was, with its bar
    lines on the leader's.
    """

    def __init__(self, leader: Leader) -> None:
        self._leader = leader
        self._slaved = SlavedClock(leader.grid)
        self._origin_beat: float | None = None
        self._loop = asyncio.get_running_loop()

    def anchor_for(self, earliest_seconds: float) -> float:
        """When tick 0 is to fall: at a bar line of a leader that plays and has no song."""
        bar_beats = self._leader.bar_beats
        if bar_beats is None or not (self._leader.is_playing and self._leader.knows_tempo):
            return earliest_seconds
        return self._slaved.anchor_for(earliest_seconds, bar_beats=bar_beats)

    async def run(self, director: Director) -> None:
        """Follow until cancelled."""
        clock, leader = director.clock, self._leader
        await clock.started()
        if leader.bar_beats is None or not leader.is_playing:
            await self._count_in(director)
        while True:
            is_urgent = leader.changed.is_set()
            leader.changed.clear()
            if not leader.is_playing:
                await self._wait_for(director)
            if leader.origin_beat != self._origin_beat:
                self._go_on(director)
            self._slaved.steer(director, is_urgent=is_urgent, bar_beats=_bar_beats(director))
            next_tick = (clock.tick_now // GRID_TICKS + 1) * GRID_TICKS
            wait = min(LOOK_SECONDS, clock.seconds_at(next_tick) - self._loop.time())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leader.changed.wait(), max(0.001, wait))

    async def _count_in(self, director: Director) -> None:
        """Let the band begin to play, and stop it before the first note sounds."""
        tempo_map = director.clock.tempo_map
        first_seconds = tempo_map.seconds_at(director.score.first_tick)
        ahead_seconds = HOLD_SECONDS + director.playback.horizon_seconds
        await director.clock.until_tick(tempo_map.tick_at(first_seconds - ahead_seconds))

    async def _wait_for(self, director: Director) -> None:
        """Hold the music until the leader plays."""
        director.transport.hold()
        log.info("waiting for %s to start", self._leader.name)
        while not self._leader.is_playing:
            await self._leader.changed.wait()
            self._leader.changed.clear()
        self._go_on(director)

    def _go_on(self, director: Director) -> None:
        """Take up the leader's place, or one of our own that has the same place in its bar."""
        leader, clock = self._leader, director.clock
        now = self._loop.time()
        was_tick = clock.tick_now
        grid_beat = leader.grid.beat_at(now)
        bar_ticks = round(PPQ * _bar_beats(director))
        origin = leader.origin_beat if leader.origin_beat is not None else 0.0
        their_tick = (grid_beat - origin) * PPQ
        if leader.origin_beat is not None and their_tick >= was_tick - 1.0:
            tick = their_tick
        else:
            bar_tick = clock.meter_map.bar_tick(clock.meter_map.bar_at(was_tick))
            behind = (was_tick - bar_tick - their_tick) % bar_ticks
            tick = was_tick - behind
        self._origin_beat = leader.origin_beat
        self._slaved.first_beat = grid_beat - tick / PPQ
        self._slaved.forget()
        bpm = _bpm_of(leader.grid, grid_beat)
        open_tick = max(0, math.ceil(max(tick, director.playback.committed_tick() + 1)))
        director.transport.go_on(tick, now)
        director.steer([(open_tick, bpm)])


def _bar_beats(director: Director) -> float:
    clock = director.clock
    signature = clock.meter_map.time_signature_at(clock.meter_map.bar_at(clock.tick_now))
    return beats_from_ticks(signature.bar_ticks)


def _bpm_of(grid: Grid, beat: float) -> float:
    beat_seconds = grid.seconds_at(beat + 1.0) - grid.seconds_at(beat)
    return min(MAX_BPM, max(MIN_BPM, 60.0 / max(1e-6, beat_seconds)))
