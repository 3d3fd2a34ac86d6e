"""What can go wrong, and the exit code that the command line ends with for each.

Every fault has one owner and one name. A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "BotFailed",
    "CheckpointError",
    "ConfigError",
    "CorpusError",
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


class CorpusError(ConfigError):
    """A corpus holds nothing that the role can be trained on."""


class NetworkError(ConfigError):
    """A port cannot be opened."""


class OutputUnavailable(MusebotError):
    """A device or library that an output needs is missing."""

    exit_code = 3


class ProtocolError(MusebotError):
    """A datagram is not a message that we know. `kind` is the same for faults of one sort."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class BotFailed(MusebotError):
    """A musebot's own code raised; its exit code is that of the cause, where that has one."""

    def __init__(self, bot_id: str, cause: Exception) -> None:
        if isinstance(cause, MusebotError):
            super().__init__(f"bot {bot_id!r}: {cause}")
            self.exit_code = cause.exit_code
        else:
            super().__init__(
                f"bot {bot_id!r} raised {type(cause).__name__}: {cause}; see the traceback of its "
                "own code"
            )


class Stalled(MusebotError):
    """Offline, everybody waits and nothing is left that could wake them."""
