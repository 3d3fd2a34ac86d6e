"""How an understudy comes to play: it is ready, is appointed, and takes over in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from director.playback import Playback
from director.reception import Reception
from musebots.clock import Clock
from musebots.messages import DONE_TICK, Bye, Message, Progress, Ready
from musebots.network import Address

__all__ = ["Succession"]

BARS_TO_TAKE_OVER = 2


class Succession:
    """See the module's text.

    Parameters
    ----------
    reception : Reception
        Whose understudies they are.
    playback : Playback
        Where the part of the one that goes ends.
    clock : Clock
    start_tick : int
        Where the music begins, the count-in included.
    on_taken_over : callable
        Hears of every bot whose place was taken.
    """

    def __init__(
        self,
        reception: Reception,
        playback: Playback,
        clock: Clock,
        *,
        start_tick: int,
        on_taken_over: Callable[[str], None],
    ) -> None:
        self._reception = reception
        self._playback = playback
        self._clock = clock
        self._start_tick = start_tick
        self._on_taken_over = on_taken_over
        self._loop = asyncio.get_running_loop()

    def is_waiting(self, bot_id: str, source: Address) -> bool:
        """Whether this is an understudy that has not taken over yet."""
        return self._reception.understudies.is_waiting(bot_id, source)

    def take_news(self, bot_id: str, message: Message) -> None:
        """What an understudy says of itself."""
        match message:
            case Bye():
                self._reception.understudies.cancel(bot_id)
            case Ready():
                clock = self._clock
                now = clock.tick_now if clock.is_started else self._start_tick
                bar = clock.meter_map.bar_at(now) + BARS_TO_TAKE_OVER
                self._appoint(bot_id, clock.meter_map.bar_tick(bar))
            case Progress() if self._playback.committed_tick() < message.tick < DONE_TICK:
                self._appoint(bot_id, message.tick)

    def _appoint(self, bot_id: str, tick: int) -> None:
        """An understudy takes over at a bar line, at the latest."""
        self._reception.understudies.appoint(bot_id, tick)
        self._playback.cancel(bot_id, tick)
        self._take_over(bot_id)

    def _take_over(self, bot_id: str) -> None:
        """Let an understudy play, when its time has come."""
        tick = self._reception.understudies.takeover_tick(bot_id)
        if tick is None or bot_id not in self._reception.roster.members:
            return
        clock = self._clock
        if clock.is_started and (wait := clock.seconds_at(tick) - self._loop.time()) > 0:
            self._loop.call_later(wait, self._take_over, bot_id)
            return
        self._reception.take_over(bot_id)
        self._on_taken_over(bot_id)
