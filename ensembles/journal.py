"""What a session writes down at every bar line, so that another can take it up after a crash.

The file is there while a session plays and for as long as it has not been ended in order.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from director.director import Director
from musebots.errors import ConfigError
from musebots.timebase import TempoMap, TempoPoint

__all__ = ["JOURNAL", "Journal", "Saved", "read_journal"]

log = logging.getLogger(__name__)

JOURNAL = Path("sessions") / "unfinished.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Saved:
    """A session as far as it had come: what was asked for, the bar, the tempo, what was said."""

    request: dict[str, Any]
    bar: int
    tempo: tuple[tuple[int, float, bool], ...]
    retained: dict[str, Any]

    @property
    def tempo_map(self) -> TempoMap:
        """The tempo, with all changes that were made by hand."""
        return TempoMap(tuple(TempoPoint(*row) for row in self.tempo))


class Journal:
    """Keeps the file up to date.

    Parameters
    ----------
    request : dict
        What the performer asked for: plain values.
    path : Path
    """

    def __init__(self, request: dict[str, Any], path: Path = JOURNAL) -> None:
        self._request = request
        self._path = path
        self._bar = -1
        self._can_write = True

    def keep(self, director: Director) -> None:
        """Write down where the music is; once a bar, and nothing before the first one."""
        if not director.clock.is_started or director.is_over:
            return
        bar = director.status().bar
        if bar <= self._bar or not self._can_write:
            return
        self._bar = bar
        text = json.dumps(
            {
                "format": FORMAT,
                "request": self._request,
                "bar": bar,
                "tempo": [[p.tick, p.bpm, p.is_ramp] for p in director.clock.tempo_map.points],
                "retained": director.reception.retained.plain(),
            }
        )
        part = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            self._can_write = False
            log.info("the session cannot be resumed after a crash: %s", error)

    def finish(self) -> None:
        """The session has ended in order: there is nothing to resume."""
        if self._bar >= 0:
            self._path.unlink(missing_ok=True)


def read_journal(path: Path = JOURNAL) -> Saved:
    """What a session that was cut off has left.

    Raises
    ------
    ConfigError
        When there is none, or it cannot be read.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["format"] != FORMAT:
            raise ValueError(f"format {table['format']}, not {FORMAT}")
        tempo = tuple((int(t), float(b), bool(r)) for t, b, r in table["tempo"])
        saved = Saved(dict(table["request"]), int(table["bar"]), tempo, dict(table["retained"]))
        _ = saved.tempo_map
    except FileNotFoundError as error:
        raise ConfigError(f"there is no unfinished session here ({path}) to resume") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} cannot be resumed: {error}") from error
    return saved
