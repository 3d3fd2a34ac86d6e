"""Call and response: a bot that listens for a phrase and answers with the next."""

from __future__ import annotations

from dataclasses import replace

from musebots.form import PHRASE_BARS
from musebots.generators import StepContext
from musebots.melody import Melody
from musebots.messages import Heard, Message, Notes
from musebots.notes import Note
from musebots.timebase import beats_from_ticks

__all__ = ["Responder"]

FEWEST_NOTES = 3


class Responder(Melody):
    """Trades fours: silent for four bars, and then four in answer to what it has heard there.

    It answers a person if one plays, else the bot that `to` names, else a melody. Its network goes
    through the call as if it had played it; the first half of the answer is the call come back,
    the second goes on from it. Without a call it plays what comes to its mind. Settings: `bars`,
    how long a turn is (4), and `to`.
    """

    hears = ("notes",)
    known_settings = (*Melody.known_settings, "bars", "to")
    _caller = ""
    _n_bars = PHRASE_BARS
    _is_answer = False

    async def prepare(self) -> None:
        """How long a turn is, and whom it answers."""
        await super().prepare()
        self._n_bars = max(1, round(self.setting("bars", PHRASE_BARS)))
        self._caller = str(self.settings.get("to", self._caller))

    def on_message(self, message: Message) -> None:
        """Find out who calls: a person first."""
        super().on_message(message)
        if "to" not in self.settings:
            if isinstance(message, Heard):
                self._caller = message.bot_id
            elif isinstance(message, Notes) and not self._caller:
                is_melody = self.band.roles.get(message.bot_id) == "melody"
                self._caller = message.bot_id if is_melody else ""

    def _play_bar(self, bar: int) -> None:
        meters = self.clock.meter_map
        turn, place = divmod(bar, self._n_bars)
        is_end = meters.bar_tick(bar + 1) == self.clock.end_tick
        if turn % 2 == 0 and not is_end:
            return
        if place == 0:
            self._listen(meters.bar_tick(bar - self._n_bars), meters.bar_tick(bar))
        super()._play_bar(bar)

    def _listen(self, start_tick: int, end_tick: int) -> None:
        """Go through the call, as far as it has been heard."""
        call = self.call(start_tick, end_tick)
        self._is_answer = len(call) >= FEWEST_NOTES
        if self._is_answer:
            self._planner.hear(start_tick, end_tick, call)

    def call(self, start_tick: int, end_tick: int) -> list[Note]:
        """What the caller has played there."""
        return self.band.notes(
            start=beats_from_ticks(start_tick), end=beats_from_ticks(end_tick), bot_id=self._caller
        )

    def context_at(self, tick: int) -> StepContext:
        """In the first half of an answer the call comes back."""
        context = super().context_at(tick)
        turn, place = divmod(self.clock.meter_map.bar_at(tick), self._n_bars)
        if turn % 2 == 0 or not self._is_answer:
            return replace(context, recall_bars=0)
        return replace(context, recall_bars=self._n_bars if 2 * place < self._n_bars else 0)
