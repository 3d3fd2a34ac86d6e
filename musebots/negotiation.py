"""Who plays now: a lead that leaves room, others who take it, solos in turn. Pure.

For every phrase of four bars one bot leads: the soloist, where there is one, or else the melody
(the bass, the drums, whoever there is). Two bars ahead the lead announces how active it will be;
one bar ahead the others announce the complement: where it is busy they do less, where it pauses
they do more. In sections whose solo is `TURNS` every bot says three bars ahead how much it wants
the next eight bars. The wish grows with every turn that it has waited, the largest one wins, and
everybody hears the same wishes: nobody needs to be told the outcome. Now and then the lead pauses,
and the others fill in, or one of the others stops for a bar (`musebots.rests`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from musebots.form import PHRASE_BARS, TURNS, Course, Section
from musebots.intents import MOST_ACTIVE, N_VALUES, USUAL, Intent, Intents, phrase_start, value_at
from musebots.rests import may_pause_long, may_rest, pause_of, stopped
from musebots.timebase import MeterMap

__all__ = ["Negotiation", "complement"]

WISH_BARS, LEAD_BARS, FOLLOW_BARS = 3, 2, 1
ENDING_BARS = 3  # from the bar in which it is proposed: nothing that far ahead is planned yet
TURN_BARS = 8
COMPLEMENT = 0.6
ROLE_ORDER = ("melody", "bass", "drums")

Mask = tuple[int, ...]

LEADS: tuple[Mask, ...] = (
    (6, 6, 5, 5, 6, 5, 5, 4, 6, 6, 6, 5, 5, 4, 2, 2),
    (5, 6, 6, 3, 5, 6, 6, 3, 6, 6, 6, 6, 6, 4, 3, 1),
    (6, 6, 6, 6, 5, 4, 3, 2, 6, 6, 7, 6, 5, 4, 3, 2),
    (4, 5, 5, 6, 6, 6, 6, 5, 5, 6, 6, 7, 6, 5, 2, 1),
)
"""Phrases of a lead: it says something and leaves room, at the latest at the end."""
SOLO: Mask = (7, 7, 8, 7, 8, 8, 8, 7, 8, 8, 9, 9, 9, 8, 7, 6)
BEHIND_A_SOLO: dict[str, Mask] = {"melody": (0,) * 15 + (3,)}
"""A melody rests while another has the solo, but for a pick-up into what follows."""


def complement(lead: Mask, *, share: float = COMPLEMENT) -> Mask:
    """As much less than usual as the lead does more, and the reverse; softened by `share`.

    Examples
    --------
    >>> complement((9, 5, 0))
    (3, 5, 8)
    """
    return tuple(min(MOST_ACTIVE, max(1, round(USUAL + share * (USUAL - value)))) for value in lead)


class Negotiation:
    """One bot's part in it.

    Parameters
    ----------
    bot_id : str
        This bot.
    seed : int
        The session's; it varies phrases and wishes.
    rests : float
        0..1, how readily it rests where the piece leaves that open; 0 is never.

    Attributes
    ----------
    intents : Intents
        All that was said, by this bot, too.
    """

    def __init__(self, bot_id: str, seed: int, rests: float = 1.0) -> None:
        self.intents = Intents()
        self._id = bot_id
        self._seed = seed
        self._rests = rests

    def announcements(
        self,
        bar: int,
        roles: Mapping[str, str],
        course: Course,
        meters: MeterMap,
        end_tick: int | None = None,
    ) -> Iterator[Intent]:
        """What this bot has to say when it plans a bar; what was said counts for itself, too.

        `end_tick` is the final bar line, where there is one.
        """
        wish = self._wish(bar + WISH_BARS, roles, course, meters)
        lead = self._mask(bar + LEAD_BARS, roles, course, meters, end_tick, is_lead=True)
        follow = self._mask(bar + FOLLOW_BARS, roles, course, meters, end_tick, is_lead=False)
        for intent in (wish, lead, follow):
            if intent is not None:
                self.intents.add(intent)
                yield intent

    def activity(self, tick: int, course: Course, meters: MeterMap) -> int:
        """How active this bot is to be at a tick, 0..9; 5 is usual."""
        first_bar = phrase_start(meters.bar_at(tick), course, meters)
        mask = self.intents.masks(meters.bar_tick(first_bar)).get(self._id)
        return USUAL if mask is None else value_at(mask, tick, first_bar, meters)

    def soloist(self, bar: int, roles: Mapping[str, str], course: Course, meters: MeterMap) -> str:
        """Id of the bot that has the solo in a bar; empty for nobody."""
        section = course.at_tick(meters.bar_tick(bar))
        if section is None or not section.solo:
            return ""
        if section.solo != TURNS:
            return section.solo if section.solo in roles else ""
        turn_tick = meters.bar_tick(_turn_start(bar, course, meters))
        wishes = [
            (wish, bot_id)
            for bot_id, wish in self.intents.wishes(turn_tick).items()
            if bot_id in roles and not section.is_tacet(bot_id)
        ]
        return max(wishes)[1] if wishes else ""

    def leader(self, bar: int, roles: Mapping[str, str], course: Course, meters: MeterMap) -> str:
        """Id of the bot that leads in a bar: the soloist, or the first in the order of roles."""
        soloist = self.soloist(bar, roles, course, meters)
        section = course.at_tick(meters.bar_tick(bar))
        here = [bot_id for bot_id in roles if section is None or not section.is_tacet(bot_id)]
        if soloist or not here:
            return soloist
        return min(here, key=lambda bot_id: (_rank(roles[bot_id]), bot_id))

    def ending_tick(
        self, bar: int, roles: Mapping[str, str], course: Course, meters: MeterMap
    ) -> int:
        """Where this bot can end, when somebody proposes to in `bar`: a solo is played out."""
        end = bar + ENDING_BARS
        while not course.is_phrase_start(end, meters):
            end += 1
        for _ in range(TURN_BARS // PHRASE_BARS):
            soloist = self.soloist(end - 1, roles, course, meters)
            if not soloist or soloist != self.soloist(end, roles, course, meters):
                break
            end += PHRASE_BARS
        return meters.bar_tick(end)

    def _mask(
        self,
        bar: int,
        roles: Mapping[str, str],
        course: Course,
        meters: MeterMap,
        end_tick: int | None,
        *,
        is_lead: bool,
    ) -> Intent | None:
        """What this bot, as leader or as one of the others, intends for a phrase from `bar` on."""
        tick = meters.bar_tick(bar)
        if course.at_tick(tick) is None or not course.is_phrase_start(bar, meters):
            return None
        leader = self.leader(bar, roles, course, meters)
        if (leader == self._id) is not is_lead:
            return None
        has_solo = bool(self.soloist(bar, roles, course, meters))
        may = may_rest(bar, roles, course, meters, end_tick)
        if is_lead:
            mask = SOLO if has_solo else LEADS[self._chance(tick) % len(LEADS)]
            pause = self._pause(bar, tick, course, meters) if may else None
            return Intent(self._id, tick, pause or mask)
        behind = BEHIND_A_SOLO.get(roles.get(self._id, "")) if has_solo else None
        heard = self.intents.masks(tick).get(leader)
        if behind is None and heard is None:
            return None
        if behind or heard is None:
            return Intent(self._id, tick, behind or (USUAL,) * N_VALUES)
        mask = complement(heard)
        if may and all(heard):
            others = [bot_id for bot_id in roles if bot_id != leader]
            chance = _even(f"{self._seed} {tick} stop")
            mask = stopped(mask, self._id, others, roles.get(self._id, ""), chance, self._rests)
        return Intent(self._id, tick, mask)

    def _pause(self, bar: int, tick: int, course: Course, meters: MeterMap) -> Mask | None:
        """How this bot, as leader, pauses in the phrase from `bar` on, if it does."""
        before_tick = meters.bar_tick(max(0, phrase_start(bar - 1, course, meters)))
        before = self.intents.masks(before_tick).get(self._id, ())
        may_be_long = may_pause_long(bar, course, meters, before)
        chance = _even(f"{self._seed} {tick} pause")
        return pause_of(chance, self._rests, may_be_long=may_be_long)

    def _wish(
        self, bar: int, roles: Mapping[str, str], course: Course, meters: MeterMap
    ) -> Intent | None:
        """How much this bot wants the turn from `bar` on: one more for every one that it missed."""
        tick = meters.bar_tick(bar)
        section = course.at_tick(tick)
        is_asked = section is not None and section.solo == TURNS and not section.is_tacet(self._id)
        if not is_asked or _turn_start(bar, course, meters) != bar:
            return None
        waited = 0
        for before in _turns_before(bar, course, meters):
            if self.soloist(before, roles, course, meters) == self._id:
                break
            waited += 1
        return Intent(self._id, tick, wish=round(waited + self._chance(tick) / 2**32, 3))

    def _chance(self, tick: int) -> int:
        """A number below 2**32 that seed, bot and place decide; no generator is moved for it."""
        return _even(f"{self._seed} {self._id} {tick}")


def _even(text: str) -> int:
    """A number below 2**32 that a text decides.

    Of texts that differ in a digit, as those of neighbouring seeds do, it makes numbers that have
    nothing to do with each other; a checksum such as CRC-32 does not.
    """
    digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _rank(role: str) -> int:
    return ROLE_ORDER.index(role) if role in ROLE_ORDER else len(ROLE_ORDER)


def _turn_start(bar: int, course: Course, meters: MeterMap) -> int:
    return bar - course.bar_in_section(bar, meters) % TURN_BARS


def _turns_before(bar: int, course: Course, meters: MeterMap) -> Iterator[int]:
    """The first bars of the turns before `bar`, the latest first."""
    for section in reversed(course.sections):
        if section.solo == TURNS:
            yield from (first for first in _turns(section, meters) if first < bar)


def _turns(section: Section, meters: MeterMap) -> Iterator[int]:
    first, end = meters.bar_at(section.start_tick), meters.bar_at(section.end_tick)
    yield from reversed(range(first, end, TURN_BARS))
