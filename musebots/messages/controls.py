"""Our dialect: controls, which anybody may send."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["Add", "Control", "Hold", "Instrument", "Mix", "Remove", "Replace", "SetTempo", "Stop"]


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
    sense = "bot id (empty: master), gain_db | pan | reverb | mute | solo, value, fade in seconds"

    bot_id: str
    name: str
    value: float
    fade_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Instrument(Message):
    """`/musebots/instrument`: a strip sounds like another instrument from now on."""

    address = "/musebots/instrument"
    tags = "ss"
    sent = "anyone to Director"
    sense = "bot id, instrument: vibraphone | upright | jazz | ..."

    bot_id: str
    instrument: str


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


@dataclass(frozen=True, slots=True)
class Hold(Message):
    """`/musebots/hold`: the music stands still, or goes on where it stood."""

    address = "/musebots/hold"
    tags = "i"
    sent = "anyone to Director"
    sense = "1 the music stands still, 0 it goes on where it stood"

    is_held: int


@dataclass(frozen=True, slots=True)
class Add(Message):
    """`/musebots/add`: start another bot on the Director's machine, while the others play."""

    address = "/musebots/add"
    tags = "sss"
    sent = "this machine to Director"
    sense = "bot id, class or file or folder, role (empty: the bot's own)"

    bot_id: str
    reference: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Remove(Message):
    """`/musebots/remove`: a bot falls silent and goes."""

    address = "/musebots/remove"
    tags = "s"
    sent = "this machine to Director"
    sense = "bot id"

    bot_id: str


@dataclass(frozen=True, slots=True)
class Replace(Message):
    """`/musebots/replace`: another bot takes a bot's place at a bar line; until then that plays."""

    address = "/musebots/replace"
    tags = "ss"
    sent = "this machine to Director"
    sense = "bot id, class or file or folder that takes its place (empty: its own, anew)"

    bot_id: str
    reference: str = ""
