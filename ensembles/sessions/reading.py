"""A session as its journal tells it: read again, in stretches from one beginning to the next."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from director.director import Casting
from director.outputs import base
from director.outputs.base import (
    Ending,
    Level,
    Marker,
    NoteOff,
    NoteOn,
    OutputEvent,
    StripAdded,
    TempoChange,
)
from director.outputs.recording import missing_ends
from director.score import Score
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.lines import Row, read_lines
from ensembles.sessions.recorder import FORMAT
from musebots import messages as m
from musebots.errors import ConfigError, ProtocolError
from musebots.generators import STEP_TICKS

__all__ = [
    "Heard", "Session", "Stretch", "Take", "heard_activations", "joined", "read_session",
    "tempo_from",
]  # fmt: skip

LASTING = tuple(kind.address for kind in (m.Control, m.Fader, m.Horizon, m.Mix, m.Policy))
_SCORE = TypeAdapter(Score)
_EVENTS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(getattr(base, name)) for name in ("TempoChange", "StripAdded")
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it came to the Director; `at` in seconds from the first downbeat, or None."""

    at: float | None
    source: str
    message: m.Message
    datagram: bytes


@dataclass(frozen=True)
class Take:
    """What was played, as a recording has it.

    `stop_tick` is where it ended, if not at the end of the score.
    """

    score: Score
    events: tuple[OutputEvent, ...]
    stop_tick: int | None


@dataclass(frozen=True)
class Stretch:
    """From a beginning, or from where a session was taken up, to where it ended or broke off."""

    head: Row
    rows: tuple[Row, ...]

    @cached_property
    def score(self) -> Score:
        """The score, as it was when the stretch began."""
        return _SCORE.validate_python(self.head["score"])

    @cached_property
    def cast(self) -> dict[str, Casting]:
        """Who was waited for, and what each was told."""
        return {
            bot_id: Casting(row["role"], row["seed"], row["settings_json"])
            for bot_id, row in self.head["cast"].items()
        }

    @property
    def end(self) -> Row | None:
        """What it came to; None where it was cut off."""
        return next((row for row in reversed(self.rows) if row["event"] == "end"), None)

    def of(self, *events: str) -> Iterator[Row]:
        """The rows of these kinds."""
        return (row for row in self.rows if row["event"] in events)

    def messages(self) -> Iterator[Heard]:
        """What came to the Director, in order; without notes, see `ensembles.sessions.recorder`."""
        return _messages(self.of("message"))

    def take(self) -> Take:
        """What was played in this stretch alone."""
        events: list[OutputEvent] = []
        stop_tick: int | None = None
        score = self.score
        for row in self.of("played", "panic"):
            if row["event"] == "played":
                event = _event(row)
                stop_tick = None
                if isinstance(event, Ending):
                    score = score.ending_at(event.tick)
                else:
                    events.append(event)
                continue
            stop_tick = int(row["tick"])
            events = [event for event in events if event.tick <= stop_tick]
            events.extend(missing_ends(events, stop_tick))
        if self.end is None:  # it was cut off: what sounded then has not ended
            stop_tick = max((event.tick for event in events), default=0)
        return Take(score, tuple(events), stop_tick)


