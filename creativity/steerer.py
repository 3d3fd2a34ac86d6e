"""The steerer: a member of the band that plays nothing and moves the others' faders.

Two beats before every bar line it judges the bars that are known by then, tells how creative they
are, and has the policy in force decide what each bot gets from that bar line on. What it does
depends on notes, flags and messages alone, and so is the same live and offline.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Mapping

from creativity.assessing import shipped_judge
from creativity.assessor.taste import Taste
from creativity.judging import Judge, Judgement, of_band, passage_of, verdict_of
from creativity.policies import Decision, Memory, Seen, Situation, decide
from musebots.messages import Action, Assessed, Flag, Message, Policy, Steer
from musebots.musebot import Musebot
from musebots.timebase import beats_from_ticks

__all__ = ["Steerer"]

log = logging.getLogger(__name__)

LEAD_BEATS = 2.0
"""Ahead of the first bot that plans a bar, the drums, by half a beat."""
LEVEL_BARS = 8
"""Judgements that a level is the mean of: one alone says little (sd 0.2 within a piece)."""
FEWEST_JUDGEMENTS = 4
"""Before there are so many a policy does not act on them."""
GRID = 2.0**-10


class Steerer(Musebot):
    """See the module's text. The Director tells it the policy in force.

    Its setting ``taste`` holds what listeners prefer, see `creativity.assessor.taste.Taste`.
    """

    role = "steerer"
    hears = ("notes", "flags", "steering")
    sends = ("steering",)

    def __init__(self) -> None:
        super().__init__()
        self.judge: Judge | None = None
        self.taste: Taste | None = None
        self._policy = Policy("fader")
        self._memory = Memory()
        self._flags: list[Flag] = []
        self._recent: dict[str, deque[float]] = {}
        self._told: dict[str, float] = {}

    async def prepare(self) -> None:
        """Load the assessors of all roles: not while the music plays."""
        if "taste" in self.settings:
            self.taste = Taste.from_values(self.settings["taste"])
        if self.judge is None:
            self.judge = shipped_judge()
        if self.judge is None:
            log.warning("no assessor comes with this musebots: nobody judges, policies do nothing")

    async def play(self) -> None:
        """Judge, decide and tell, bar by bar."""
        async for bar in self.clock.bars(lead=LEAD_BEATS):
            self._assess(bar)
            self._act(bar)

    def hear(self, message: Message) -> None:
        """Take in flags and policies."""
        match message:
            case Flag():
                self._flags.append(message)
            case Policy():
                self._policy = message.checked()
            case _:
                pass

    def level(self, bot_id: str = "") -> float | None:
        """How creative a bot, or the band, has been over the last bars; None while unknown."""
        recent = self._recent.get(bot_id, ())
        return self._mean(bot_id) if len(recent) >= FEWEST_JUDGEMENTS else None

    def _mean(self, bot_id: str) -> float | None:
        """Of the last judgements, few as they may be."""
        recent = self._recent.get(bot_id)
        return None if not recent else round(sum(recent) / len(recent) / GRID) * GRID

    # --- judging --------------------------------------------------------------------------------

    def _assess(self, bar: int) -> None:
        """Judge the bars before this one, of each bot and of all together, and tell it."""
        judged = {bot_id: self._judged(bot_id, bar) for bot_id in self._members}
        scores = {bot_id: j for bot_id, j in judged.items() if j is not None}
        if not scores:
            return
        found = {bot_id: (j.score, 0.0) for bot_id, j in scores.items()}
        found[""] = of_band(list(scores.values()), self.taste)
        for bot_id, (value, weight) in found.items():
            score = round(value / GRID) * GRID
            self._recent.setdefault(bot_id, deque(maxlen=LEVEL_BARS)).append(score)
            meters = self.clock.meter_map
            self.tell(
                Assessed(
                    bot_id, meters.bar_tick(bar - 1), meters.bar_tick(bar), score,
                    self._mean(bot_id) or 0.0, weight,
                )
            )  # fmt: skip

    @property
    def _members(self) -> tuple[str, ...]:
        return tuple(self.band.roles)

    def _judged(self, bot_id: str, end_bar: int) -> Judgement | None:
        """The judgement of a bot's bars up to this one; None where it is to be silent."""
        meters = self.clock.meter_map
        if end_bar < 1 or self.judge is None:
            return None
        section = self.section_at(meters.bar_tick(end_bar - 1))
        if section is not None and section.is_tacet(bot_id):
            return None
        start = beats_from_ticks(meters.bar_tick(max(0, end_bar - 8)))
        end = beats_from_ticks(meters.bar_tick(end_bar))
        notes = self.band.notes(start=start, end=end, bot_id=bot_id)
        passage = passage_of(notes, self.harmony, meters, end_bar=end_bar)
        if passage is None:
            return None
        first_bar = passage.part.n_bars - 2
        return self.judge(self.band.roles[bot_id], passage, first_bar)

    # --- acting ---------------------------------------------------------------------------------

    def _act(self, bar: int) -> None:
        """Have the policy decide what holds from this bar on, and tell it."""
        flags = [flag for flag in self._flags if flag.last_bar < bar]  # others: not known whole
        self._flags = [flag for flag in self._flags if flag.last_bar >= bar]
        now = Situation(bar, self.level(), self._members, tuple(self._seen(f) for f in flags))
        decision = decide(self._policy, self._memory, now)
        self._memory = decision.memory
        tick = self.clock.meter_map.bar_tick(bar)
        details = self._details(decision, tick)
        for bot_id, push in decision.pushes.items():
            push = round(push / GRID) * GRID
            if self._told.get(bot_id, 0.0) != push or bot_id in details:
                self._told[bot_id] = push
                found = json.dumps(details.get(bot_id, {}), sort_keys=True)
                self.tell(Steer(bot_id, push, tick, found))
        for bot_id, what, why in decision.actions:
            self.tell(Action(bot_id, tick, what, why))

    def _details(self, decision: Decision, tick: int) -> Mapping[str, dict[str, object]]:
        meters, details = self.clock.meter_map, {}
        for hold in decision.holds:
            if hold.units:
                end = meters.bar_tick(hold.until_bar)
                details[hold.bot_id] = {
                    "units": list(hold.units), "gain": hold.gain, "end_tick": end,
                }  # fmt: skip
        for seen in decision.repeats:
            for bot_id in (seen.bot_id,) if seen.bot_id else self._members:
                if seen.end_tick <= tick:
                    found = details.setdefault(bot_id, {})
                    found["repeat"] = [seen.first_tick, seen.end_tick]
        return details

    def _seen(self, flag: Flag) -> Seen:
        """A flag, with the assessor's verdict on its last two bars."""
        meters = self.clock.meter_map
        end_bar = flag.last_bar + 1
        units = flag.found.get("units", {})
        names = [flag.bot_id] if flag.bot_id else list(self._members)
        judged = [(name, self._judged(name, end_bar)) for name in names]
        verdicts = [
            verdict_of(judgement, self._mean(name)) for name, judgement in judged if judgement
        ]
        faults = [verdict for verdict in verdicts if verdict not in ("creative", "usual")]
        verdict = (*faults, *(v for v in verdicts if v == "creative"), "usual")[0]
        return Seen(
            flag.bot_id,
            meters.bar_tick(flag.first_bar),
            meters.bar_tick(end_bar),
            {name: tuple(int(unit) for unit in of) for name, of in units.items()},
            verdict,
        )
