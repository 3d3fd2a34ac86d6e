"""Writes a session down as it happens: the journal.

One JSON object a line. `event` says what it is and `at` when: in seconds from the first downbeat,
none before the music was started.

session   what was asked for, the score, the cast, versions and networks; again when it is taken up
bot       a bot's process is started, once more or with other code: what it is made of
start     the clock runs
message   what came to the Director, in order, as the datagram it came in (base64); without
          heartbeats, clock exchanges and bots' memories, and without activations, which have a file
          of their own
notes     what a bot is to play: (onset tick, pitch, length in ticks, velocity), as it sent it
silenced  what a bot had pending is void
played    what went to the outputs
panic     everything that sounded ended at this tick
flag, monitoring, steering   what monitor and steerer had to say
end       the session ended in order, and what it came to
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from director.director import Casting, Director, SessionReport
from director.findings import Finding
from director.outputs.base import OutputEvent
from director.outputs.midifile import MidiFileOutput
from director.outputs.recording import short
from director.score import Score
from director.steering import SteeringNews
from ensembles.config import BotSpec
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.lines import LineWriter, Row
from ensembles.sessions.makings import makings_of
from musebots import __version__
from musebots import messages as m
from musebots.clock import Clock
from musebots.network import Address
from musebots.notes import Note

__all__ = ["FORMAT", "JournalledMidiFile", "Recorder"]

FORMAT = 1
UNHEARD = (m.Alive, m.ClockPing, m.Notes, m.Progress, m.State)
READABLE = (m.Control, m.Fader, m.Horizon, m.Instrument, m.Mix, m.Policy, m.Rating, m.SetTempo)


class Band(Protocol):
    """Who is in the band now, of those that are started here, and who was taken out of it."""

    @property
    def bots(self) -> tuple[BotSpec, ...]: ...

    @property
    def gone(self) -> tuple[str, ...]: ...


class Recorder:
    """The witness of a session.

    Parameters
    ----------
    folder : SessionFolder
        Of the session; one that is taken up again goes on in the folder that it had.
    request : mapping, optional
        What the performer asked for, as plain values: what it takes to go on after a crash.
    """

    def __init__(self, folder: SessionFolder, request: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self._request = None if request is None else dict(request)
        self._journal = LineWriter(folder.journal, latest=folder.unfinished)
        self._activations = LineWriter(folder.activations)
        self._clock: Clock | None = None
        self._bar = -1
        self.has_started = False
        self._loop = asyncio.get_running_loop()

    def begin(
        self, score: Score, cast: Mapping[str, Casting], bots: Mapping[str, Any], *, piece: str
    ) -> None:
        """A session begins, or goes on at the score's first bar.

        Parameters
        ----------
        score : Score
        cast : mapping of str to Casting
        bots : mapping of str to plain values
            What each bot is made of; see `ensembles.sessions.makings`.
        piece : str
            The name of the piece.
        """
        self._write(
            "session",
            format=FORMAT,
            version=__version__,
            began=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            piece=piece,
            request=self._request,
            seed=score.seed,
            score=TypeAdapter(Score).dump_python(score, mode="json"),
            cast={bot_id: asdict(casting) for bot_id, casting in cast.items()},
            bots=dict(bots),
        )

    def follow(self, clock: Clock) -> None:
        """The Director's clock."""
        self._clock = clock

    def started(self, anchor_seconds: float) -> None:
        """The music begins."""
        self.has_started = True
        self._write("start", anchor_seconds=anchor_seconds, began=time.time())

    def bot_started(self, bot: BotSpec, version: Path | None) -> None:
        """A bot's process is started: the first time, again, or with other code."""
        self._write("bot", bot=bot.id, **makings_of(bot, version))

    # --- the Director's witness -----------------------------------------------------------------

    def heard(self, message: m.Message, datagram: bytes, source: Address) -> None:
        if isinstance(message, UNHEARD):
            return
        row: Row = {
            "event": "message", "at": self._now(), "source": f"{source[0]}:{source[1]}",
            "address": message.address, "datagram": datagram,
        }  # fmt: skip
        if isinstance(message, READABLE):
            row["values"] = message
        writer = self._activations if isinstance(message, m.Activations) else self._journal
        writer.write(row)

    def planned(self, bot_id: str, notes: Sequence[Note]) -> None:
        rows = [(n.onset_ticks, n.pitch, n.duration_ticks, n.velocity) for n in notes]
        self._write("notes", bot=bot_id, notes=rows)

    def silenced(self, bot_id: str) -> None:
        self._write("silenced", bot=bot_id)

    # --- what others tell -----------------------------------------------------------------------

    def played(self, event: OutputEvent) -> None:
        """Something went to the outputs."""
        self._write("played", kind=type(event).__name__, what=event)

    def panicked(self, tick: int) -> None:
        """Everything that sounded ended."""
        self._write("panic", tick=tick)

    def find(self, finding: Finding, tick: int) -> None:
        """What the monitor has found."""
        values = asdict(finding)
        if isinstance(finding, m.Flag):
            values["details"] = finding.found
            self._write("flag", tick=tick, **values)
        else:
            values["reasons"] = json.loads(finding.reasons)
            self._write("monitoring", tick=tick, **values)

    def steer(self, news: SteeringNews, tick: int) -> None:
        """What steering came to."""
        self._write("steering", tick=tick, kind=type(news).__name__, what=news)

    def keep(self, director: Director, band: Band | None = None) -> None:
        """At every bar line: what it takes to go on from here, should all be killed."""
        if self._request is None or not director.clock.is_started or director.is_over:
            return
        bar = director.status().bar
        if bar <= self._bar:
            return
        self._bar = bar
        self._journal.keep(
            {
                "format": FORMAT,
                "pid": os.getpid(),
                "request": self._request,
                "bar": bar,
                "tempo": [[p.tick, p.bpm, p.is_ramp] for p in director.clock.tempo_map.points],
                "retained": director.reception.retained.plain(),
                "bots": [asdict(bot) for bot in band.bots] if band else [],
                "gone": list(band.gone) if band else [],
            }
        )

    def end(self, report: SessionReport, n_restarts: Mapping[str, int]) -> None:
        """The session has ended in order."""
        values = asdict(report)
        for name in ("flags", "monitoring", "actions"):  # they stand above
            del values[name]
        self._write("end", **values, n_restarts=dict(n_restarts))
        self.close()
        self.folder.unfinished.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what is left."""
        self._journal.close()
        self._activations.close()

    def _now(self) -> float | None:
        clock = self._clock
        if clock is None or not clock.is_started:
            return None
        return round(self._loop.time() - clock.anchor_seconds, 6)

    def _write(self, event: str, **values: Any) -> None:
        self._journal.write({"event": event, "at": self._now(), **values})


class JournalledMidiFile(MidiFileOutput):
    """The recording; what goes into it stands in the journal as well, the very same."""

    def __init__(self, path: Any, recorder: Recorder) -> None:
        super().__init__(path)
        self._recorder = recorder

    def start(self, anchor_seconds: float) -> None:
        super().start(anchor_seconds)
        self._recorder.started(anchor_seconds)

    def send(self, event: OutputEvent) -> None:
        super().send(event)
        self._recorder.played(short(event))

    def panic(self) -> None:
        super().panic()
        self._recorder.panicked(self._stop_tick or 0)
