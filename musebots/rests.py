"""Who rests when: phrases in which the lead pauses, stops of the others. Pure.

In the multitrack pieces that have melody, bass and drums, all three play in 69 % of the bars from
where all have begun; in 25 % the melody is silent (a bar or two at a time, or a whole interlude),
in 2 % each the bass and the drums (nearly always a bar), and two always go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from musebots.form import PHRASE_BARS, Course
from musebots.timebase import MeterMap

__all__ = ["PAUSES", "STOPS", "may_pause_long", "may_rest", "pause_of", "stopped"]

Mask = tuple[int, ...]

_LAST_BAR = (
    (6, 6, 6, 5, 5, 6, 6, 5, 6, 5, 4, 3, 0, 0, 0, 0),
    (5, 6, 6, 4, 6, 6, 5, 4, 5, 5, 6, 3, 0, 0, 0, 0),
)
_ANSWERED = (6, 7, 6, 5, 6, 5, 5, 3) + (0,) * 8
_INTERLUDE = (0,) * 15 + (3,)

PAUSES: tuple[tuple[float, Mask], ...] = (
    (0.17, _LAST_BAR[0]),
    (0.17, _LAST_BAR[1]),
    (0.18, _ANSWERED),
    (0.2, _INTERLUDE),
)
"""What a lead may do instead of playing through, and in what share of its phrases."""
_SHORTEST_LONG = 8  # silent sixteenths of a phrase

STOPS: dict[str, tuple[Mask, ...]] = {
    "bass": ((1,) * 12 + (0,) * 4, (1,) * 12 + (0,) * 4, (0,) * 8 + (1,) * 8),
    "drums": ((1,) * 12 + (0, 0, 1, 1), (1,) * 12 + (0, 0, 1, 1), (0,) * 8 + (1,) * 8),
}
"""Where another stops, by role; the drums come back with a fill."""
_STOP_SHARE = 0.2
_FEWEST = 3
_TUTTI_INTENSITY = 0.75
_UNIT = 2**32


def may_rest(
    bar: int,
    roles: Mapping[str, str],
    course: Course,
    meters: MeterMap,
    end_tick: int | None,
) -> bool:
    """Whether somebody may rest in the phrase that begins with `bar`.

    Not where the piece says itself who is silent or has the solo, not where it is at its most
    intense, not in its last phrase, and not in a duo.
    """
    section = course.at_tick(meters.bar_tick(bar))
    if section is None or section.tacet or section.solo or len(roles) < _FEWEST:
        return False
    is_last = end_tick is not None and meters.bar_tick(bar + PHRASE_BARS) >= end_tick
    return not is_last and section.intensity < _TUTTI_INTENSITY


def may_pause_long(bar: int, course: Course, meters: MeterMap, before: Mask) -> bool:
    """Whether a lead may pause for longer than a bar in the phrase that begins with `bar`.

    Not right after a pause (`before` is what it did in the phrase before), not where a section of
    this name begins for the first time, and not in the first section that is for all: that is
    where the theme is said.
    """
    whole = (s for s in course.sections if not (s.tacet or s.solo))
    is_theme = course.at_tick(meters.bar_tick(bar)) == next(whole, None)
    is_new = not course.recall_bars(bar, meters) and course.bar_in_section(bar, meters) == 0
    return not (0 in before or is_theme or is_new)


def pause_of(chance: int, readiness: float, *, may_be_long: bool) -> Mask | None:
    """How a lead pauses in a phrase; None where it plays through.

    Parameters
    ----------
    chance : int
        In 0..2**32 - 1, even.
    readiness : float
        0..1, how many of the pauses it makes.
    may_be_long : bool
        Whether it may pause for half of the phrase or for the whole of it. After a pause it
        should not, and what is new deserves to be said.
    """
    place = chance / _UNIT
    for share, mask in PAUSES:
        if place < share * readiness:
            return mask if may_be_long or mask.count(0) < _SHORTEST_LONG else None
        place -= share * readiness
    return None


def stopped(
    mask: Mask, bot_id: str, others: Sequence[str], role: str, chance: int, readiness: float
) -> Mask:
    """What a bot that does not lead intends, with a stop where it is its turn to make one.

    Parameters
    ----------
    mask : tuple of int
        What it intended.
    bot_id : str
    others : sequence of str
        Ids of all who do not lead, this bot's among them.
    role : str
    chance : int
        In 0..2**32 - 1, even, and the same for all: no two stop at once.
    readiness : float
        0..1, how many of the stops it makes.
    """
    turn, left = divmod(chance, 1 << 24)
    patterns = STOPS.get(role, ())
    is_time = left / (1 << 24) < _STOP_SHARE * readiness
    is_own_turn = bool(others) and sorted(others)[turn % len(others)] == bot_id
    if not (is_time and is_own_turn and patterns):
        return mask
    pattern = patterns[turn // len(others) % len(patterns)]
    return tuple(value * plays for value, plays in zip(mask, pattern, strict=True))
