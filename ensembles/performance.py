"""What a live performance is asked for, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from director.director import DEFAULT_PORT, SessionReport
from director.outputs.audio.engine import AudioKind
from ensembles.hearing import Hearing
from ensembles.lan import LanOptions, LinkReport
from ensembles.leading import LeaderSpec
from ensembles.sessions.resuming import Saved
from ensembles.web.process import PageOptions

__all__ = ["LiveOptions", "LiveReport"]


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a performance changes of its piece; None leaves it as it is.

    `audio` is auto, portaudio, jack, browser or none; `midi_out` part of a port's name; `midi_path`
    where the recording goes, by default into the session's own folder. With `ends_on_exiting` a bot
    that broadcasts `exiting` ends the session, as classic conductors have it. `request` is what the
    performer asked for, as plain values: what it takes to go on after a crash; `saved` is a session
    that is taken up again. With `is_monitored` the monitor listens, also where the piece does not
    ask for it. With `page` the live page is served, with `lan` other machines may join. The
    `leader` is who leads the tempo, None the band itself; `clock_out` is part of the name of a port
    that MIDI clock is sent to. `policy` and `target` say who makes the bots calmer or bolder, and
    how creative they are to be, `taste` by which file of `musebots rate fit`; `faders` is part of
    the name of a MIDI input whose controllers move the faders. `hearing` is who is followed.
    """

    bars: int | None = None
    bpm: float | None = None
    seed: int | None = None
    audio: AudioKind | None = None
    midi_out: str | None = None
    midi_path: Path | None = None
    port: int = DEFAULT_PORT
    ends_on_exiting: bool = False
    request: Mapping[str, Any] | None = None
    saved: Saved | None = None
    is_monitored: bool = False
    leader: LeaderSpec | None = None
    clock_out: str | None = None
    policy: str | None = None
    target: float | None = None
    taste: str | None = None
    faders: str | None = None
    hearing: Hearing | None = None
    page: PageOptions | None = None
    lan: LanOptions | None = None


@dataclass(frozen=True, slots=True)
class LiveReport:
    """What a performance came to, where its recording lies, and who had to be brought back.

    `links` says how well datagrams travelled between machines.
    """

    session: SessionReport
    recording: Path
    n_restarts: Mapping[str, int] = field(default_factory=dict)
    links: tuple[LinkReport, ...] = ()

    def __str__(self) -> str:
        session = self.session
        notes = ", ".join(f"{bot} {n}" for bot, n in session.n_notes.items())
        ended = "stopped after" if session.was_stopped else "played"
        parts = [
            f"{ended} {session.n_bars} bars in {session.music_seconds:.1f} s; notes: {notes}; "
            f"recorded in {self.recording}"
        ]
        for words, counts in (
            ("late", session.n_late),
            ("of them too late to sound", session.n_missed),
            ("notes refused", session.n_refused),
            ("messages of notes lost", session.n_lost),
            ("datagrams ignored", session.faults),
            ("brought back", self.n_restarts),
        ):
            if counts:
                parts.append(f"{words}: " + ", ".join(f"{who} {n}" for who, n in counts.items()))
        if self.links:
            parts.append("other machines: " + ", ".join(map(str, self.links)))
        if session.flags or session.monitoring:
            parts.append(f"flags: {len(session.flags)}")
        return "; ".join(parts)
