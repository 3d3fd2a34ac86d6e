"""The MIDI ports of this machine: found by a part of their names, and opened, through mido.

Where there is none, or no MIDI at all, one sentence says why and what there is instead.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import mido

from musebots.errors import OutputUnavailable

__all__ = ["BACKEND", "VIRTUAL_PORT", "Direction", "input_name", "list_ports", "open_input",
           "open_output", "open_virtual_output"]  # fmt: skip

BACKEND = os.environ.get("MIDO_BACKEND", "mido.backends.rtmidi")
VIRTUAL_PORT = "musebots"

Direction = Literal["input", "output"]
T = TypeVar("T")


def list_ports(backend: str | None = None, *, direction: Direction = "output") -> list[str]:
    """The names of the MIDI inputs or outputs of this machine.

    Raises
    ------
    OutputUnavailable
        If the system has no MIDI, or the library for it is missing.
    """
    return _names(_load(backend), direction)


def open_output(wanted: str | None, backend: str | None = None) -> tuple[str, Any]:
    """Open the output whose name contains `wanted` (None: the only one); its name, and the port.

    Raises
    ------
    OutputUnavailable
        If there is no such port, or more than one.
    """
    loaded = _load(backend)
    name = _only_match(_names(loaded, "output"), wanted, "output")
    return name, _asked(lambda: loaded.open_output(name))


def open_input(
    wanted: str | None, callback: Callable[[mido.Message], None], backend: str | None = None
) -> tuple[str, Any]:
    """Open an input; `callback` hears each message, in a thread of the MIDI system.

    ``virtual`` as a name makes a port of our own, which others connect to.

    Raises
    ------
    OutputUnavailable
        If there is no such port, or more than one.
    """
    loaded = _load(backend)
    if wanted == "virtual":
        _refuse_on_windows()
        return VIRTUAL_PORT, _asked(
            lambda: loaded.open_input(VIRTUAL_PORT, virtual=True, callback=callback)
        )
    name = input_name(wanted, backend)
    return name, _asked(lambda: loaded.open_input(name, callback=callback))


def input_name(wanted: str | None, backend: str | None = None) -> str:
    """The whole name of the input whose name contains `wanted`; ``virtual`` is left as it is.

    Raises
    ------
    OutputUnavailable
        If there is no such port, or more than one.
    """
    names = _names(_load(backend), "input")
    return wanted if wanted == "virtual" else _only_match(names, wanted, "input")


def open_virtual_output(backend: str | None = None) -> Any:
    """Make an output port of our own, which others connect to. Not on Windows."""
    _refuse_on_windows()
    loaded = _load(backend)
    return _asked(lambda: loaded.open_output(VIRTUAL_PORT, virtual=True))


def _refuse_on_windows() -> None:
    if sys.platform == "win32":
        raise OutputUnavailable(
            "Windows has no virtual MIDI ports: install loopMIDI, make a port there, and name it"
        )


def _names(loaded: Any, direction: Direction) -> list[str]:
    ask = loaded.get_input_names if direction == "input" else loaded.get_output_names
    return sorted(set(_asked(ask)))


def _load(backend: str | None) -> Any:
    """The mido backend, or the reason why there is none in one sentence."""
    name = backend or BACKEND
    try:
        importlib.import_module(name.partition("/")[0])
    except ImportError as error:
        raise OutputUnavailable(
            f'MIDI ports unavailable: {error}; install them with: pip install "musebots[midi]"'
        ) from error
    return mido.Backend(name)


def _asked(question: Callable[[], T]) -> T:
    """What the MIDI system answers; rtmidi without ALSA raises SystemError, others OSError."""
    try:
        with _quiet():
            return question()
    except (SystemError, OSError, RuntimeError) as error:
        reason = str(error.__cause__ or error).strip().rstrip(".") or type(error).__name__
        raise OutputUnavailable(f"MIDI ports unavailable: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what ALSA's C library prints about every device that it misses."""
    own = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(nowhere)


def _only_match(names: list[str], wanted: str | None, direction: Direction) -> str:
    """The one port whose name contains `wanted`."""
    if not names:
        raise OutputUnavailable(
            f"there is no MIDI {direction} port; start a synthesiser or a DAW, or make a virtual "
            "port"
        )
    known = ", ".join(repr(name) for name in names)
    if wanted in names:
        return wanted
    matches = [name for name in names if (wanted or "").casefold() in name.casefold()]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise OutputUnavailable(f"no MIDI {direction} port contains {wanted!r}; there are: {known}")
    if wanted is None:
        raise OutputUnavailable(
            f"there is more than one MIDI {direction} port; name one of: {known}"
        )
    found = ", ".join(repr(name) for name in matches)
    raise OutputUnavailable(f"{wanted!r} is in the name of more than one MIDI port: {found}")
