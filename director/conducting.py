"""The clockwork of a session: wait for the band, start the music, play to the end, send it home."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from director.playback import Playback
from director.reception import Reception
from director.score import Score
from musebots.clock import Clock
from musebots.messages import Off

__all__ = ["Conducting"]

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.1
READY_SECONDS = 20.0
TAIL_SECONDS = 0.5
LEAVE_SECONDS = 0.5


class Conducting:
    """See the module's text.

    Parameters
    ----------
    score : Score
    clock : Clock
        Started here.
    reception : Reception
        Who is waited for.
    playback : Playback
        What is started and finished with the music.
    anchor_for : callable
        From the earliest time at which tick 0 could fall to when it is to.
    """

    def __init__(
        self,
        score: Score,
        clock: Clock,
        reception: Reception,
        playback: Playback,
        *,
        anchor_for: Callable[[float], float],
    ) -> None:
        self._score = score
        self._clock = clock
        self._reception = reception
        self._playback = playback
        self._anchor_for = anchor_for
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has ended the session before its end."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the session now."""
        self._stop.set()
        self._changed.set()

    def stop_at_bar_line(self) -> None:
        """End the session with the bar that plays."""
        meters = self._clock.meter_map
        tick = meters.bar_tick(meters.bar_at(self._clock.tick_now) + 1)
        wait = self._clock.seconds_at(tick) - self._loop.time()
        self._loop.call_later(max(0.0, wait), self.stop)

    def end_at(self, tick: int) -> None:
        """The final bar line has moved."""
        before, self._end = self._end, asyncio.ensure_future(self._clock.until_tick(tick))
        before.cancel()

    def look_again(self) -> None:
        """Somebody has come, gone or got ready."""
        self._changed.set()

    async def run(self) -> None:
        """Wait for the bots, start, and play to the end or until stopped."""
        await self._wait_for_bots()
        if self._stop.is_set():
            return
        count_in_seconds = -self._score.tempo_map.seconds_at(self._score.start_tick)
        earliest = self._loop.time() + SETTLE_SECONDS + count_in_seconds
        self._clock.start(self._anchor_for(earliest))
        self._reception.tell_tempo(self._clock.tempo_map.points)
        self._playback.start()
        await self._until_end()
        if self._stop.is_set():
            self._playback.finish()
        else:
            self._playback.finish(self._clock.end_tick)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TAIL_SECONDS)

    async def dismiss(self) -> None:
        """Send everybody home and wait a moment for their goodbyes."""
        self._reception.tell.all(Off())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                while any(not member.is_classic for member in self._reception.roster.here):
                    self._changed.clear()
                    await self._changed.wait()

    async def _wait_for_bots(self) -> None:
        """Until all are ready, or it has been long enough, or somebody stops the session."""
        roster = self._reception.roster
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while not (roster.is_ready or self._stop.is_set()):
                    self._changed.clear()
                    await self._changed.wait()
        if self._stop.is_set():
            return
        for member in roster.members.values():
            if not member.is_ready:
                log.warning("starting without %s: not ready in %g s", member.bot_id, READY_SECONDS)

    async def _until_end(self) -> None:
        """Wait for the final bar line, which may move, or for `stop`, whichever comes first."""
        stop = asyncio.ensure_future(self._stop.wait())
        self._end = asyncio.ensure_future(self._clock.until_tick(self._score.end_tick))
        try:
            while True:
                end = self._end
                await asyncio.wait([end, stop], return_when=asyncio.FIRST_COMPLETED)
                if stop.done() or self._end is end:
                    return
        finally:
            self._end.cancel()
            stop.cancel()
