"""A file that lines are appended to while music plays: nobody ever waits for the disk.

Whoever writes puts a row on a heap; a thread takes the heap twice a second, makes JSON of it and
appends it. What was written half a second ago is with the system, and outlives every process. When
the disk refuses that is said once, and the music goes on without.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from musebots.files import write_whole

__all__ = ["LineWriter", "read_lines"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
CLOSE_SECONDS = 5.0

Row = dict[str, Any]


class LineWriter:
    """Appends to one file and keeps another up to date.

    Parameters
    ----------
    path : Path
        One JSON object a line, only ever appended to.
    latest : Path, optional
        Always whole: the last value that `keep` was given.
    """

    def __init__(self, path: Path, latest: Path | None = None) -> None:
        self._path = path
        self._latest = latest
        self._rows: list[Row] = []
        self._kept: Row | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._can_write = True
        self._thread = threading.Thread(target=self._run, name=f"writer of {path.name}")
        self._thread.daemon = True  # an interpreter that dies does not wait for a disk
        self._thread.start()

    def write(self, row: Row) -> None:
        """Append a row: plain values, bytes and frozen dataclasses. Costs next to nothing."""
        with self._lock:
            if self._can_write:
                self._rows.append(row)

    def keep(self, value: Row) -> None:
        """Replace the content of the latest-value file, soon; only the last value counts."""
        with self._lock:
            self._kept = value

    def close(self) -> None:
        """Write what is left, within reason."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.wait(FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            rows, self._rows = self._rows, []
            kept, self._kept = self._kept, None
        if not self._can_write:
            return
        try:
            if rows:
                text = "".join(f"{_json(row)}\n" for row in rows)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(text)
            if kept is not None and self._latest is not None:
                write_whole(self._latest, _json(kept).encode())
        except OSError as error:
            with self._lock:
                self._can_write = False
                self._rows.clear()
            words = error.strerror or error
            log.warning("%s cannot be written: %s; the music goes on without", self._path, words)


def read_lines(path: Path) -> list[Row]:
    """The rows of a file; a line that was cut off in the middle is left out.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    rows = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                row = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(row, dict):
                rows.append(row)
    return rows


def _json(row: Row) -> str:
    return json.dumps(row, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a journal cannot hold {type(value).__name__}: {value!r}")
