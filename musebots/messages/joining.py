"""Our dialect: how a bot joins, leaves, and gets to know the Director's clock."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["Bye", "ClockPing", "ClockPong", "Hello", "Ready", "Roster", "Welcome"]


@dataclass(frozen=True, slots=True)
class Hello(Message):
    """`/musebots/hello`: a bot asks to play and speaks our dialect."""

    address = "/musebots/hello"
    tags = "issss"
    sent = "bot to Director"
    sense = "protocol version, bot id, role, topics sent, topics heard (blank-separated)"

    version: int
    bot_id: str
    role: str
    sends: str = ""
    hears: str = ""


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """`/musebots/welcome`: the answer: who you are here, and what does not change."""

    address = "/musebots/welcome"
    tags = "ishiis"
    sent = "Director to one bot"
    sense = "protocol version, bot id, seed, first tick (count-in), last tick, settings (JSON)"

    version: int
    bot_id: str
    seed: int
    start_tick: int
    end_tick: int
    settings_json: str = "{}"


@dataclass(frozen=True, slots=True)
class Ready(Message):
    """`/musebots/ready`: prepared (networks loaded); the music may start."""

    address = "/musebots/ready"
    tags = "s"
    sent = "bot to Director"
    sense = "prepared; the music may start"

    bot_id: str


@dataclass(frozen=True, slots=True)
class Bye(Message):
    """`/musebots/bye`: a bot leaves on purpose."""

    address = "/musebots/bye"
    tags = "s"
    sent = "bot to Director"
    sense = "I leave"

    bot_id: str


@dataclass(frozen=True, slots=True)
class Roster(Message):
    """`/musebots/roster`: who plays which role."""

    address = "/musebots/roster"
    group = "ss"
    sent = "Director to bots"
    sense = "(id, role) of every bot that plays"

    bots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClockPing(Message):
    """`/musebots/clock/ping`: the first of the four time stamps of a clock exchange (as in NTP)."""

    address = "/musebots/clock/ping"
    tags = "sh"
    sent = "bot to Director"
    sense = "bot id, sent at (bot's clock, ns)"

    bot_id: str
    sent_ns: int


@dataclass(frozen=True, slots=True)
class ClockPong(Message):
    """`/musebots/clock/pong`: the ping's stamp, and when it came and went on the Director."""

    address = "/musebots/clock/pong"
    tags = "hhh"
    sent = "Director to one bot"
    sense = "the ping's stamp, received at, answered at (Director's clock, ns)"

    sent_ns: int
    received_ns: int
    answered_ns: int
