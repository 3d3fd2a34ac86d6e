"""How a band comes to end sooner than its score: somebody proposes it, all say where they can.

A bot, or a person, says `/broadcast/exiting`. The bots of our dialect answer within a moment with
an intent that names the bar line, always one that opens a phrase, at which they can end; the
latest of these is taken. There everybody meets: the chord of the last bar is the tonic, the bar
before it slows down where the piece would have.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from director.announcing import Announcements
from director.conducting import Conducting
from director.playback import Playback
from director.reception import Reception
from director.score import Score
from director.tempo import Tempo
from musebots.clock import Clock
from musebots.form import PHRASE_BARS
from musebots.intents import Intent
from musebots.messages import Broadcast, Ending
from musebots.topics import FORM

__all__ = ["Endings"]

log = logging.getLogger(__name__)

ANSWER_SECONDS = 0.3
AHEAD_BARS = 2  # from the bar that plays: the first of a band plans the last one after that
MOST_BARS = 16
LAST_BARS = 2


class Endings:
    """See the module's text.

    Parameters
    ----------
    score : Score
    clock : Clock
        Whose final bar line moves.
    playback : Playback
    reception : Reception
    announcements : Announcements
    conducting : Conducting
    tempo : Tempo
    """

    def __init__(
        self,
        score: Score,
        clock: Clock,
        playback: Playback,
        reception: Reception,
        announcements: Announcements,
        conducting: Conducting,
        tempo: Tempo,
    ) -> None:
        self._score = score
        self._clock = clock
        self._playback = playback
        self._reception = reception
        self._announcements = announcements
        self._conducting = conducting
        self._tempo = tempo
        self._answers: dict[str, int] | None = None
        self._is_agreed = False

    @property
    def has_band(self) -> bool:
        """Whether anybody is there who would negotiate."""
        return any(FORM in member.sends for member in self._reception.roster.here)

    def propose(self, who: str) -> None:
        """Somebody would end: ask the band where it can. In the last two bars that is moot."""
        meters, end_tick = self._clock.meter_map, self._clock.end_tick
        last_tick = meters.bar_tick(self._bar_now + LAST_BARS)
        is_moot = end_tick is None or last_tick >= end_tick
        if self._answers is not None or self._is_agreed or is_moot:
            return
        log.info("%s would end: the band looks for a place to", who or "a bot")
        self._answers = {}
        asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._decide)

    def hear(self, message: Broadcast) -> None:
        """What a bot intends: perhaps to end."""
        intent = Intent.read(message.sender, message.values, 0)
        if self._answers is not None and intent is not None and intent.is_ending:
            self._answers[intent.bot_id] = intent.from_tick

    def _decide(self) -> None:
        answers, self._answers = self._answers or {}, None
        meters, end_tick = self._clock.meter_map, self._clock.end_tick
        first, last = self._bar_now + AHEAD_BARS, self._bar_now + MOST_BARS
        bars = {meters.bar_at(tick): tick for tick in answers.values()}
        possible = [bar for bar, tick in bars.items() if meters.bar_tick(bar) == tick]
        bar = max((bar for bar in possible if first <= bar <= last), default=self._phrase(first))
        tick = meters.bar_tick(bar)
        if end_tick is not None and tick < end_tick:
            self._come_home(bar)

    def _phrase(self, bar: int) -> int:
        """The first bar from this one on that opens a phrase, as the score has it."""
        for passage in self._score.passages:
            first, end = (
                self._clock.meter_map.bar_at(tick)
                for tick in (passage.section.start_tick, passage.section.end_tick)
            )
            if bar <= first:
                return first
            if bar < end:
                return min(end, first + -(-(bar - first) // PHRASE_BARS) * PHRASE_BARS)
        return bar

    def _come_home(self, end_bar: int) -> None:
        """The band has agreed: everybody is told, the last bar's chord and the tempo follow."""
        meters = self._clock.meter_map
        end_tick, home_tick = meters.bar_tick(end_bar), meters.bar_tick(end_bar - 1)
        log.warning("the band has agreed to end with bar %d", end_bar)
        self._is_agreed = True
        self._clock.end_tick = end_tick
        self._reception.tell.ours(Ending(end_tick))
        self._announcements.come_home(home_tick, end_tick)
        slower = self._score.ritardando
        if slower is not None:
            start_tick = home_tick - (slower.end_tick - slower.start_tick)
            self._tempo.slow_down(replace(slower, start_tick=start_tick, end_tick=home_tick))
        self._playback.end_at(end_tick)
        self._conducting.end_at(end_tick)

    @property
    def _bar_now(self) -> int:
        return self._clock.meter_map.bar_at(self._clock.tick_now)