@dataclass(frozen=True)
class Session:
    """A whole session."""

    folder: SessionFolder
    stretches: tuple[Stretch, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.name

    @property
    def is_whole(self) -> bool:
        """Whether it ended in order."""
        return self.stretches[-1].end is not None

    def rows(self, *events: str) -> Iterator[Row]:
        """The rows of these kinds, of all stretches."""
        return (row for stretch in self.stretches for row in stretch.of(*events))

    def take(self, *, before_tick: int | None = None) -> Take:
        """What was played, all stretches in one; where one was taken up, the later one counts.

        Parameters
        ----------
        before_tick : int, optional
            Only what was played before a bar line at which it is to be taken up again.
        """
        takes = [stretch.take() for stretch in self.stretches]
        ends = [stretch.score.first_tick for stretch in self.stretches[1:]]
        tempo_map = takes[0].score.tempo_map
        events: list[OutputEvent] = []
        for take, end_tick in zip(takes, [*ends, before_tick], strict=True):
            if take.score.tempo_map != tempo_map:
                events.append(tempo_from(take.score))
            events.extend(take.events)
            if end_tick is not None:
                events = list(_before(events, end_tick))
                events.extend(missing_ends(events, end_tick))
        score = replace(takes[-1].score, tempo_map=tempo_map)
        return Take(score, tuple(events), takes[-1].stop_tick)


def tempo_from(score: Score) -> TempoChange:
    """How fast a score goes from where it is taken up on: what it says of before is a mean."""
    tick = score.first_tick
    return TempoChange(tick, score.tempo_map.seconds_at(tick), score.tempo_map)


def joined(session: Session) -> Stretch:
    """All stretches as one: what came of a stretch after the next one took it up is left out.

    Knobs and faders that were moved then are kept: the next stretch began with them where they were
    left.
    """
    first, *later = session.stretches
    rows: list[Row] = []
    for stretch, following in zip(session.stretches, [*later, None], strict=True):
        kept: Iterable[Row] = stretch.rows
        if stretch is not first:
            kept = (row for row in kept if row["at"] is not None)  # they are here already
        if following is not None:
            kept = _rows_before(kept, following.score)
        rows.extend(kept)
    rows.sort(key=lambda row: float("-inf") if row["at"] is None else row["at"])
    return Stretch(first.head, tuple(rows))


def _rows_before(rows: Iterable[Row], score: Score) -> Iterator[Row]:
    """The rows before a score goes on; the notes before it, whenever they were sent."""
    end_seconds = score.tempo_map.seconds_at(score.first_tick)
    end_tick = score.first_tick - STEP_TICKS // 2
    for row in rows:
        if row["event"] == "notes":
            notes = [note for note in row["notes"] if note[0] < end_tick]
            if notes:
                yield {**row, "notes": notes}
        elif row["at"] is None or row["at"] < end_seconds or row.get("address") in LASTING:
            yield row


def read_session(folder: SessionFolder) -> Session:
    """Read a session's journal.

    Raises
    ------
    ConfigError
        When it is none, or not one that this version understands.
    """
    try:
        rows = read_lines(folder.journal)
    except OSError as error:
        raise ConfigError(f"{folder.journal} cannot be read: {error.strerror}") from error
    stretches: list[tuple[Row, list[Row]]] = []
    for row in rows:
        if row.get("event") == "session":
            stretches.append((row, []))
        elif stretches and "event" in row:
            stretches[-1][1].append(row)
    if not stretches:
        raise ConfigError(f"{folder.journal} is no journal of a session")
    made = tuple(Stretch(head, tuple(of)) for head, of in stretches)
    for stretch in made:
        if stretch.head.get("format") != FORMAT:
            raise ConfigError(
                f"{folder.journal} has format {stretch.head.get('format')}, we read {FORMAT}"
            )
        try:
            _ = stretch.score, stretch.cast
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{folder.journal} cannot be read: {error}") from error
    return Session(folder, made)


def _before(events: Iterable[OutputEvent], bar_tick: int) -> Iterator[OutputEvent]:
    """What comes before a bar line at which a session is taken up.

    A note that is played a little early belongs to the bar all the same: it will be played again.
    """
    begun: set[tuple[int, int]] = set()
    for event in events:
        match event:
            case NoteOn() if event.tick < bar_tick - STEP_TICKS // 2:
                begun.add((event.channel, event.pitch))
                yield event
            case NoteOff() if event.tick < bar_tick and (event.channel, event.pitch) in begun:
                begun.discard((event.channel, event.pitch))
                yield event
            case TempoChange() | Level() | Marker() | StripAdded() if event.tick < bar_tick:
                yield event


def heard_activations(folder: SessionFolder) -> list[Heard]:
    """The activations that were told in a session, in order; empty where nobody heard them."""
    try:
        return list(_messages(iter(read_lines(folder.activations))))
    except FileNotFoundError:
        return []


def _messages(rows: Iterator[Row]) -> Iterator[Heard]:
    for row in rows:
        datagram = base64.b64decode(row["datagram"])
        try:
            yield Heard(row["at"], row["source"], m.decode(datagram), datagram)
        except ProtocolError:
            continue


def _event(row: Row) -> OutputEvent:
    kind, what = row["kind"], row["what"]
    if kind in _EVENTS:
        event: OutputEvent = _EVENTS[kind].validate_python(what)
        return event
    made: OutputEvent = getattr(base, kind)(**what)
    return made
