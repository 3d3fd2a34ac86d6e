"""Our dialect: calmer or bolder: the faders, the policies, and what they come to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from musebots.messages.base import Message

__all__ = ["AT_ONCE", "MEANS", "MODES", "Action", "Assessed", "Fader", "Policy", "Steer", "Steered"]

AT_ONCE = -1
MODES = ("off", "fader", "nudge", "insist", "encourage", "damp")
MEANS = ("direction", "units")


@dataclass(frozen=True, slots=True)
class Fader(Message):
    """`/musebots/fader`: move a bot's fader, or the band's, between calmer and bolder."""

    address = "/musebots/fader"
    tags = "sfi"
    sent = "anyone to Director to the bots"
    sense = (
        "bot id (empty: the band's, on top of each bot's own), -1 (calmer) .. 1 (bolder), 0 as "
        "learned, tick from which it holds (-1: at once)"
    )

    bot_id: str
    value: float
    from_tick: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Policy(Message):
    """`/musebots/policy`: who moves the bots between calmer and bolder, and towards what.

    A flag's subset of units can be moved instead of the learned direction (`means`).
    """

    address = "/musebots/policy"
    tags = "sffs"
    sent = "anyone to Director to the bots"
    sense = (
        "off | fader | nudge | insist | encourage | damp, target 0..1 and how far from it is near "
        "enough (nudge, insist), what is moved: direction | units"
    )

    mode: str
    target: float = 0.5
    tolerance: float = 0.1
    means: str = "direction"

    def checked(self) -> Policy:
        """Itself; `ValueError` when it makes no sense."""
        if self.mode not in MODES:
            raise ValueError(f"a policy is one of {', '.join(MODES)}, got {self.mode!r}")
        if self.means not in MEANS:
            raise ValueError(f"a policy moves one of {', '.join(MEANS)}, got {self.means!r}")
        for name, value in (("target", self.target), ("tolerance", self.tolerance)):
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be in 0..1, got {value:g}")
        return self


@dataclass(frozen=True, slots=True)
class Steer(Message):
    """`/musebots/steer`: what a policy adds to a bot's faders, from a bar line on.

    The details may hold `units` (hidden units that are moved), `gain` (of their deviation from
    what is usual: 2 amplifies, 0 clamps) and `end_tick`; or `repeat`, the first and end tick of a
    passage that is to come back from `from_tick` on.
    """

    address = "/musebots/steer"
    tags = "sfis"
    sent = "steerer to Director to the bot"
    sense = (
        "bot id, what the policy adds to the faders (-1..1), tick from which it holds, details "
        "(JSON: units, gain, end_tick, repeat)"
    )

    bot_id: str
    value: float
    from_tick: int
    details: str = "{}"

    @property
    def found(self) -> dict[str, Any]:
        """The details; `ValueError` when they are no JSON object."""
        found = json.loads(self.details)
        if not isinstance(found, dict):
            raise ValueError("the details of a steer are a JSON object")
        return found


@dataclass(frozen=True, slots=True)
class Steered(Message):
    """`/musebots/steered`: what steering did to a bar of a bot, told when it was planned."""

    address = "/musebots/steered"
    tags = "siiffffff"
    sent = "bot to Director to those who hear steering"
    sense = (
        "bot id, first and end tick, fader in force (-1..1), alpha, KL to the unsteered choice "
        "(nats a step), surprise of the choice relative to the unsteered one, share of alpha that "
        "the gate leaves, what the score is expected to change by (0: not measured)"
    )

    bot_id: str
    first_tick: int
    end_tick: int
    value: float
    alpha: float
    kl: float
    cost: float
    share: float = 1.0
    change: float = 0.0


@dataclass(frozen=True, slots=True)
class Assessed(Message):
    """`/musebots/assessed`: how creative a passage is, by the assessor."""

    address = "/musebots/assessed"
    tags = "siifff"
    sent = "steerer to Director to those who hear steering"
    sense = (
        "bot id (empty: the band), first and end tick, score 0..1 of the last bar, smoothed score, "
        "weight of people's ratings in it (0: machine proxy)"
    )

    bot_id: str
    first_tick: int
    end_tick: int
    score: float
    level: float
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Action(Message):
    """`/musebots/action`: something was done about the music, and why."""

    address = "/musebots/action"
    tags = "siss"
    sent = "steerer or bot to Director to those who hear steering"
    sense = "bot id (empty: the band), tick from which it holds, what was done, why"

    bot_id: str
    tick: int
    what: str
    why: str

    @property
    def who(self) -> str:
        """Whose playing is meant, for people."""
        return self.bot_id or "the band"

    @property
    def headline(self) -> str:
        """One line for people and for the MIDI file."""
        return f"{self.who}: {self.what} ({self.why})"
