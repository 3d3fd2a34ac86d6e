"""What the page is told of a session that nobody says over OSC."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from director.score import Score
from ensembles.config import Piece
from ensembles.monitoring import MonitorSpec
from ensembles.sessions.recorder import Recorder

__all__ = ["facts_of"]


def facts_of(
    piece: Piece,
    score: Score,
    recording: Path,
    recorder: Recorder | None,
    monitor: MonitorSpec | None,
    *,
    sync: str,
    sound: str,
) -> dict[str, JsonValue]:
    """The facts, by name; `sync` says who leads the tempo, `sound` where it sounds."""
    ratings = recorder.folder.ratings if recorder else recording.with_suffix(".sqlite")
    return {
        "piece": piece.name,
        "title": score.title,
        "n_bars": score.n_bars,
        "swing": score.swing,
        "swing_unit_ticks": score.swing_unit_ticks,
        "recording": str(recording),
        "ratings": str(ratings.resolve()),
        "session": str(recorder.folder.path.resolve()) if recorder else "",
        "bots": {bot.id: bot.bot for bot in piece.bots},
        "flags_per_hour": monitor.flags_per_hour if monitor else None,
        "sync": sync,
        "sound": sound,
    }
