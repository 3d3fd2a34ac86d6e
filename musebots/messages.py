"""Every message on the wire, one frozen dataclass each; this module is the protocol document.

Two dialects travel over OSC 1.0 in UDP datagrams. The *classic* one is what musebots have spoken
since 2015 (`/agent/...`, `/mc/...`, `/broadcast/...`), type for type, because old bots die of a
wrong type. *Ours* lives under `/musebots/...` and goes only to bots that said hello in it.

Musical time is in int32 ticks (1/480 beat) from the first downbeat, clocks are in int64
nanoseconds. Reading is liberal (an int where a float belongs, a missing sender, trailing values),
writing is strict. `tags` are the OSC types of the fixed fields; a trailing ``*`` group repeats.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self, TypeAlias

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing import osc_types

from musebots.errors import ProtocolError
from musebots.form import Section
from musebots.harmony import Chord, ChordSpan, Key
from musebots.notes import Note
from musebots.timebase import MeterMap, TempoMap, TempoPoint, TimeSignature

__all__ = [
    "MAX_DATAGRAM_BYTES",
    "MESSAGES",
    "PROTOCOL_VERSION",
    "AgentList",
    "Alive",
    "Bars",
    "Broadcast",
    "Bye",
    "Cancel",
    "ClockPing",
    "ClockPong",
    "Control",
    "Form",
    "Gain",
    "HarmonyPlan",
    "Hello",
    "Message",
    "Meter",
    "Mix",
    "Notes",
    "Off",
    "Ready",
    "Roster",
    "SetTempo",
    "Stop",
    "Tempo",
    "Time",
    "Unknown",
    "Welcome",
    "decode",
    "encode",
]

PROTOCOL_VERSION = 1
MAX_DATAGRAM_BYTES = 8192
MAX_NOTES_PER_MESSAGE = 256
NOT_STARTED = -1
_KNOWN_TAGS = frozenset("ifshdbTFNtrm[]")
_MAX_BUNDLE_DEPTH = 4

OscValue: TypeAlias = int | float | str | bytes | bool | None


class Message:
    """The base of all messages: OSC address, types of the fields, and both directions between.

    A subclass is a frozen dataclass whose fields follow `tags` in order. With a `group`, the last
    field is a tuple of tuples of that many values each, flattened on the wire.
    """

    __slots__ = ()
    address: ClassVar[str]
    tags: ClassVar[str] = ""
    group: ClassVar[str] = ""
    sent: ClassVar[str] = ""  # who sends it to whom, for the protocol table
    sense: ClassVar[str] = ""  # what it says, for the protocol table

    @property
    def osc_address(self) -> str:
        """The OSC address that this message goes out under."""
        return self.address

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        """The OSC arguments as (type tag, value)."""
        values = [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
        if self.group:
            yield from zip(self.tags, values[:-1], strict=True)
            for row in values[-1]:
                yield from zip(self.group, row, strict=True)
        else:
            yield from zip(self.tags, values, strict=True)

    @classmethod
    def from_arguments(cls, values: Sequence[OscValue]) -> Self:
        """Build the message from decoded OSC values; `ValueError` where they do not fit."""
        names = fields(cls)  # type: ignore[arg-type]
        n_fixed = len(cls.tags)
        fixed = [_coerced(v, t, cls) for v, t in zip(values, cls.tags, strict=False)]
        n_needed = sum(f.default is MISSING for f in names[:n_fixed])
        if len(fixed) < n_needed:
            raise ValueError(f"{cls.address} needs {n_needed} values, got {len(fixed)}")
        return cls(*fixed, *([_rows(values[n_fixed:], cls)] if cls.group else []))


def _rows(values: Sequence[OscValue], cls: type[Message]) -> tuple[tuple[Any, ...], ...]:
    width = len(cls.group)
    if len(values) % width:
        raise ValueError(f"{cls.address} repeats groups of {width} values, got {len(values)}")
    return tuple(
        tuple(_coerced(v, t, cls) for v, t in zip(values[i : i + width], cls.group, strict=True))
        for i in range(0, len(values), width)
    )


def _coerced(value: OscValue, tag: str, cls: type[Message]) -> Any:
    """A value as the type that `tag` stands for: ints for floats and back are accepted."""
    if tag in "ih" and isinstance(value, (int, float)) and math.isfinite(value):
        number, bits = round(value), 32 if tag == "i" else 64
        if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            return number
    elif tag in "fd" and isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    elif tag == "s" and isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"{cls.address}: {value!r} is not of OSC type {tag!r}")


# --- the classic dialect ---------------------------------------------------------------------


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
            yield _tag_of(value), value

    @classmethod
    def from_osc(cls, address: str, values: Sequence[OscValue]) -> Self:
        """Read the topic from the address; a missing sender id becomes the empty string."""
        topic = address.removeprefix(cls.address)
        if values and isinstance(values[0], str):
            return cls(topic, values[0], tuple(values[1:]))
        return cls(topic, "", tuple(values))


def _tag_of(value: OscValue) -> str:
    """The type tag that old bots can read for a value; never T, F, N, h or d."""
    if isinstance(value, (bool, int)):
        return "i"
    if isinstance(value, float):
        return "f"
    if isinstance(value, str):
        return "s"
    if isinstance(value, bytes):
        return "b"
    raise ValueError(f"a broadcast carries int, float, str or bytes, got {value!r}")


# --- our dialect: joining ---------------------------------------------------------------------


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
    sense = "(id, role) of every bot"

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


# --- our dialect: what is being played ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tempo(Message):
    """`/musebots/tempo`: the tempo map, and when tick 0 falls on the Director's clock."""

    address = "/musebots/tempo"
    tags = "h"
    group = "idi"
    sent = "Director to bots"
    sense = "time of tick 0 (Director's clock, ns; -1: not yet), then (tick, bpm, is ramp)"

    anchor_ns: int
    points: tuple[tuple[int, float, int], ...]

    @classmethod
    def of(cls, tempo_map: TempoMap, anchor_ns: int = NOT_STARTED) -> Tempo:
        """The message for a tempo map."""
        return cls(anchor_ns, tuple((p.tick, p.bpm, int(p.is_ramp)) for p in tempo_map.points))

    @property
    def tempo_map(self) -> TempoMap:
        """The tempo map; `ValueError` when the points make none."""
        return TempoMap(tuple(TempoPoint(t, bpm, bool(ramp)) for t, bpm, ramp in self.points))


