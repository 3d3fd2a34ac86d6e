"""The transport: holding the music, and letting it go on, here or from another place."""

from __future__ import annotations

import asyncio
import logging

from director.housekeeping import Housekeeping
from director.playback import Playback
from director.reception import Reception
from musebots.clock import Clock
from musebots.timebase import PPQ

__all__ = ["Transport"]

log = logging.getLogger(__name__)


class Transport:
    """Stops and starts clock, outputs and band together.

    Parameters
    ----------
    clock : Clock
    playback : Playback
    reception : Reception
    housekeeping : Housekeeping
        Must not take a leap of the music for a bot that hangs.
    """

    def __init__(
        self, clock: Clock, playback: Playback, reception: Reception, housekeeping: Housekeeping
    ) -> None:
        self._clock = clock
        self._playback = playback
        self._reception = reception
        self._housekeeping = housekeeping

    def hold(self) -> None:
        """Fall silent and stand still; what the band has sent ahead is kept."""
        if not self._clock.is_started or self._clock.is_held:
            return
        self._clock.hold()
        self._playback.hold()
        self._reception.tell_tempo(self._clock.tempo_map.points[-1:])

    def go_on(self, tick: float, seconds: float) -> None:
        """Go on so that `tick` falls at `seconds` of the event loop's clock.

        Parameters
        ----------
        tick : float
            Where; if that is more than a beat ahead of where the music was, what lies between is
            skipped.
        seconds : float
            When.
        """
        if tick > self._clock.tick_now + PPQ:
            self._playback.skip_to(round(tick))
        self._clock.start(seconds - self._clock.tempo_map.seconds_at(tick))
        for member in self._reception.roster.here:
            self._housekeeping.begin(member.bot_id)
        self._reception.tell_tempo(self._clock.tempo_map.points[-1:])
        self._playback.go_on()

    def resume(self) -> None:
        """Go on where the music was held; nothing if it was not."""
        if self._clock.is_held:
            self.go_on(self._clock.tick_now, asyncio.get_running_loop().time())
