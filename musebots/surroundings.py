"""What a bot knows at a step of the grid: of the music around it, of the form, of its knobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musebots.conversation import Conversation
from musebots.form import PHRASE_BARS, Section
from musebots.generators import MAX_STEPS_TO_NEXT, STEP_TICKS
from musebots.intents import USUAL

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["Surroundings"]

FILL_BEATS = 2
DENSITY_PER_ACTIVITY = 0.1
SOLO_KNOBS = {"intensity": 0.15, "register": 0.15}
"""How much further a soloist turns up; the others turn their intensity down as much."""


class Surroundings:
    """See the module's text.

    Parameters
    ----------
    bot : Musebot
    talk : Conversation
        What the band has agreed on.
    """

    def __init__(self, bot: Musebot, talk: Conversation) -> None:
        self._bot = bot
        self._talk = talk

    def at(self, tick: int) -> dict[str, Any]:
        """What of a `StepContext` does not depend on the bot itself."""
        bot, meters = self._bot, self._bot.clock.meter_map
        position, section = meters.position(tick), bot.section_at(tick)
        bar = position.bar
        return {
            "step_in_bar": position.tick_in_bar // STEP_TICKS,
            "steps_per_bar": position.time_signature.bar_ticks // STEP_TICKS,
            "is_compound": position.time_signature.is_compound,
            "bar_in_phrase": bot.course.bar_in_section(bar, meters) % PHRASE_BARS,
            **self.harmony_at(tick),
            "intensity": self._knob("intensity", section, bar),
            "density": self._knob(
                "density", section, bar, activity=self._talk.activity(tick) or USUAL
            ),
            "register": self._knob("register", section, bar),
            "is_fill": _is_fill(tick, section),
            "place_in_section": bot.course.place(bar, meters, bot.clock.end_tick),
            "is_solo": self._talk.soloist(bar) == bot.id,
            "recall_bars": bot.course.recall_bars(bar, meters),
        }

    def harmony_at(self, tick: int) -> dict[str, Any]:
        """Key, chord, and the one that follows, as far as it matters."""
        harmony = self._bot.harmony
        change = harmony.next_change(tick)
        steps_to_next, next_chord = MAX_STEPS_TO_NEXT, None
        if change is not None and (change[0] - tick) <= MAX_STEPS_TO_NEXT * STEP_TICKS:
            steps_to_next = max(1, (change[0] - tick) // STEP_TICKS)
            next_chord = change[1]
        return {
            "key": harmony.key,
            "chord": harmony.at_tick(tick),
            "next_chord": next_chord,
            "steps_to_next": steps_to_next,
        }

    def knob(self, name: str, tick: int) -> float:
        """Where a knob stands at a tick, 0..1."""
        return self._knob(name, self._bot.section_at(tick), self._bot.clock.meter_map.bar_at(tick))

    def is_silent(self, tick: int) -> bool:
        """Whether section or agreement want this bot silent here; all meet in the last bar."""
        section = self._bot.section_at(tick)
        if section is not None and section.is_tacet(self._bot.id):
            return True
        meters = self._bot.clock.meter_map
        is_last = meters.bar_tick(meters.bar_at(tick) + 1) == self._bot.clock.end_tick
        return not is_last and self._talk.activity(tick) == 0

    def _knob(
        self, name: str, section: Section | None, bar: int, *, activity: int = USUAL
    ) -> float:
        """The section's wish, shifted by what the band agreed on and by the performer's knob."""
        wish = getattr(section, name) if section else 0.5
        wish += (activity - USUAL) * DENSITY_PER_ACTIVITY
        if section is not None and section.solo:
            soloist = self._talk.soloist(bar)
            more = SOLO_KNOBS.get(name, 0.0)
            is_own = soloist == self._bot.id
            wish += more if is_own else -more if soloist and name == "intensity" else 0
        return min(1.0, max(0.0, wish + self._bot.knobs[name] - 0.5))


def _is_fill(tick: int, section: Section | None) -> bool:
    """Whether a step belongs to the last beats of its section, which lead over to the next."""
    return section is not None and section.end_tick - tick <= FILL_BEATS * 4 * STEP_TICKS
