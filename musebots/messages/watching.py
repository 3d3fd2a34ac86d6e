"""Our dialect: what those who watch are told: the mixing desk, the members, and what is said."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["Horizon", "Levels", "Member", "Notice", "Panic", "Rating", "Score", "Strip"]


@dataclass(frozen=True, slots=True)
class Strip(Message):
    """`/musebots/strip`: where the controls of a mixer strip stand; an empty id is the master."""

    address = "/musebots/strip"
    tags = "ssiiffiifs"
    sent = "Director to those who hear desk"
    sense = (
        "bot id (empty: master), role, MIDI channel (1..16), program, gain_db, pan, "
        "whether it is muted, whether it is solo, how much goes into the room (0..1), instrument"
    )

    bot_id: str
    role: str
    channel: int
    program: int
    gain_db: float
    pan: float = 0.0
    is_muted: int = 0
    is_solo: int = 0
    reverb: float = 0.0
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Levels(Message):
    """`/musebots/levels`: how loud each strip has just been, as the sound engine measured it."""

    address = "/musebots/levels"
    group = "sf"
    sent = "Director to those who hear levels"
    sense = "(bot id (empty: master), highest peak of the last 50 ms, linear, 1 is full scale)"

    rows: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Member(Message):
    """`/musebots/member`: how a member of the band is, and how much of what it sent came late."""

    address = "/musebots/member"
    tags = "sssssii"
    sent = "Director to those who hear desk"
    sense = (
        "bot id, role, state (expected, joined, ready, silent, gone), topics sent, topics heard, "
        "notes, late notes"
    )

    bot_id: str
    role: str
    state: str
    sends: str
    hears: str
    n_notes: int
    n_late: int


@dataclass(frozen=True, slots=True)
class Notice(Message):
    """`/musebots/notice`: a sentence that a performer should know."""

    address = "/musebots/notice"
    tags = "iss"
    sent = "Director to those who hear desk"
    sense = "number of this notice, level (info, warning, error), sentence"

    number: int
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class Score(Message):
    """`/musebots/score`: what the latest window of a bot came to; sent only while it is wanted."""

    address = "/musebots/score"
    tags = "sifff"
    sent = "monitor to Director to those who hear scores"
    sense = "bot id (empty: the band), tick, score, its threshold (-1: none), p-value"

    bot_id: str
    tick: int
    score: float
    threshold: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Horizon(Message):
    """`/musebots/horizon`: how long before it sounds a note can no longer be taken back."""

    address = "/musebots/horizon"
    tags = "f"
    sent = "anyone to Director to bots and those who hear desk"
    sense = "the commit horizon in seconds, 0.02..2"

    seconds: float


@dataclass(frozen=True, slots=True)
class Panic(Message):
    """`/musebots/panic`: whatever sounds ends now; the music goes on with what is sent next."""

    address = "/musebots/panic"
    sent = "anyone to Director"
    sense = "silence now; the music goes on"


@dataclass(frozen=True, slots=True)
class Rating(Message):
    """`/musebots/rating`: how somebody likes a phrase.

    Without ticks the last phrase is meant. Whoever rates again takes the earlier word back; 9 takes
    it back and puts nothing in its place.
    """

    address = "/musebots/rating"
    tags = "siiis"
    sent = "anyone to Director to those who hear ratings"
    sense = (
        "bot id (empty: the band), -1 less | 0 fine | 1 more | 9 nothing, first and end tick "
        "(-1: the last phrase), who rates"
    )

    bot_id: str
    value: int
    first_tick: int = -1
    end_tick: int = -1
    rater: str = ""
