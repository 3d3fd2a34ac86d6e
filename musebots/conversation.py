"""What a bot says to the band and hears from it: how busy it is, what it intends, when to end.

The rules are `musebots.negotiation` and `musebots.topics`; here they meet a bot's clock and wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from musebots.generators import STEP_TICKS
from musebots.intents import TOPIC, Intent, Intents
from musebots.messages import Broadcast
from musebots.negotiation import Negotiation
from musebots.notes import Note
from musebots.timebase import beats_from_ticks
from musebots.topics import EXITING, Spokesman, speaker_of, vertical_density

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["Conversation"]

SHORTEST_BAR_HEARD_BEATS = 1.5  # the first to plan must have heard what the last one planned
LAST_BARS = 2  # within so many of the end nobody talks of ending


class Conversation:
    """One bot's part in it.

    Parameters
    ----------
    bot : Musebot
        Who speaks and hears; welcomed already.
    rests : float
        0..1, how readily it rests where the piece leaves that open.
    """

    def __init__(self, bot: Musebot, *, rests: float) -> None:
        self._bot = bot
        self._negotiation = Negotiation(bot.id, bot.seed, rests)
        self._spokesman = Spokesman(bot.id)
        self._densities: dict[str, float] = {}

    @property
    def intents(self) -> Intents:
        """All that was said of phrases to come, by this bot, too."""
        return self._negotiation.intents

    def activity(self, tick: int) -> int:
        """How active this bot is to be at a tick, 0..9; 5 is usual."""
        return self._negotiation.activity(tick, self._bot.course, self._bot.clock.meter_map)

    def soloist(self, bar: int) -> str:
        """Id of the bot that has the solo in a bar; empty for nobody."""
        bot = self._bot
        return self._negotiation.soloist(bar, bot.band.roles, bot.course, bot.clock.meter_map)

    def density_before(self, bar: int) -> float | None:
        """How busy the others were in the bar before, where all of it has been heard by now."""
        bot = self._bot
        start_tick, end_tick = (bot.clock.meter_map.bar_tick(b) for b in (bar - 1, bar))
        is_long = beats_from_ticks(end_tick - start_tick) >= SHORTEST_BAR_HEARD_BEATS
        if start_tick < 0 or not is_long:
            return None
        share = bot.band.onset_share(start_tick, end_tick)
        if self._densities:
            share = max(share or 0.0, *self._densities.values())
        is_alone = not share and all(bot_id == bot.id for bot_id in bot.band.roles)
        return None if is_alone else share

    def hear(self, message: Broadcast) -> None:
        """What anybody says to the band, also a musebot that is not ours."""
        bot = self._bot
        tick = bot.clock.tick_now if bot.clock.is_started else 0.0
        self._spokesman.hear(message.topic, message.sender, tick)
        if message.topic == TOPIC:
            intent = Intent.read(message.sender, message.values, self._next_phrase_tick())
            if intent is not None and intent.bot_id != bot.id:
                self.intents.add(intent)
        elif message.topic == EXITING and message.sender != bot.id:
            self._agree_to_end()
        elif bot.band.roles.get(message.sender) == "":  # its notes are not heard, only this
            values = [value for value in message.values if isinstance(value, (int, float))]
            if len(values) != 1 or not 0 <= values[0] <= 1:
                return
            if message.topic == "hdensity":
                self._densities[message.sender] = float(values[0])
            elif message.topic == "density":  # what it wants of the others
                bot.knobs["density"] = float(values[0])

    def say(self, bar: int, notes: Sequence[Note]) -> None:
        """Say how busy this bar is, and what this bot intends next."""
        bot, meters = self._bot, self._bot.clock.meter_map
        steps = {round(note.onset_ticks / STEP_TICKS) for note in notes}
        n_steps = meters.time_signature_at(bar).bar_ticks / STEP_TICKS
        bot.broadcast("hdensity", round(len(steps) / n_steps, 3))
        bot.broadcast("vdensity", round(vertical_density(len(notes), len(steps)), 3))
        end_tick = bot.clock.end_tick
        if speaker_of(bot.band.roles) == bot.id:
            said = self._spokesman.said(bar, bot.course, bot.harmony, meters, end_tick)
            for topic, values in said:
                bot.broadcast(topic, *values)
        for intent in self._negotiation.announcements(
            bar, bot.band.roles, bot.course, meters, end_tick
        ):
            bot.broadcast(TOPIC, *intent.values())

    async def finish_form(self) -> None:
        """Say, in its last step, that the form is finished."""
        bot, end_tick = self._bot, self._bot.clock.end_tick
        if end_tick is not None and speaker_of(bot.band.roles) == bot.id:
            await bot.clock.until_tick(end_tick - STEP_TICKS)
            bot.broadcast("progress", 1.0)
            bot.broadcast(EXITING, 1)

    def _agree_to_end(self) -> None:
        """Somebody proposes to end: say where this bot can."""
        bot, clock = self._bot, self._bot.clock
        if not clock.is_started:
            return
        bar = clock.meter_map.bar_at(clock.tick_now)
        if clock.is_over_at(clock.meter_map.bar_tick(bar + LAST_BARS)):
            return
        tick = self._negotiation.ending_tick(bar, bot.band.roles, bot.course, clock.meter_map)
        bot.broadcast(TOPIC, *Intent(bot.id, tick, is_ending=True).values())

    def _next_phrase_tick(self) -> int:
        """The first phrase that nobody has planned yet."""
        clock, course = self._bot.clock, self._bot.course
        bar = clock.meter_map.bar_at(clock.tick_now) + 2 if clock.is_started else 0
        while not course.is_phrase_start(bar, clock.meter_map):
            bar += 1
        return clock.meter_map.bar_tick(bar)
