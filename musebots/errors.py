"""What can go wrong, and the exit code that the command line ends with for each.

Every fault has one owner and one name. A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = [
    "BackgroundError",
    "BotFailed",
    "CheckpointError",
    "ConfigError",
    "CorpusError",
    "CorpusMissing",
    "MusebotError",
    "NetworkError",
    "OutputUnavailable",
    "ProtocolError",
    "Stalled",
    "UnknownBot",
]


class MusebotError(Exception):
    """The root of all errors that this project raises on purpose."""

    exit_code: int = 1


class ConfigError(MusebotError):
    """A piece, a setting or an argument is wrong; names file, key and the allowed values."""

    exit_code = 2


class UnknownBot(ConfigError):
    """No musebot goes by this name, module path or folder."""


class CheckpointError(ConfigError):
    """A checkpoint cannot be trusted or read: wrong hash, format version or content."""


class BackgroundError(ConfigError):
    """A monitor's background cannot be read, made, or does not belong to these networks."""


class CorpusError(ConfigError):
    """A corpus holds nothing that the role can be trained on."""


class CorpusMissing(CorpusError):
    """A corpus that is needed is not there."""

    exit_code = 3


class NetworkError(ConfigError):
    """A port cannot be opened."""


class OutputUnavailable(MusebotError):
    """A device or library that an output, or an input, needs is missing."""

    exit_code = 3


class ProtocolError(MusebotError):
    """A datagram is not a message that we know. `kind` is the same for faults of one sort."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class BotFailed(MusebotError):
    """A musebot's own code raised; its exit code is that of the cause, where that has one."""

    def __init__(self, bot_id: str, cause: BaseException) -> None:
        if isinstance(cause, MusebotError):
            super().__init__(f"bot {bot_id!r}: {cause}")
            self.exit_code = cause.exit_code
        else:
            kind, words = type(cause).__name__, f": {cause}" if str(cause) else ""
            super().__init__(f"bot {bot_id!r} raised {kind}{words}{_place(cause)}")


class Stalled(MusebotError):
    """Offline, everybody waits and nothing is left that could wake them."""


def _place(error: BaseException) -> str:
    """Where in somebody's own code an error came up: the last line that is not of this package."""
    own = str(Path(__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith((own, "<"))]
    if not theirs:
        return ""
    return f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})"
