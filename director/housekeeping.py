"""Who behaves: the Director's heartbeat, and what becomes of bots that fall silent or hang."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from director.caretaker import Caretaker
from director.playback import Playback
from director.reception import Reception
from director.watch import Watch
from musebots.clock import Clock
from musebots.messages import AgentList, Off, Progress
from musebots.network import Address, Wire

__all__ = ["Housekeeping"]

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0


class Housekeeping:
    """Looks after the bots that are there; the rest is left to the caretaker.

    Parameters
    ----------
    reception : Reception
    playback : Playback
        Where bots that do not behave are silenced.
    clock : Clock
    wire : Wire
    caretaker : Caretaker
        Hears of bots that fail.
    on_heartbeat : callable
        Called once a second.
    """

    def __init__(
        self,
        reception: Reception,
        playback: Playback,
        clock: Clock,
        wire: Wire,
        caretaker: Caretaker,
        on_heartbeat: Callable[[], None],
    ) -> None:
        self._reception = reception
        self._playback = playback
        self._clock = clock
        self._wire = wire
        self._caretaker = caretaker
        self._on_heartbeat = on_heartbeat
        self._watch = Watch()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Send the list of bots as a heartbeat, and notice who has fallen silent or hangs."""
        while True:
            here = tuple(member.bot_id for member in self._reception.roster.here)
            self._reception.tell.all(AgentList(here))
            self._on_heartbeat()
            slept_at = self._loop.time()
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if self._loop.time() - slept_at < 2 * HEARTBEAT_SECONDS:
                self._judge()  # else it was us who were away, and what they said waits to be read

    def begin(self, bot_id: str) -> None:
        """A bot has come (back)."""
        self._watch.begin(bot_id, self._loop.time())

    def answered(self, bot_id: str) -> None:
        """A bot has said something that is no mere heartbeat."""
        self._watch.answered(bot_id, self._loop.time())

    def progress(self, message: Progress) -> None:
        """A bot says how far it is."""
        self._watch.progress(message)

    def gone(self, bot_id: str) -> None:
        """A bot's process or connection has ended: silence it and tell the others."""
        if self._reception.leave(bot_id):
            self._playback.silence(bot_id)
        self._watch.forget(bot_id)

    def remove(self, bot_id: str) -> None:
        """Send a bot home and forget it; its strip stays, in case that it comes back."""
        self._reception.remove(bot_id)
        self._playback.silence(bot_id)
        self._watch.forget(bot_id)

    def admits(self, n_bytes: int, source: Address) -> bool:
        """Whether a datagram is read; who floods is silenced."""
        if self._watch.admits(n_bytes, source, self._loop.time()):
            return True
        if self._watch.is_news(source):
            log.warning("too much at once from %s:%d: ignored", *source)
            for member in self._reception.roster.here:
                if member.address == source:
                    self._fail(member.bot_id, "it floods")
        return False

    def _judge(self) -> None:
        for member in self._reception.fallen_silent():
            self._playback.silence(member.bot_id)
            if member.is_classic and member.address is not None:
                self._wire.send(Off(), member.address)
            if member.state == "silent" or member.is_classic:
                self._caretaker.failing(member.bot_id, "no heartbeat")
        seconds_at = self._clock.seconds_at if self._clock.is_started else None
        here = self._reception.roster.here
        for verdict in self._watch.verdicts(here, self._loop.time(), seconds_at):
            self._fail(verdict.bot_id, verdict.words)

    def _fail(self, bot_id: str, words: str) -> None:
        """A bot does not behave: silence it, and leave the rest to whoever looks after it."""
        log.warning("%s: %s", bot_id, words)
        self._playback.silence(bot_id)
        self._watch.forget(bot_id)
        self._caretaker.failing(bot_id, words)
