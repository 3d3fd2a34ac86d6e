"""What can be touched on the page: each control is an OSC message, which anybody may send. Pure.

The same table is served as ``/controls.json``, for touch surfaces and other controllers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from pydantic import JsonValue

from director.sounds import SOUNDS
from musebots import messages as m

__all__ = ["CONTROLS", "Control", "controls_json", "message_of"]

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Control:
    """One control.

    Parameters
    ----------
    name : str
        As the page calls it.
    message : type of Message
        What it sends.
    says : str
        For people.
    fixed : tuple of (str, value)
        Fields that this control sets by itself.
    ranges : tuple of (str, float, float)
        Fields that must lie between two values.
    """

    name: str
    message: type[m.Message]
    says: str
    fixed: tuple[tuple[str, str | float], ...] = ()
    ranges: tuple[tuple[str, float, float], ...] = ()

    @property
    def free(self) -> tuple[str, ...]:
        """The fields that whoever touches it gives, in order."""
        names = (field.name for field in fields(self.message))  # type: ignore[arg-type]
        return tuple(name for name in names if name not in dict(self.fixed))


def _mix(name: str, says: str, low: float, high: float) -> Control:
    return Control(name, m.Mix, says, (("name", name),), (("value", low, high),))


CONTROLS: tuple[Control, ...] = (
    Control("tempo", m.SetTempo, "tempo in quarter notes a minute", (),
            (("bpm", 10, 480), ("ramp_beats", 0, 4096))),
    _mix("gain_db", "how loud a bot is, in dB; an empty id is the master", -60, 12),
    _mix("pan", "where a bot sits, from left to right", -1, 1),
    _mix("reverb", "how much of a bot goes into the room", 0, 1),
    _mix("mute", "whether a bot is silent", 0, 1),
    _mix("solo", "whether only this bot, and others that are solo, are heard", 0, 1),
    Control("instrument", m.Instrument, "what a bot sounds like: " + ", ".join(
            sound.name for sound in SOUNDS)),
    Control("knob", m.Control, "intensity, density or register of a bot; an empty id is everybody",
            (), (("value", 0, 1),)),
    Control("fader", m.Fader, "calmer (-1) to bolder (1); an empty id is the whole band", (),
            (("value", -1, 1),)),
    Control("policy", m.Policy, "who steers: off, fader, nudge, insist, encourage or damp", (),
            (("target", 0, 1), ("tolerance", 0, 1))),
    Control("horizon", m.Horizon, "how long before it sounds a note is settled, in seconds", (),
            (("seconds", 0.02, 2),)),
    Control("rate", m.Rating, "how a phrase was: 1 more like this, 0 fine, -1 less, 9 no word", (),
            (("value", -1, 9),)),
    Control("add", m.Add, "another bot joins"),
    Control("remove", m.Remove, "a bot leaves"),
    Control("replace", m.Replace, "a bot starts anew at a bar line, or another takes its place"),
    Control("hold", m.Hold, "the music stands still (1), or goes on where it stood (0)", (),
            (("is_held", 0, 1),)),
    Control("panic", m.Panic, "end whatever sounds; the music goes on"),
    Control("stop", m.Stop, "end the session"),
)  # fmt: skip
_BY_NAME = {control.name: control for control in CONTROLS}


def message_of(name: str, values: Sequence[Any]) -> m.Message:
    """The message for a control that was touched.

    Raises
    ------
    ValueError
        In one sentence, when there is no such control or a value does not fit it.
    """
    control = _BY_NAME.get(name)
    if control is None:
        raise ValueError(f"there is no control {name[:40]!r}")
    if len(values) > len(control.free):
        raise ValueError(f"{name} takes {', '.join(control.free)}; got {len(values)} values")
    given = dict(control.fixed) | dict(zip(control.free, values, strict=False))
    for value in given.values():
        if not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT:
            raise ValueError(f"{name} takes numbers and short texts")
    for field, low, high in control.ranges:
        value = given.get(field, low)
        if isinstance(value, str) or not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{field} must be in {low:g}..{high:g}, got {value}")
    ordered = [
        given[field.name]
        for field in fields(control.message)  # type: ignore[arg-type]
        if field.name in given
    ]
    return control.message.from_arguments(ordered)


def controls_json() -> list[JsonValue]:
    """The table for other controllers: name, address, types, arguments, ranges."""
    return [
        {
            "name": control.name,
            "address": control.message.address,
            "types": control.message.tags,
            "says": control.says,
            "arguments": [field.name for field in fields(control.message)],  # type: ignore[arg-type]
            "fixed": dict(control.fixed),
            "ranges": {field: [low, high] for field, low, high in control.ranges},
        }
        for control in CONTROLS
    ]
