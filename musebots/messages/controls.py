"""Our dialect: controls, which anybody may send."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["Control", "Mix", "SetTempo", "Stop"]


@dataclass(frozen=True, slots=True)
class Control(Message):
    """`/musebots/control`: turn a bot's knob; an empty id turns everybody's."""

    address = "/musebots/control"
    tags = "ssf"
    sent = "anyone to Director to the bot"
    sense = "bot id (empty: all), intensity | density | register | ..., value 0..1"

    bot_id: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Mix(Message):
    """`/musebots/mix`: move a fader; an empty id is the master."""

    address = "/musebots/mix"
    tags = "ssff"
    sent = "anyone to Director"
    sense = "bot id (empty: master), gain_db | pan | mute | solo, value, fade in seconds"

    bot_id: str
    name: str
    value: float
    fade_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SetTempo(Message):
    """`/musebots/settempo`: another tempo from the next beat on, at once or over some beats."""

    address = "/musebots/settempo"
    tags = "ff"
    sent = "anyone to Director"
    sense = "bpm, ramp in beats"

    bpm: float
    ramp_beats: float = 0.0


@dataclass(frozen=True, slots=True)
class Stop(Message):
    """`/musebots/stop`: end the session now."""

    address = "/musebots/stop"
    sent = "anyone to Director"
    sense = "end the session"
