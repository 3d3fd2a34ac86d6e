"""Files that appear whole or not at all: written beside their target, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from musebots.errors import ConfigError

__all__ = ["check_target", "part_path", "whole_file"]


def part_path(path: Path) -> Path:
    """Where a file is written before it is whole: beside its target."""
    return path.with_name(path.name + ".part")


def check_target(path: Path) -> None:
    """Find out early, before the music, whether `path` can be written.

    Raises
    ------
    ConfigError
        If its folder is missing or refuses, or if `path` is there and no ordinary file.
    """
    if path.is_dir():
        raise ConfigError(f"cannot write {path}: it is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise ConfigError(f"cannot write {path}: it is a device or the like, not a file")
    if not path.parent.is_dir():
        raise ConfigError(f"cannot write {path}: the folder {path.parent} does not exist")
    part = part_path(path)
    try:
        part.open("wb").close()
        part.unlink()
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield the path to write to; the target appears when the block ends well, and only then.

    Raises
    ------
    ConfigError
        If writing or renaming fails, for example on a full disk. Nothing is left behind.
    """
    part = part_path(path)
    try:
        yield part
        os.replace(part, path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ConfigError(f"cannot write {path}: {error.strerror or error}") from error
        raise
