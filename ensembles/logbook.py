"""What happened in a session, beside its recording: one JSON object a line, only ever appended to.

Every line has an ``event`` and, from the first downbeat on, the ``tick`` at which it came.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from director.findings import Finding
from director.score import Score
from director.steering import SteeringNews
from musebots.messages import Flag

__all__ = ["Logbook", "logbook_path", "read_logbook"]

log = logging.getLogger(__name__)

FORMAT = 1


def logbook_path(recording: Path) -> Path:
    """Where the logbook of a recording lies: beside it, ``trio.mid`` and ``trio.jsonl``."""
    return recording.with_suffix(".jsonl")


class Logbook:
    """Writes a session's lines as they come; when that fails the music goes on without it.

    Parameters
    ----------
    path : Path
    score : Score
        Of the session that begins.
    is_begun : bool
        Whether it begins at once; else with the first thing that happens.
    """

    def __init__(self, path: Path, score: Score, *, is_begun: bool = True) -> None:
        self._path = path
        self._score = score
        self._can_write = True
        self._is_begun = False
        if is_begun:
            self._begin()

    def _begin(self) -> None:
        self._is_begun, score = True, self._score
        self.write(
            "session", score.start_tick, format=FORMAT, title=score.title, seed=score.seed,
            bars=score.n_bars,
        )  # fmt: skip

    def write(self, event: str, tick: int, **values: Any) -> None:
        """Append one line."""
        if not self._is_begun:
            self._begin()
        if not self._can_write:
            return
        line = json.dumps({"event": event, "tick": tick, **values}, sort_keys=True)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            self._can_write = False
            log.warning("the logbook %s cannot be written: %s", self._path, error.strerror or error)

    def find(self, finding: Finding, tick: int) -> None:
        """What the monitor has found."""
        values = asdict(finding)
        if isinstance(finding, Flag):
            values["details"] = finding.found
            self.write("flag", tick, **values)
        else:
            values["reasons"] = json.loads(finding.reasons)
            self.write("monitoring", tick, **values)

    def steer(self, news: SteeringNews, tick: int) -> None:
        """Who moves the bots between calmer and bolder, how creative they are, what was done."""
        values = asdict(news)
        if "details" in values:
            values["details"] = json.loads(values["details"])
        if "tick" in values:
            values["at"] = values.pop("tick")
        self.write(type(news).__name__.lower(), tick, **values)


def read_logbook(path: Path) -> list[dict[str, Any]]:
    """The lines of a logbook; one that was cut off in the middle is left out."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines
