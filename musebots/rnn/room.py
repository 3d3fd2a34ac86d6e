"""Leaving each other room: how much to play after what the others just played. Pure."""

from __future__ import annotations

from musebots.generators import StepContext
from musebots.rnn.vocabulary import Role

__all__ = ["room_factor"]

_USUAL_OTHERS: dict[Role, float] = {"melody": 0.7, "bass": 0.7, "drums": 0.4}
_ROOM = 0.8


def room_factor(role: Role, context: StepContext) -> float:
    """How many times as many notes suit what the others just played: more where they left room.

    Examples
    --------
    >>> round(room_factor("melody", StepContext(0, others_density=0.45)), 3)
    1.2
    """
    if context.others_density is None:
        return 1.0
    return 1 - _ROOM * (context.others_density - _USUAL_OTHERS[role])
