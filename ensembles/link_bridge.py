"""Ableton Link, in a process of its own: it tells the Director where Link's beats fall.

Link's library is under the GPL: nothing else of this project imports it, and they meet over OSC
only.
"""

from __future__ import annotations

import asyncio

from aalink import Link as LinkSession

from musebots import messages as m
from musebots.musebot import Musebot

__all__ = ["LinkBridge"]

LOOK_SECONDS = 0.01
TELL_SECONDS = 0.1
FIND_SECONDS = 1.0  # peers that are there answer within this
SETTLE_SECONDS = 0.3


class LinkBridge(Musebot):
    """Joins the Link session; takes over its tempo, phase, start and stop.

    Where nobody else is there the session begins with the piece's tempo. Link's `playing` counts
    once somebody has moved it: before that, the music goes on.
    """

    role = "leader"
    hears = ("settempo",)
    known_settings = ("quantum",)

    async def prepare(self) -> None:
        """Join, look for others, and say where the beats fall."""
        while self.exchange.offset_ns is None:
            await asyncio.sleep(LOOK_SECONDS)
        self._session = LinkSession(self.clock.tempo_map.bpm_at(0))
        self._session.quantum = self.setting("quantum", 4.0)
        self._session.start_stop_sync_enabled = True
        self._session.enabled = True
        await asyncio.sleep(FIND_SECONDS)
        self._is_playing = True
        self._was_playing = self._session.playing
        self._say()

    async def play(self) -> None:
        """Say where the beats fall, ten times a second and whenever something changes."""
        said, last = (self._session.tempo, self._is_playing), 0.0
        loop = asyncio.get_running_loop()
        while True:
            self._look()
            now = (self._session.tempo, self._is_playing)
            if now != said or loop.time() - last >= TELL_SECONDS:
                self._say()
                said, last = now, loop.time()
            await asyncio.sleep(LOOK_SECONDS)

    def hear(self, message: m.Message) -> None:
        """Somebody in the band wants another tempo: everybody on Link gets it."""
        if isinstance(message, m.SetTempo):
            self._session.tempo = message.bpm

    def _look(self) -> None:
        """Whether somebody on Link has started or stopped."""
        is_playing = self._session.playing
        if is_playing != self._was_playing:
            self._was_playing = self._is_playing = is_playing

    def _say(self) -> None:
        before_ns = self.loop_ns
        beat = self._session.beat
        at_ns = (before_ns + self.loop_ns) // 2 + (self.exchange.offset_ns or 0)
        self.tell(m.Lead(self.id, beat, at_ns, self._session.tempo, int(self._is_playing)))
