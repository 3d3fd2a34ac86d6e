"""The classic dialect, as musebots have spoken it since 2015, type for type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from musebots.messages.base import Message, OscValue, tag_of

__all__ = ["AgentList", "Alive", "Broadcast", "Gain", "Meter", "Off", "Time"]


@dataclass(frozen=True, slots=True)
class Alive(Message):
    """`/agent/alive`: heartbeat, once a second; 5 s of silence and more mean trouble."""

    address = "/agent/alive"
    tags = "s"
    sent = "bot to Director"
    sense = "I am here; every second"

    bot_id: str = ""


@dataclass(frozen=True, slots=True)
class Time(Message):
    """`/mc/time`: tempo in bpm, and the pulse counter: 16 a beat, from 0 (the count-in) on."""

    address = "/mc/time"
    tags = "fi"
    sent = "Director to bots"
    sense = "tempo (bpm) and pulse counter, 16 a beat, from 0 at the count-in, never reset"

    bpm: float
    pulse: int


@dataclass(frozen=True, slots=True)
class Meter(Message):
    """`/mc/meter`: the time signature in force."""

    address = "/mc/meter"
    tags = "ii"
    sent = "Director to bots"
    sense = "time signature: numerator, denominator; every beat"

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class AgentList(Message):
    """`/mc/agentList`: who plays; also the conductor's own heartbeat."""

    address = "/mc/agentList"
    group = "s"
    sent = "Director to bots"
    sense = "ids of the bots that are alive; every second"

    bot_ids: tuple[str, ...] = ()

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        for bot_id in self.bot_ids:
            yield "s", bot_id

    @classmethod
    def from_arguments(cls, values: Sequence[OscValue]) -> Self:
        """Also reads the one blank-separated string that Max conductors send."""
        return cls(tuple(name for value in values for name in str(value).split()))


@dataclass(frozen=True, slots=True)
class Gain(Message):
    """`/agent/gain`: linear gain 0..1, with an optional ramp; for bots that sound by themselves."""

    address = "/agent/gain"
    tags = "ff"
    sent = "Director to one bot"
    sense = "linear gain 0..1, ramp in milliseconds"

    gain: float
    ramp_milliseconds: float = 0.0

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        yield "f", self.gain
        if self.ramp_milliseconds:
            yield "f", self.ramp_milliseconds


@dataclass(frozen=True, slots=True)
class Off(Message):
    """`/agent/off`: fade out and quit."""

    address = "/agent/off"
    sent = "Director to bots"
    sense = "stop playing and quit"

    @classmethod
    def from_arguments(cls, values: Sequence[OscValue]) -> Self:
        """Whatever comes with it is ignored."""
        return cls()


@dataclass(frozen=True, slots=True)
class Broadcast(Message):
    """`/broadcast/<topic>`: bots talk to all bots; the Director relays it byte for byte."""

    address = "/broadcast/"
    tags = "s"
    group = "*"
    sent = "bot to Director to all bots"
    sense = "sender id, then any values; relayed byte for byte"

    topic: str
    sender: str = ""
    values: tuple[OscValue, ...] = ()

    @property
    def osc_address(self) -> str:
        """The address ends with the topic."""
        return self.address + self.topic

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        yield "s", self.sender
        for value in self.values:
            yield tag_of(value), value

    @classmethod
    def from_osc(cls, address: str, values: Sequence[OscValue]) -> Self:
        """Read the topic from the address; a missing sender id becomes the empty string."""
        topic = address.removeprefix(cls.address)
        if values and isinstance(values[0], str):
            return cls(topic, values[0], tuple(values[1:]))
        return cls(topic, "", tuple(values))