@dataclass(frozen=True, slots=True)
class Bars(Message):
    """`/musebots/bars`: the time signatures."""

    address = "/musebots/bars"
    group = "iii"
    sent = "Director to bots"
    sense = "(bar from 0, numerator, denominator)"

    changes: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, meter_map: MeterMap) -> Bars:
        """The message for a meter map."""
        return cls(tuple((bar, s.numerator, s.denominator) for bar, s in meter_map.changes))

    @property
    def meter_map(self) -> MeterMap:
        """The meter map; `ValueError` when the changes make none."""
        return MeterMap(tuple((bar, TimeSignature(n, d)) for bar, n, d in self.changes))


@dataclass(frozen=True, slots=True)
class HarmonyPlan(Message):
    """`/musebots/harmony`: key and chords of a passage to come, two bars ahead at the latest."""

    address = "/musebots/harmony"
    tags = "is"
    group = "iiisi"
    sent = "Director to bots"
    sense = "tonic, mode, then (tick, length in ticks, root, quality, bass); pitch classes, 0 = C"

    tonic_pc: int
    mode: str
    chords: tuple[tuple[int, int, int, str, int], ...]

    @classmethod
    def of(cls, key: Key, spans: Sequence[ChordSpan]) -> HarmonyPlan:
        """The message for a key and its chords."""
        rows = tuple(
            (s.tick, s.duration_ticks, s.chord.root_pc, s.chord.quality, s.chord.bass_pc)
            for s in spans
        )
        return cls(key.tonic_pc, key.mode, rows)

    @property
    def key(self) -> Key:
        """The key; `ValueError` when it is none."""
        return Key(self.tonic_pc, self.mode)

    @property
    def spans(self) -> tuple[ChordSpan, ...]:
        """The chords; `ValueError` when one is none."""
        return tuple(ChordSpan(t, n, Chord(root, q, bass)) for t, n, root, q, bass in self.chords)


@dataclass(frozen=True, slots=True)
class Form(Message):
    """`/musebots/form`: the section to come."""

    address = "/musebots/form"
    tags = "siifffs"
    sent = "Director to bots"
    sense = "section, first tick, end tick, intensity, density, register (0..1), tacet ids"

    name: str
    start_tick: int
    end_tick: int
    intensity: float
    density: float
    register: float
    tacet: str = ""

    @classmethod
    def of(cls, section: Section) -> Form:
        """The message for a section."""
        return cls(
            section.name,
            section.start_tick,
            section.end_tick,
            section.intensity,
            section.density,
            section.register,
            " ".join(section.tacet),
        )

    @property
    def section(self) -> Section:
        """The section; `ValueError` when a value is out of range."""
        return Section(
            self.name,
            self.start_tick,
            self.end_tick,
            intensity=self.intensity,
            density=self.density,
            register=self.register,
            tacet=tuple(self.tacet.split()),
        )


