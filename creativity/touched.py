"""Which steps steering has touched: where a bot was steered, and until that has worn off. Pure.

What is listened to are clean hidden states, yet what was chosen from a turned one goes back into
the network as its own past. A background of unsteered playing does not say what is normal there.
"""

from __future__ import annotations

from musebots.generators import STEP_TICKS
from musebots.messages import Steered

__all__ = ["STEERED", "WEARS_OFF_STEPS", "Touched"]

STEERED = "it is steered, or has been lately"
WEARS_OFF_STEPS = 64
"""Four bars of 4/4; the window that begins then holds two more before it is scanned.

Measured by ``musebots experiment loop``, which sets what comes after steering against nobody
steering.
"""
MAX_SPANS = 64


class Touched:
    """See the module's text."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def take(self, steered: Steered) -> None:
        """A bar has been planned; told anew, it counts if it was steered once."""
        if not steered.kl > 0:
            return
        start, end = steered.first_tick, steered.end_tick + WEARS_OFF_STEPS * STEP_TICKS
        spans = self._spans.setdefault(steered.bot_id, [])
        if spans and start <= spans[-1][1]:
            spans[-1] = (min(start, spans[-1][0]), max(end, spans[-1][1]))
        else:
            spans.append((start, end))
            del spans[:-MAX_SPANS]

    def at(self, bot_id: str, tick: int) -> bool:
        """Whether a bot's step has been touched."""
        return any(start <= tick < end for start, end in self._spans.get(bot_id, ()))
