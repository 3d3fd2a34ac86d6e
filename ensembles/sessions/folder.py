"""Where a session lies: one folder each, in ``sessions/``."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musebots.errors import ConfigError

__all__ = ["LATEST", "SESSIONS", "SessionFolder", "all_folders", "find_folder", "new_folder"]

SESSIONS = Path("sessions")
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """A session's folder and what lies in it."""

    path: Path

    @property
    def name(self) -> str:
        """What the session is called: its piece and when it began."""
        return self.path.resolve().name

    @property
    def journal(self) -> Path:
        """What happened, line by line; see `ensembles.sessions.recorder`."""
        return self.path / "journal.jsonl"

    @property
    def activations(self) -> Path:
        """What the networks did, where somebody wanted to hear it: messages as in the journal."""
        return self.path / "activations.jsonl"

    @property
    def recording(self) -> Path:
        """The MIDI file, written when the session ends."""
        return self.path / "recording.mid"

    @property
    def unfinished(self) -> Path:
        """What it takes to go on; there while the session plays, and after it was cut off."""
        return self.path / "unfinished.json"

    @property
    def ratings(self) -> Path:
        """What listeners said of phrases on the page; see `ensembles.web.ratings`."""
        return self.path / "ratings.sqlite"

    @property
    def versions(self) -> Path:
        """Versions of bots' files that played on while the files said something else."""
        return self.path / "versions"

    def remove(self) -> None:
        """Nothing was played: leave nothing behind."""
        shutil.rmtree(self.path, ignore_errors=True)


def new_folder(piece: str, root: Path = SESSIONS) -> SessionFolder:
    """Make a folder for a session that begins now.

    Raises
    ------
    ConfigError
        When that is not possible.
    """
    stem = f"{_as_name(piece)}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(1, 1000):
        path = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigError(
                f"cannot make the folder {path}: {error.strerror}; say where to record with -o"
            ) from error
        return SessionFolder(path)
    raise ConfigError(f"there are a thousand sessions {stem} in {root} already")


def all_folders(root: Path = SESSIONS) -> list[SessionFolder]:
    """The sessions there are, the latest first."""
    return sorted(_folders(root), key=lambda folder: _age(folder.journal), reverse=True)


def find_folder(name: str, root: Path = SESSIONS) -> SessionFolder:
    """A session by name, by the path of its folder, or the one that was played last (``latest``).

    Raises
    ------
    ConfigError
        When there is none of that name.
    """
    if name == LATEST:
        folders = all_folders(root)
        if not folders:
            raise ConfigError(f"there are no sessions in {root}: `musebots play` makes one")
        return folders[0]
    for path in (root / name, Path(name)):
        if (path / "journal.jsonl").is_file():
            return SessionFolder(path)
    raise ConfigError(f"there is no session {name!r}; `musebots sessions` lists those there are")


def _folders(root: Path) -> Iterator[SessionFolder]:
    if root.is_dir():
        for path in root.iterdir():
            if (path / "journal.jsonl").is_file():
                yield SessionFolder(path)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _as_name(piece: str) -> str:
    return re.sub(r"[^\w.-]+", "-", piece).strip(".-") or "session"
