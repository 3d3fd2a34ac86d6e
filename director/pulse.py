"""The classic clock: `/mc/time`, 16 pulses a beat, for the bots that follow it.

Each pulse is prepared a little ahead and sent at its moment by `call_at`: live that is a thread
that keeps absolute deadlines, offline the event loop itself.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, Protocol

from musebots.clock import Clock
from musebots.messages import Meter, Time, encode
from musebots.timebase import PULSES_PER_BEAT, TICKS_PER_PULSE

__all__ = ["CallAt", "PulseSender"]

PREPARE_SECONDS = 0.05


class CallAt(Protocol):
    """Calls a function at a time of the event loop's clock."""

    def __call__(self, when: float, function: Callable[..., Any], /, *args: Any) -> object: ...


class PulseSender:
    """Counts pulses from the start of the count-in and sends them to those who listen.

    Parameters
    ----------
    clock : Clock
    start_tick : int
        First tick of the count-in.
    send : callable
        Sends one datagram to all listeners; called where `call_at` calls.
    call_at : CallAt
    """

    def __init__(
        self,
        clock: Clock,
        *,
        start_tick: int,
        send: Callable[[bytes], None],
        call_at: CallAt,
    ) -> None:
        self._clock = clock
        self._start_tick = start_tick
        self._send = send
        self._call_at = call_at
        self._has_listeners = asyncio.Event()

    def listen(self) -> None:
        """Somebody follows the pulse from now on."""
        self._has_listeners.set()

    async def run(self) -> None:
        """Send pulses until the end of the piece."""
        await self._clock.started()
        await self._has_listeners.wait()
        number = max(0, int((self._clock.tick_now - self._start_tick) // TICKS_PER_PULSE) + 1)
        while not self._clock.is_over_at(tick := self._start_tick + number * TICKS_PER_PULSE):
            prepare = self._clock.tempo_map.seconds_at(tick) - PREPARE_SECONDS
            await self._clock.until_tick(self._clock.tempo_map.tick_at(prepare))
            when = self._clock.seconds_at(tick)
            if math.isinf(when):  # the music is held
                await self._clock.until_tick(tick)
                when = self._clock.seconds_at(tick)
            bpm = self._clock.tempo_map.bpm_at(tick)
            if number % PULSES_PER_BEAT == 0:
                signature = self._clock.meter_map.position(tick).time_signature
                meter = Meter(signature.numerator, signature.denominator)
                self._call_at(when, self._send, encode(meter))
            self._call_at(when, self._send, encode(Time(bpm, number)))
            number += 1
