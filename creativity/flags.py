"""A flag, said: which bars, how rare, which units, and what it sounds like. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from creativity.ears import Sighting
from musebots.messages import Broadcast, Flag
from musebots.notes import Note
from musebots.timebase import MeterMap

__all__ = ["MAX_NOTES", "MAX_UNITS", "classic_flag", "flag_of", "units_of"]

MAX_NOTES = 120
MAX_UNITS = 800
"""So much fits a datagram."""

UNKNOWN = -1.0
CLASSIC_TOPIC = "creativity/flag"


def units_of(columns: Sequence[int], widths: Mapping[str, int]) -> dict[str, list[int]]:
    """Which units of which bot the columns of a window are.

    Parameters
    ----------
    columns : sequence of int
        Sorted.
    widths : mapping of str to int
        Units of each bot, in the order in which they stand side by side.

    Examples
    --------
    >>> units_of([1, 5], {"bass": 4, "drums": 4})
    {'bass': [1], 'drums': [1]}
    """
    found: dict[str, list[int]] = {}
    start = 0
    for bot_id, width in widths.items():
        own = [int(c) - start for c in columns if start <= c < start + width]
        if own:
            found[bot_id] = own
        start += width
    return found


def flag_of(
    sighting: Sighting,
    *,
    widths: Mapping[str, int],
    notes: Mapping[str, Sequence[Note]],
    meter_map: MeterMap,
    step_ticks: int,
    flags_per_hour: float,
    usual_surprise: float,
) -> Flag:
    """The message for a sighting.

    Parameters
    ----------
    sighting : Sighting
    widths : mapping of str to int
        See `units_of`.
    notes : mapping of str to sequence of Note
        What each of these bots plays in the passage.
    meter_map : MeterMap
    step_ticks : int
    flags_per_hour : float
        What is promised: at most so many false flags an hour, of all that is listened to.
    usual_surprise : float
        Nats a step in normal playing; NaN where unknown.
    """
    scanned, ticks = sighting.scanned, sighting.ticks
    columns = scanned.result.columns[:MAX_UNITS]
    share = max(1, MAX_NOTES // max(1, len(notes)))
    details = {
        "steps": list(ticks),
        "units": units_of(columns.tolist(), widths),
        "notes": {
            bot_id: [[n.onset_ticks, n.pitch, n.duration_ticks, n.velocity] for n in of[:share]]
            for bot_id, of in notes.items()
        },
    }
    return Flag(
        scanned.bot_id,
        meter_map.bar_at(ticks[0]),
        meter_map.bar_at(ticks[-1]),
        ticks[0],
        ticks[-1] + step_ticks,
        scanned.p_value,
        flags_per_hour,
        scanned.result.score,
        scanned.threshold,
        sighting.effect,
        _known(sighting.surprise),
        _known(usual_surprise),
        json.dumps(details, separators=(",", ":")),
    )


def classic_flag(monitor_id: str, flag: Flag) -> Broadcast:
    """The same for musebots of the classic dialect: bot, first and last bar (from 1), p, score."""
    return Broadcast(
        CLASSIC_TOPIC,
        monitor_id,
        (flag.bot_id, flag.first_bar + 1, flag.last_bar + 1, flag.p_value, flag.score),
    )


def _known(nats: float) -> float:
    return UNKNOWN if math.isnan(nats) else nats
