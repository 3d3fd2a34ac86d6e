"""A session's folder while it plays; nothing is left behind where nothing was played."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ensembles.sessions.folder import new_folder
from ensembles.sessions.recorder import Recorder
from ensembles.sessions.resuming import Saved
from musebots.errors import ConfigError

__all__ = ["kept"]

log = logging.getLogger(__name__)


@contextlib.contextmanager
def kept(
    piece: str, *, request: Mapping[str, Any] | None, saved: Saved | None, must_be: bool
) -> Iterator[Recorder | None]:
    """Whoever writes a session down while the block runs; None where there is no room for it.

    Parameters
    ----------
    piece : str
        The name of the piece.
    request : mapping, optional
        What the performer asked for; without it the session cannot be taken up again.
    saved : Saved, optional
        The session that is taken up.
    must_be : bool
        Whether a session without a folder is none: its recording is to lie there.

    Raises
    ------
    ConfigError
        When the folder cannot be made, and must be.
    """
    try:
        folder = new_folder(piece) if saved is None else saved.folder
    except ConfigError as error:
        if must_be:
            raise
        log.warning("this session is not kept: %s", error)
        yield None
        return
    recorder = Recorder(folder, request)
    try:
        yield recorder
    finally:
        recorder.close()
        if saved is None and not recorder.has_started and not folder.recording.exists():
            folder.remove()
