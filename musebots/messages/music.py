"""Our dialect: what is being played: tempo, bars, harmony, form, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musebots.form import Section
from musebots.harmony import Chord, ChordSpan, Key
from musebots.messages.base import Message
from musebots.notes import Note
from musebots.timebase import MeterMap, TempoMap, TempoPoint, TimeSignature

__all__ = [
    "MAX_CHORDS_PER_MESSAGE",
    "MAX_NOTES_PER_MESSAGE",
    "NOT_STARTED",
    "Bars",
    "Cancel",
    "Ending",
    "Form",
    "HarmonyPlan",
    "Notes",
    "Tempo",
]

MAX_NOTES_PER_MESSAGE = 256
MAX_POINTS_PER_MESSAGE = 200
MAX_CHORDS_PER_MESSAGE = 128
NOT_STARTED = -1


@dataclass(frozen=True, slots=True)
class Tempo(Message):
    """`/musebots/tempo`: the tempo map, and when tick 0 falls on the Director's clock.

    Points from tick 0 on are a whole map; others replace what was known from the first of them on,
    so that a change is a short message however long the session has been. While the music is held
    (another program that leads has stopped) there is no such time, as before it starts.
    """

    address = "/musebots/tempo"
    tags = "h"
    group = "idi"
    sent = "Director to bots"
    sense = "time of tick 0 (Director's clock, ns; -1: not now), new points (tick, bpm, is ramp)"

    anchor_ns: int
    points: tuple[tuple[int, float, int], ...]

    @classmethod
    def parts(cls, points: Sequence[TempoPoint], anchor_ns: int = NOT_STARTED) -> tuple[Tempo, ...]:
        """The messages for the points of a tempo map, in order, each fit for a datagram."""
        rows = [(p.tick, p.bpm, int(p.is_ramp)) for p in points]
        parts, start = [], 0
        while start < len(rows):
            end = min(start + MAX_POINTS_PER_MESSAGE, len(rows))
            while rows[end - 1][2]:  # a ramp needs the point that it leads to
                end += 1
            parts.append(cls(anchor_ns, tuple(rows[start:end])))
            start = end
        return tuple(parts)

    def onto(self, before: TempoMap) -> TempoMap:
        """The tempo map after this message; `ValueError` when the points make none."""
        return before.joined([TempoPoint(t, bpm, bool(ramp)) for t, bpm, ramp in self.points])


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
    sent = "Director to bots; in a piece that follows, anyone to Director"
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
    tags = "siifffsss"
    sent = "Director to bots"
    sense = (
        "section, first tick, end tick, intensity, density, register (0..1), tacet ids, solo, "
        "faders (`0.2 bass=-0.5`: the band's, a bot's)"
    )

    name: str
    start_tick: int
    end_tick: int
    intensity: float
    density: float
    register: float
    tacet: str = ""
    solo: str = ""
    faders: str = ""

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
            section.solo,
            " ".join(f"{bot}={value:g}" if bot else f"{value:g}" for bot, value in section.faders),
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
            solo=self.solo,
            faders=tuple(_fader(word) for word in self.faders.split()),
        )


def _fader(word: str) -> tuple[str, float]:
    """Read ``bass=-0.5``, or ``0.2`` for the band."""
    bot_id, _, value = word.rpartition("=")
    return bot_id, float(value)


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


@dataclass(frozen=True, slots=True)
class Ending(Message):
    """`/musebots/ending`: the band has agreed to end, sooner than its score does."""

    address = "/musebots/ending"
    tags = "i"
    sent = "Director to bots"
    sense = "tick of the final bar line, from now on"

    tick: int
