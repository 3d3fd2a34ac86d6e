"""What an output is: five verbs that a MIDI file, a port, a synthesiser and a test all share.

The Director releases events a little before they sound, each with its tick and its time. An output
that sounds now waits for that time itself; one that writes a file does not wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from director.score import Score, Strip
from musebots.timebase import TempoMap

__all__ = ["InstrumentChanged", "Level", "Marker", "NoteOff", "NoteOn", "Output", "OutputEvent",
           "StripAdded", "TempoChange"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A note starts on a bot's strip; `seconds` count from tick 0 (the first downbeat)."""

    tick: int
    seconds: float
    bot_id: str
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A note ends."""

    tick: int
    seconds: float
    bot_id: str
    channel: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Level:
    """A strip's level as heard (fader, mute, solo, fade and master taken together) and its pan.

    Parameters
    ----------
    gain : float
        Linear, 0 (silent) .. ; 1 is unchanged.
    pan : float
        -1 (left) .. 1 (right).
    reverb : float or None
        How much goes into the room, 0..1; None leaves it as it is.
    """

    tick: int
    seconds: float
    bot_id: str
    channel: int
    gain: float
    pan: float
    reverb: float | None = None


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From `tick` on another tempo map holds (its past is the same)."""

    tick: int
    seconds: float
    tempo_map: TempoMap


@dataclass(frozen=True, slots=True)
class StripAdded:
    """Another bot has joined the band; its notes may follow."""

    tick: int
    seconds: float
    strip: Strip


@dataclass(frozen=True, slots=True)
class InstrumentChanged:
    """From now on a strip sounds like another instrument (one of `director.sounds`).

    `program` is the General MIDI program that is nearest to it.
    """

    tick: int
    seconds: float
    bot_id: str
    channel: int
    instrument: str
    program: int


@dataclass(frozen=True, slots=True)
class Ending:
    """The band has agreed to end at `tick`, sooner than its score does."""

    tick: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Marker:
    """Something to be read at this place of a recording; it makes no sound."""

    tick: int
    seconds: float
    text: str


OutputEvent: TypeAlias = (
    NoteOn | NoteOff | Level | InstrumentChanged | TempoChange | StripAdded | Ending | Marker
)


class Output(Protocol):
    """Where the music goes. `open` and `close` are each called once, in this order."""

    @property
    def name(self) -> str:
        """For people: ``midifile trio.mid``, ``audio (portaudio, Built-in)``."""

    async def open(self, score: Score) -> None:
        """Get ready: strips, programs, tempo, meter, key are all in the score.

        Raises
        ------
        OutputUnavailable
            When a device or a library is missing.
        ConfigError
            When the target cannot be written.
        """

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at this time of `time.monotonic` (live) or of the event loop (offline).

        Again, with another time, when music that was held goes on; a `panic` came before.
        """

    def send(self, event: OutputEvent) -> None:
        """Take one event. Events come in one total order: tick, offs before ons, channel, pitch.

        An event may be due up to the commit horizon later, now, or already past (then at once).
        Never blocks, never raises for an event out of its range.
        """

    def panic(self) -> None:
        """Silence at once: forget what is still to come and end what sounds."""

    async def close(self) -> None:
        """Finish: write the file, free the device. Nothing sounds afterwards."""
