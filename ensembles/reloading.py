"""The files that bots are made of: which have been saved, and which version of each plays.

A version is on trial while it is new: if the bot fails then, the one before plays on, whatever
stands in the file.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from musebots.registry import source_file

__all__ = ["Sources"]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Source:
    """One bot's file; `playing`, `candidate` and `before` are versions of its text."""

    path: Path
    stamp: tuple[int, int]
    playing: bytes
    candidate: bytes | None = None
    before: bytes | None = None


class Sources:
    """See the module's text.

    Parameters
    ----------
    folder : Path
        Where a version is written that plays on while its file says something else; made when
        there is one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sources: dict[str, _Source] = {}

    def track(self, bot_id: str, reference: str) -> None:
        """A bot plays what its file says now; bots without a file of their own are passed over."""
        self._sources.pop(bot_id, None)
        path = source_file(reference)
        if path is not None and (read := _read(path)) is not None:
            self._sources[bot_id] = _Source(path, *read)

    def saved(self) -> list[str]:
        """The bots whose file has another text than what plays or was tried last."""
        found = []
        for bot_id, source in self._sources.items():
            if _stamp(source.path) == source.stamp or (read := _read(source.path)) is None:
                continue
            source.stamp, text = read
            if text not in (source.playing, source.candidate):
                source.candidate = text
                found.append(bot_id)
        return found

    def take_over(self, bot_id: str) -> None:
        """The candidate plays, on trial."""
        source = self._sources.get(bot_id)
        if source is not None and source.candidate is not None:
            source.before, source.playing, source.candidate = source.playing, source.candidate, None

    def fall_back(self, bot_id: str, *, is_on_trial: bool) -> bool:
        """The bot has failed: from now on the version before plays, if this one is on trial."""
        source = self._sources.get(bot_id)
        if source is None or source.before is None:
            return False
        before, source.before = source.before, None
        if is_on_trial:
            source.candidate, source.playing = source.playing, before
        return is_on_trial

    def version(self, bot_id: str) -> Path | None:
        """A copy of what is to play, where the file says something else by now; else None."""
        source = self._sources.get(bot_id)
        if source is None or (read := _read(source.path)) is None or read[1] == source.playing:
            return None
        copy = self._folder / f"{bot_id}.py"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.playing)
        except OSError as error:
            log.warning("%s plays what its file says by now: %s", bot_id, error)
            return None
        return copy


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size)


def _read(path: Path) -> tuple[tuple[int, int], bytes] | None:
    """Stamp and text; None while the file is not there, as when an editor replaces it."""
    stamp = _stamp(path)
    try:
        return None if stamp is None else (stamp, path.read_bytes())
    except OSError:
        return None
