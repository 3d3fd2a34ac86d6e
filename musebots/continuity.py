"""Going on where one left off: a bot's memory travels to the Director every bar, and back.

A bot that a supervisor looks after tells at each bar line how far it has got, and what it must
remember to play on from there. When it comes back after a crash it gets that again, goes through
the bars that it has missed in silence, and is heard from the next note that is still ahead: the
music that it would have played had nothing happened.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from musebots.messages import DONE_TICK, Progress, State
from musebots.snapshots import packed, unpacked

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["Continuity"]

log = logging.getLogger(__name__)

HEARD_SECONDS = 0.12  # notes nearer than this would be late on a busy machine


class Continuity:
    """What a bot tells of itself, and what it was told of its former self.

    Parameters
    ----------
    bot : Musebot
    """

    def __init__(self, bot: Musebot) -> None:
        self._bot = bot
        self._parts: dict[int, dict[int, State]] = {}
        self._due_tick = -1
        self._is_playing = False
        self._can_remember = True

    def take(self, part: State) -> None:
        """A part of what the bot knew has come from the Director."""
        self._parts.setdefault(part.tick, {})[part.part] = part

    def go_on(self) -> None:
        """Before the bot plays: be what it was, if anything is known of that."""
        self._is_playing = True
        for tick, parts in sorted(self._parts.items(), reverse=True):
            blob = b"".join(part.blob for _, part in sorted(parts.items()))
            if len(parts) == parts[min(parts)].n_parts and self._become(tick, blob):
                break
        self._parts.clear()

    def _become(self, tick: int, blob: bytes) -> bool:
        bot = self._bot
        try:
            kind, rng, own = unpacked(blob)
            if kind != type(bot).__qualname__:
                return False
            if rng is not None:
                bot.rng.bit_generator.state = rng
            bot.resume(own)
        except Exception as error:  # it is another version's memory: begin without it
            log.warning("%s begins anew, its memory cannot be read: %s", bot.id, error)
            return False
        bot.clock.resume_tick = tick
        return True

    def enter(self, tick: int, due_tick: int) -> None:
        """The bot enters a bar: tell how far it is, and what it remembers."""
        self._due_tick = due_tick
        self._bot.tell(Progress(self._bot.id, tick, due_tick))
        if not self._can_remember:
            return
        try:
            for part in State.parts(self._bot.id, tick, packed(self._memory())):
                self._bot.tell(part)
        except (TypeError, ValueError) as error:
            self._can_remember = False
            log.warning("%s could not go on after a crash: %s", self._bot.id, error)

    def _memory(self) -> tuple[Any, ...]:
        bot = self._bot
        rng = dict(bot.rng.bit_generator.state) if bot.has_chance else None
        return (type(bot).__qualname__, rng, bot.state())

    def reassure(self) -> None:
        """Once a second: who waits for a place further on in the music does not hang."""
        awaited = self._bot.clock.awaited_tick
        if self._is_playing and awaited is not None and awaited > self._due_tick >= 0:
            self._due_tick = int(awaited)
            tick = int(self._bot.clock.tick_now)
            self._bot.tell(Progress(self._bot.id, tick, self._due_tick))

    def finish(self) -> None:
        """The bot has played its part and will say no more."""
        self._is_playing = False
        self._bot.tell(Progress(self._bot.id, DONE_TICK, DONE_TICK))

    def is_past(self, onset_ticks: int) -> bool:
        """Whether a note belongs to what is only gone through to catch up."""
        clock = self._bot.clock
        if clock.resume_tick is None or not clock.is_started:
            return False
        ahead_ticks = clock.tempo_map.bpm_at(clock.tick_now) * 8 * HEARD_SECONDS  # 480 / 60 s
        return onset_ticks < clock.tick_now + ahead_ticks