@dataclass(frozen=True, slots=True)
class Notes(Message):
    """`/musebots/notes`: notes sent ahead in one datagram, numbered per bot: a gap shows."""

    address = "/musebots/notes"
    tags = "si"
    group = "iiii"
    sent = "bot to Director to the bots that hear it"
    sense = "bot id, number of this message, then (onset tick, pitch, length in ticks, velocity)"

    bot_id: str
    number: int
    rows: tuple[tuple[int, int, int, int], ...]

    @classmethod
    def of(cls, bot_id: str, number: int, notes: Sequence[Note]) -> Notes:
        """The message for up to `MAX_NOTES_PER_MESSAGE` notes."""
        rows = tuple((n.onset_ticks, n.pitch, n.duration_ticks, n.velocity) for n in notes)
        return cls(bot_id, number, rows)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes; `ValueError` when one is out of range."""
        return tuple(Note.from_ticks(*row) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Cancel(Message):
    """`/musebots/cancel`: a bot takes back what it sent and what has not been committed yet."""

    address = "/musebots/cancel"
    tags = "si"
    sent = "bot to Director"
    sense = "bot id, tick: my notes from there on are void"

    bot_id: str
    from_tick: int


# --- our dialect: controls ----------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Unknown(Message):
    """A well-formed message that is not ours: other dialects' words, accepted and ignored."""

    address = ""

    osc_address_heard: str
    values: tuple[OscValue, ...] = ()

    @property
    def osc_address(self) -> str:
        """The address as it came."""
        return self.osc_address_heard

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        for value in self.values:
            yield _tag_of(value), value


MESSAGES: tuple[type[Message], ...] = (
    Alive, Time, Meter, AgentList, Gain, Off, Broadcast, Hello, Welcome, Ready, Bye, Roster,
    ClockPing, ClockPong, Tempo, Bars, HarmonyPlan, Form, Notes, Cancel, Control, Mix, SetTempo,
    Stop,
)  # fmt: skip
"""All messages, in the order of the protocol table."""

_BY_ADDRESS = {cls.address: cls for cls in MESSAGES}


# --- bytes --------------------------------------------------------------------------------------


def encode(message: Message) -> bytes:
    """A message as one OSC datagram.

    Raises
    ------
    ProtocolError
        When it would not fit a datagram of `MAX_DATAGRAM_BYTES`, or a value its OSC type.
    """
    builder = OscMessageBuilder(address=message.osc_address)
    try:
        for tag, value in message.arguments():
            builder.add_arg(value, tag)
        datagram = builder.build().dgram
    except (osc_types.BuildError, ValueError, struct.error, OverflowError) as error:
        raise ProtocolError(f"cannot send {message}: {error}", kind="unencodable") from error
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise ProtocolError(
            f"{message.osc_address} takes {len(datagram)} bytes; a datagram holds "
            f"{MAX_DATAGRAM_BYTES}: send it in parts",
            kind="too long",
        )
    return datagram


def decode(datagram: bytes) -> Message:
    """Read one OSC datagram; an unknown address gives `Unknown`.

    Raises
    ------
    ProtocolError
        When the bytes are no OSC message, or not the message its address stands for.
    """
    address, values = _parse(datagram)
    if address.startswith(Broadcast.address):
        return Broadcast.from_osc(address, values)
    cls = _BY_ADDRESS.get(address)
    if cls is None:
        return Unknown(address, tuple(values))
    try:
        return cls.from_arguments(values)
    except ValueError as error:
        raise ProtocolError(str(error), kind=f"bad {address}") from error


def decode_all(datagram: bytes, *, depth: int = 0) -> Iterator[bytes]:
    """The messages in a datagram, as datagrams: itself, or the parts of a bundle, in order.

    The time tag of a bundle is ignored: our messages carry musical time themselves.
    """
    if not datagram.startswith(b"#bundle\0"):
        yield datagram
        return
    if depth >= _MAX_BUNDLE_DEPTH:
        raise ProtocolError("bundles nested too deeply", kind="bundle")
    position = 16
    while position < len(datagram):
        if position + 4 > len(datagram):
            raise ProtocolError("a bundle ends within a length", kind="bundle")
        (size,) = struct.unpack_from(">i", datagram, position)
        position += 4
        if size <= 0 or position + size > len(datagram):
            raise ProtocolError("a bundle is shorter than its parts say", kind="bundle")
        yield from decode_all(datagram[position : position + size], depth=depth + 1)
        position += size


def _parse(datagram: bytes) -> tuple[str, list[Any]]:
    """OSC address and values; `ProtocolError` for anything else."""
    if not datagram.startswith(b"/"):
        raise ProtocolError("not an OSC message: it does not begin with /", kind="not OSC")
    tags_at = (datagram.find(b"\0") // 4 + 1) * 4
    tags = datagram[tags_at : datagram.find(b"\0", tags_at)]
    unknown = set(tags[1:].decode("latin-1")) - _KNOWN_TAGS
    if unknown:
        raise ProtocolError(f"unknown OSC type tag {sorted(unknown)[0]!r}", kind="unknown tag")
    try:
        message = OscMessage(datagram)
        return message.address, message.params
    except (ParseError, osc_types.ParseError, ValueError, IndexError, struct.error) as error:
        raise ProtocolError(f"not an OSC message: {error}", kind="not OSC") from error
