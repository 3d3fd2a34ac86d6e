"""The sessions there are, in a line each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from director.outputs.base import NoteOn
from director.outputs.recording import last_tempo_map
from ensembles.sessions.folder import SESSIONS, SessionFolder, all_folders
from ensembles.sessions.reading import Session, read_session
from musebots.errors import ConfigError

__all__ = ["Summary", "summaries", "summary_of"]

STATES = ("whole", "cut off", "unreadable")


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to know of a session at a glance.

    `state` is ``whole`` (it ended in order), ``cut off`` (it did not, or it still plays) or
    ``unreadable``; `size_bytes` is that of the folder.
    """

    name: str
    path: str
    piece: str = ""
    began: str = ""
    state: str = "unreadable"
    can_be_resumed: bool = False
    n_bars: int = 0
    music_seconds: float = 0.0
    n_notes: int = 0
    n_late_notes: int = 0
    n_flags: int = 0
    n_ratings: int = 0
    seed: int = 0
    bots: tuple[str, ...] = ()
    size_bytes: int = 0
    fault: str = ""


def summaries(root: Path = SESSIONS) -> list[Summary]:
    """All sessions, the latest first."""
    return [summary_of(folder) for folder in all_folders(root)]


def summary_of(folder: SessionFolder) -> Summary:
    """One session."""
    size = sum(path.stat().st_size for path in folder.path.rglob("*") if path.is_file())
    try:
        session = read_session(folder)
    except ConfigError as error:
        return Summary(folder.name, str(folder.path), size_bytes=size, fault=str(error))
    return _summary(session, size)


def _summary(session: Session, size_bytes: int) -> Summary:
    take, head = session.take(), session.stretches[0].head
    end_tick = take.score.end_tick if take.stop_tick is None else take.stop_tick
    if not any(session.rows("start")):
        end_tick = 0  # stopped while it waited for the bots
    ratings = [row for row in session.rows("message") if row["address"] == "/musebots/rating"]
    return Summary(
        name=session.name,
        path=str(session.folder.path),
        piece=str(head["piece"]),
        began=str(head["began"]),
        state=STATES[0] if session.is_whole else STATES[1],
        can_be_resumed=session.folder.unfinished.is_file(),
        n_bars=take.score.meter_map.bar_at(end_tick),
        music_seconds=round(last_tempo_map(take.score, list(take.events)).seconds_at(end_tick), 3),
        n_notes=sum(isinstance(event, NoteOn) for event in take.events),
        n_late_notes=sum(sum(row["n_late"].values()) for row in session.rows("end")),
        n_flags=sum(1 for _ in session.rows("flag")),
        n_ratings=len(ratings),
        seed=int(head["seed"]),
        bots=tuple(strip.bot_id for strip in take.score.strips),
        size_bytes=size_bytes,
    )
