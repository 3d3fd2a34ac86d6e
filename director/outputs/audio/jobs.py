"""What the Director's process and the sound process say to each other: lines of JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from director.outputs.base import (
    InstrumentChanged,
    Level,
    NoteOff,
    NoteOn,
    OutputEvent,
    StripAdded,
)
from director.score import Strip

__all__ = ["OWN_WORDS", "Cue", "cue_from_event", "cues_from_lines", "decode_cue", "decode_strips",
           "encode_cue", "encode_strips", "is_slow"]  # fmt: skip

ON, OFF, LEVEL, PANIC, STRIP, SOUND = "on", "off", "level", "panic", "strip ", "sound "

OWN_WORDS = "musebots: "
"""What a worker's own last sentence begins with; the sound libraries talk as well."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing for the synthesiser to do.

    Parameters
    ----------
    seconds : float
        When: since tick 0 in a render, on the clock of `time.monotonic` live.
    kind : str
        ``"on"``, ``"off"``, ``"level"``, ``"panic"``, or ``"strip "`` and the role of a new one,
        or ``"sound "`` and the instrument that a strip sounds like from now on.
    bot_id : str
        On whose strip; empty for panic.
    a, b : float
        Pitch and velocity of an ``on``, pitch of an ``off``, gain (linear) and pan of a ``level``,
        channel and program of a ``strip``.
    c : float
        Share of a ``level`` that goes into the room; below 0: as it was.
    """

    seconds: float
    kind: str
    bot_id: str = ""
    a: float = 0.0
    b: float = 0.0
    c: float = -1.0


def cue_from_event(event: OutputEvent, *, offset_seconds: float = 0.0) -> Cue | None:
    """The cue of an event; None for what makes no sound."""
    seconds = event.seconds + offset_seconds
    if isinstance(event, NoteOn):
        return Cue(seconds, ON, event.bot_id, event.pitch, event.velocity)
    if isinstance(event, NoteOff):
        return Cue(seconds, OFF, event.bot_id, event.pitch)
    if isinstance(event, Level):
        reverb = -1.0 if event.reverb is None else event.reverb
        return Cue(seconds, LEVEL, event.bot_id, event.gain, event.pan, reverb)
    if isinstance(event, InstrumentChanged):
        return Cue(seconds, SOUND + event.instrument, event.bot_id)
    if isinstance(event, StripAdded):
        strip = event.strip
        return Cue(seconds, STRIP + strip.role, strip.bot_id, strip.channel, strip.program)
    return None


def is_slow(cue: Cue) -> bool:
    """Whether it takes longer than a block of samples: an instrument has to be built."""
    return cue.kind.startswith((STRIP, SOUND))


def encode_cue(cue: Cue) -> bytes:
    """One line."""
    line = json.dumps(
        [cue.seconds, cue.kind, cue.bot_id, cue.a, cue.b, cue.c], separators=(",", ":")
    )
    return line.encode() + b"\n"


def decode_cue(line: bytes | str) -> Cue:
    """The inverse of `encode_cue`."""
    seconds, kind, bot_id, a, b, c = json.loads(line)
    return Cue(float(seconds), str(kind), str(bot_id), float(a), float(b), float(c))


def cues_from_lines(lines: Iterable[bytes | str]) -> list[Cue]:
    """Decode many."""
    return [decode_cue(line) for line in lines]


def encode_strips(strips: Iterable[Strip]) -> bytes:
    """The band on one line; -inf dB survives, as Python's JSON writes it."""
    return json.dumps([asdict(strip) for strip in strips]).encode() + b"\n"


def decode_strips(line: bytes | str) -> tuple[Strip, ...]:
    """The inverse of `encode_strips`."""
    return tuple(Strip(**fields) for fields in json.loads(line))
