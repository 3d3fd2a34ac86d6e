"""A musebot's clock: waiting for places in the music instead of for seconds.

The event loop owns time. The clock knows the tempo map and when tick 0 falls on the loop's clock;
whoever waits for a tick is woken when it comes, also when the tempo changes meanwhile.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable

from musebots.timebase import PPQ, MeterMap, TempoMap, beats_from_ticks, ticks_from_beats

__all__ = ["Clock"]

DUE_SECONDS = 1e-6
MOST_TEMPO_POINTS = 256
KEPT_TICKS = 16 * PPQ  # of a tempo map with more points than that


class Clock:
    """Musical time as it passes.

    Attributes
    ----------
    tempo_map, meter_map : TempoMap, MeterMap
        As last announced by the Director.
    end_tick : int or None
        The final bar line, where there is one.
    resume_tick : int or None
        Where a bot that comes back goes on: `beats` and `bars` begin there and run, without
        waiting, until they are ahead of the music again; then it is None.
    on_bar : callable or None
        Hears of each bar that `beats` or `bars` enter: (its tick, the tick at which the next one
        will be entered, at the latest).
    """

    def __init__(self) -> None:
        self.tempo_map = TempoMap.constant(120.0)
        self.meter_map = MeterMap()
        self.end_tick: int | None = None
        self.resume_tick: int | None = None
        self.on_bar: Callable[[int, int], None] | None = None
        self._entered_bar = -1
        self._loop = asyncio.get_running_loop()
        self._anchor_seconds: float | None = None
        self._held_tick: float | None = None
        self._started = asyncio.Event()
        self._waiters: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def is_started(self) -> bool:
        """Whether the Director has said when the music begins."""
        return self._anchor_seconds is not None

    @property
    def anchor_seconds(self) -> float:
        """When tick 0 falls, on the event loop's clock."""
        if self._anchor_seconds is None:
            raise RuntimeError("the music has not been started: wait for clock.started()")
        return self._anchor_seconds

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at `anchor_seconds` of the loop's clock; may be refined later."""
        self._anchor_seconds = anchor_seconds
        self._held_tick = None
        self._started.set()
        self._arm()

    def hold(self) -> None:
        """Stand still where the music is now, until `start` says where it goes on."""
        if self.is_started and self._held_tick is None:
            self._held_tick = self.tick_now
            self._arm()

    @property
    def is_held(self) -> bool:
        """Whether the music stands still."""
        return self._held_tick is not None

    def change_tempo(self, tempo_map: TempoMap) -> None:
        """Follow another tempo map; everybody who waits is re-timed.

        Of a long one, what lies far behind is forgotten (`TempoMap.forgotten_before`).
        """
        if len(tempo_map.points) > MOST_TEMPO_POINTS and self.is_started:
            tempo_map = tempo_map.forgotten_before(math.floor(self.tick_now) - KEPT_TICKS)
        self.tempo_map = tempo_map
        self._arm()

    async def started(self) -> None:
        """Wait until it is known when the music begins."""
        await self._started.wait()

    def seconds_at(self, tick: float) -> float:
        """When `tick` comes, on the event loop's clock; never (inf) while the music is held."""
        if self._held_tick is not None and tick > self._held_tick:
            return math.inf
        return self.anchor_seconds + self.tempo_map.seconds_at(tick)

    @property
    def tick_now(self) -> float:
        """Where the music is now, in (fractional) ticks; negative in the count-in."""
        if self._held_tick is not None:
            return self._held_tick
        return self.tempo_map.tick_at(self._loop.time() - self.anchor_seconds)

    @property
    def beat_now(self) -> float:
        """Where the music is now, in beats."""
        return self.tick_now / ticks_from_beats(1)

    async def until_tick(self, tick: float) -> None:
        """Wait for a tick; returns at once when it has passed."""
        await self._started.wait()
        if self.seconds_at(tick) <= self._loop.time() + DUE_SECONDS:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._waiters, (tick, next(self._numbers), waiter))
        if self._waiters[0][2] is waiter:
            self._arm()
        await waiter

    async def until(self, beat: float) -> None:
        """Wait for a beat; returns at once when it has passed."""
        await self.until_tick(ticks_from_beats(beat))

    def is_over_at(self, tick: int) -> bool:
        """Whether the piece has ended at this tick, as far as its end is known."""
        return self.end_tick is not None and tick >= self.end_tick

    async def beats(self, *, lead: float = 0.25, every: float = 1.0) -> AsyncIterator[float]:
        """Yield each beat of the piece, `lead` beats before it falls.

        Parameters
        ----------
        lead : float
            Beats to be ahead, so that what is played reaches the Director in time.
        every : float
            Beats from one to the next: 1 quarters, 0.5 eighths, 4 whole notes.

        Notes
        -----
        Begins at beat 0, or, for a bot that joins later, at the next bar line that is still
        ahead; ends before the final bar line.
        """
        if not every > 0:
            raise ValueError(f"every must be > 0 beats, got {every}")
        await self.started()
        lead_ticks = ticks_from_beats(lead)
        first_beat = beats_from_ticks(self._first_tick(lead_ticks))
        for index in itertools.count():
            beat = first_beat + index * every
            tick = ticks_from_beats(beat)
            if self.is_over_at(tick):
                return
            await self._reach(tick - lead_ticks)
            if self.is_over_at(tick):  # the final bar line has moved
                return
            self._enter(tick, ahead_ticks=lead_ticks - ticks_from_beats(every))
            yield beat

    async def bars(self, *, lead: float = 1.0) -> AsyncIterator[int]:
        """Yield each bar (from 0) of the piece, `lead` beats before its bar line; see `beats`."""
        await self.started()
        lead_ticks = ticks_from_beats(lead)
        for bar in itertools.count(self.meter_map.bar_at(self._first_tick(lead_ticks))):
            tick = self.meter_map.bar_tick(bar)
            if self.is_over_at(tick):
                return
            await self._reach(tick - lead_ticks)
            if self.is_over_at(tick):
                return
            self._enter(tick, ahead_ticks=lead_ticks)
            yield bar

    @property
    def awaited_tick(self) -> float | None:
        """The first tick that somebody waits for, None when nobody does."""
        return min((w[0] for w in self._waiters if not w[2].done()), default=None)

    async def _reach(self, tick: int) -> None:
        """Wait for a tick; who has to wait has caught up with the music."""
        if self.seconds_at(tick) > self._loop.time():
            self.resume_tick = None
        await self.until_tick(tick)

    def _enter(self, tick: int, *, ahead_ticks: int) -> None:
        """Tell of a new bar; the next one is entered `ahead_ticks` before its bar line."""
        if self.on_bar is None:
            return
        bar = self.meter_map.bar_at(tick)
        if bar > self._entered_bar:
            self._entered_bar = bar
            self.on_bar(tick, self.meter_map.bar_tick(bar + 1) - min(0, ahead_ticks))

    def _first_tick(self, lead_ticks: int) -> int:
        """Where to go on, or tick 0, or the next bar line that is `lead_ticks` ahead by now."""
        if self.resume_tick is not None:
            return self.resume_tick
        now = self.tick_now
        if now <= 0:
            return 0
        reachable = math.ceil(now + lead_ticks)
        bar = self.meter_map.bar_at(reachable)
        if self.meter_map.bar_tick(bar) < reachable:
            bar += 1
        return self.meter_map.bar_tick(bar)

    def _arm(self) -> None:
        """Set the alarm for the waiter that is due first."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._waiters and self._waiters[0][2].done():
            heapq.heappop(self._waiters)
        if self._waiters and self.is_started and not self.is_held:
            self._alarm = self._loop.call_at(self.seconds_at(self._waiters[0][0]), self._wake)

    def _wake(self) -> None:
        """Wake, in order, everybody whose tick has come."""
        now = self._loop.time() + DUE_SECONDS
        while self._waiters and self.seconds_at(self._waiters[0][0]) <= now:
            waiter = heapq.heappop(self._waiters)[2]
            if not waiter.done():
                waiter.set_result(None)
        self._arm()
