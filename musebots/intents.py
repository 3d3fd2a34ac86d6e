"""What a bot intends: how active it will be in a phrase, and whether it wants the solo. Pure.

Said in the classic way, `/broadcast/intent <id> "activityMask=5_5_4_..."`: 16 values, 0 (silent)
to 9, spread evenly over a phrase of four bars. Other musebots stop there; ours add `from`, the tick
of the phrase's first bar line, and sometimes `wish`, how much the bot wants the solo from there on,
or `ending`: that it can end there. What comes without `from` is about the next phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

from musebots.form import PHRASE_BARS, Course
from musebots.messages import OscValue
from musebots.timebase import MeterMap

__all__ = ["MOST_ACTIVE", "N_VALUES", "TOPIC", "USUAL", "Intent", "Intents"]

TOPIC = "intent"
N_VALUES = 16
USUAL = 5
MOST_ACTIVE = 9
MAX_KEPT = 64

Mask = tuple[int, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Intent:
    """What one bot said of one phrase.

    Parameters
    ----------
    bot_id : str
        Who intends it.
    from_tick : int
        The phrase's first bar line.
    mask : tuple of int
        `N_VALUES` values in 0..9, 5 being its usual; empty where it said nothing of that.
    wish : float or None
        How much it wants the solo; None where it does not ask.
    is_ending : bool
        Whether it agrees that the music ends where this phrase would begin.
    """

    bot_id: str
    from_tick: int
    mask: Mask = ()
    wish: float | None = None
    is_ending: bool = False

    def values(self) -> tuple[str, ...]:
        """What to broadcast.

        Examples
        --------
        >>> Intent("bass", 1920, wish=0.5).values()
        ('from=1920', 'wish=0.5')
        """
        said = [f"activityMask={'_'.join(map(str, self.mask))}"] if self.mask else []
        said.append(f"from={self.from_tick}")
        if self.wish is not None:
            said.append(f"wish={self.wish:g}")
        return (*said, "ending=1") if self.is_ending else tuple(said)

    @classmethod
    def read(cls, bot_id: str, values: Sequence[OscValue], next_phrase_tick: int) -> Intent | None:
        """What a broadcast says; None where it is nothing that we understand."""
        pairs = dict(str(value).split("=", 1) for value in values if "=" in str(value))
        try:
            mask = _mask(pairs["activityMask"]) if "activityMask" in pairs else ()
            from_tick = int(pairs.get("from", next_phrase_tick))
            wish = float(pairs["wish"]) if "wish" in pairs else None
        except ValueError:
            return None
        is_ending = pairs.get("ending") == "1"
        says_something = mask or wish is not None or is_ending
        if not bot_id or not says_something or (wish is not None and wish != wish):
            return None
        return cls(bot_id, from_tick, mask, wish, is_ending)


def _mask(text: str) -> Mask:
    """Read ``5_5_4``; fewer than 16 values are spread, more are cut."""
    values = [min(MOST_ACTIVE, max(0, int(value))) for value in text.split("_")][:N_VALUES]
    return tuple(values[index * len(values) // N_VALUES] for index in range(N_VALUES))


class Intents:
    """All that was said, by phrase and bot; the last word counts."""

    def __init__(self) -> None:
        self._masks: dict[int, dict[str, Mask]] = {}
        self._wishes: dict[int, dict[str, float]] = {}

    def add(self, intent: Intent) -> None:
        """Take in what a bot said."""
        if intent.mask:
            self._masks.setdefault(intent.from_tick, {})[intent.bot_id] = intent.mask
        if intent.wish is not None:
            self._wishes.setdefault(intent.from_tick, {})[intent.bot_id] = intent.wish
        for kept in (self._masks, self._wishes):
            for tick in sorted(kept)[:-MAX_KEPT]:
                del kept[tick]

    def snapshot(self) -> tuple[dict[int, dict[str, Mask]], dict[int, dict[str, float]]]:
        """A copy of all that is remembered."""
        return deepcopy((self._masks, self._wishes))

    def restore(
        self, snapshot: tuple[dict[int, dict[str, Mask]], dict[int, dict[str, float]]]
    ) -> None:
        """Go back to a copy that `snapshot` made; what was heard since is kept."""
        masks, wishes = deepcopy(snapshot)
        self._masks, self._wishes = _merged(masks, self._masks), _merged(wishes, self._wishes)

    def masks(self, from_tick: int) -> dict[str, Mask]:
        """What each bot intends for the phrase that begins there."""
        return self._masks.get(from_tick, {})

    def wishes(self, from_tick: int) -> dict[str, float]:
        """Who wants the solo from there on, and how much."""
        return self._wishes.get(from_tick, {})


def _merged(
    before: dict[int, dict[str, T]], since: dict[int, dict[str, T]]
) -> dict[int, dict[str, T]]:
    """What was said before and since, of each phrase by each bot."""
    ticks = [*before, *(tick for tick in since if tick not in before)]
    return {tick: before.get(tick, {}) | since.get(tick, {}) for tick in ticks}


def phrase_start(bar: int, course: Course, meters: MeterMap) -> int:
    """The bar that opens the phrase which `bar` lies in."""
    return bar - course.bar_in_section(bar, meters) % PHRASE_BARS


def value_at(mask: Mask, tick: int, first_bar: int, meters: MeterMap) -> int:
    """The value of a mask at a tick of the phrase that begins with `first_bar`."""
    start = meters.bar_tick(first_bar)
    length = meters.bar_tick(first_bar + PHRASE_BARS) - start
    return mask[min(N_VALUES - 1, max(0, (tick - start) * N_VALUES // length))]
