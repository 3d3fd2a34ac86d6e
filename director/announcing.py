"""What comes next in the music: told to the band some bars ahead, as written or as it is led."""

from __future__ import annotations

from dataclasses import replace

from director.following import FollowedHarmony
from director.reception import Reception
from director.score import Passage, Score
from musebots.clock import Clock
from musebots.harmony import ChordSpan, Harmony
from musebots.messages import Broadcast, HarmonyPlan
from musebots.topics import FORM

__all__ = ["Announcements"]

AHEAD_BARS = 4


class Announcements:
    """Announces passages; in a piece that follows, with the harmony that somebody leads.

    Parameters
    ----------
    score : Score
    clock : Clock
    reception : Reception
        Who is told.
    """

    def __init__(self, score: Score, clock: Clock, reception: Reception) -> None:
        self._score = score
        self._clock = clock
        self._reception = reception
        self._home: tuple[int, int] | None = None
        self._following = FollowedHarmony(score) if score.follows_harmony else None

    async def run(self) -> None:
        """Tell each passage's form and harmony some bars ahead of its first bar line."""
        meters = self._score.meter_map
        for passage in self._score.passages:
            bar = meters.bar_at(passage.section.start_tick)
            ahead_tick = meters.bar_tick(bar - AHEAD_BARS)
            if ahead_tick > self._score.start_tick:
                await self._clock.until_tick(ahead_tick)
            self._reception.announce(self._led(passage))

    def be_led(self, message: Broadcast | HarmonyPlan) -> None:
        """Take over the harmony that somebody announces, in a piece that follows."""
        if isinstance(message, Broadcast) and self._only_repeats(message.sender):
            return
        tick = self._clock.tick_now if self._clock.is_started else self._score.start_tick
        if self._following is not None and self._following.take(message, tick):
            self._reception.reharmonise(self._led)

    def come_home(self, home_tick: int, end_tick: int) -> None:
        """The piece ends sooner than the score: its last bar, from `home_tick`, is the tonic's."""
        self._home = (home_tick, end_tick)
        self._reception.reharmonise(self._led)

    def _only_repeats(self, bot_id: str) -> bool:
        """Whether a bot speaks for the band: it says what it was told here."""
        member = self._reception.roster.members.get(bot_id)
        return member is not None and FORM in member.sends

    def _led(self, passage: Passage) -> Passage:
        led = passage if self._following is None else self._following.passage(passage)
        return led if self._home is None else _come_home(led, *self._home)


def _come_home(passage: Passage, home_tick: int, end_tick: int) -> Passage:
    """A passage whose bar from `home_tick` to `end_tick`, if that lies in it, is the tonic's."""
    section = passage.section
    if not section.start_tick <= home_tick < section.end_tick:
        return passage
    before = [span for span in passage.spans if span.tick < home_tick]
    kept = [replace(s, duration_ticks=min(s.duration_ticks, home_tick - s.tick)) for s in before]
    home = ChordSpan(home_tick, end_tick - home_tick, Harmony(passage.key).tonic)
    return replace(passage, spans=(*kept, home))
