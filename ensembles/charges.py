"""One bot in a supervisor's care, and what is said of it when it is gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from ensembles.classic.folders import is_classic_folder
from ensembles.config import BotSpec
from ensembles.processes import Process, how_it_ended
from ensembles.restarts import Restarts

__all__ = ["Charge", "last_words", "seconds_of"]

log = logging.getLogger("ensembles.supervision")


@dataclass(slots=True)
class Charge:
    """A bot in our care.

    `is_of_the_piece`: it did not come while that was played. `words` is why it was killed, if it
    was by us. `state_tick` is how far its memory reached when it failed last: if it fails there
    again, its memory is at fault.
    """

    bot: BotSpec
    process: Process
    started_seconds: float
    is_of_the_piece: bool
    understudy: tuple[BotSpec, Process] | None = None
    record: Restarts = field(default_factory=Restarts)
    words: str = ""
    state_tick: int | None = None

    @property
    def is_classic(self) -> bool:
        """Whether it is a musebot of others."""
        return is_classic_folder(self.bot.bot)

    @property
    def said(self) -> str:
        """The last that it said."""
        return last_words(self.bot.id, self.process)

    def report(self, code: int, delay_seconds: float | None, *, is_alone: bool) -> None:
        """Tell people that it is gone, why, and whether it comes back (None: it does not)."""
        others = "" if is_alone else "; the others play on"
        if code == 0 and not self.words:
            log.warning("%s has left: %s%s", self.bot.id, self.said, others)
            return
        for line in self.process.last_lines[:-1]:
            log.error("%s", line)
        if delay_seconds is None:
            again = others
        else:
            again = "; it comes back " + (f"in {delay_seconds:g} s" if delay_seconds else "at once")
        why = self.words or how_it_ended(code)
        log.error("%s has died (%s): %s%s", self.bot.id, why, self.said, again)


def last_words(bot_id: str, process: Process) -> str:
    """The last that a process said."""
    lines = process.last_lines
    return lines[-1].removeprefix(f"{bot_id}: ") if lines else "it said nothing"


def seconds_of(bot: BotSpec, name: str) -> float:
    """A time from a classic bot's settings; 0 where there is none, and for our own bots."""
    value = bot.settings.get(name, 0.0) if is_classic_folder(bot.bot) else 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0
