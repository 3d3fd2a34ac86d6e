"""A sound input, through pyo: its samples as they come."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from musebots.arrays import FloatArray
from musebots.errors import OutputUnavailable

__all__ = ["Microphone"]

BUFFER_SECONDS = 4.0
BLOCK_FRAMES = 256
RATE_HZ = 44_100
JACK = "jack"


class Microphone:
    """The sound input whose name contains `wanted` (the default one for nothing; ``jack``: JACK).

    Raises
    ------
    OutputUnavailable
        If pyo is missing, or there is no such input; it says which there are.
    """

    def __init__(self, wanted: str) -> None:
        os.environ.setdefault("PYO_GUI_WX", "0")  # without it pyo prints about its window toolkit
        try:
            import pyo
        except ImportError as error:
            raise OutputUnavailable(f"pyo cannot be imported: {error}") from error
        self._server = _booted(pyo, wanted)
        self.rate_hz = int(self._server.getSamplingRate())
        self._table = pyo.NewTable(length=BUFFER_SECONDS)
        self._fill = pyo.TableFill(pyo.Input(0), self._table)
        self._server.start()
        self._place = self._n_read = 0

    def read(self, seconds: float) -> FloatArray:
        """What has come in since the last time; the clock is the sound card's."""
        length = self._table.getSize()
        place = int(self._fill.getCurrentPos()) % length
        ring = np.asarray(self._table.getBuffer(), dtype=np.float64)
        part: FloatArray = np.roll(ring, -self._place)[: (place - self._place) % length]
        self._place = place
        self._n_read += len(part)
        return part

    def origin(self, downbeat: float, now: float) -> float:
        """What was read last has just sounded."""
        return now - self._n_read / self.rate_hz

    def close(self) -> None:
        """Free the device."""
        self._server.stop()
        self._server.shutdown()


def _booted(pyo: Any, wanted: str) -> Any:
    """A running server for that input; asked for first, because booting without one crashes."""
    if wanted == JACK:
        os.environ.setdefault("JACK_NO_START_SERVER", "1")
        server = pyo.Server(nchnls=1, duplex=1, audio=JACK, jackname="musebots-ears")
    else:
        names, indexes = pyo.pa_get_input_devices()
        known = ", ".join(map(repr, names)) or "none"
        found = [
            i for n, i in zip(names, indexes, strict=True) if wanted.casefold() in n.casefold()
        ]
        if not found:
            raise OutputUnavailable(f"no sound input contains {wanted!r}; there are: {known}")
        server = pyo.Server(sr=RATE_HZ, nchnls=1, duplex=1, buffersize=BLOCK_FRAMES)
        if wanted:
            server.setInputDevice(found[0])
    server.setVerbosity(1)
    server.deactivateMidi()
    server.boot()
    if not server.getIsBooted():
        raise OutputUnavailable(
            "no JACK server is running" if wanted == JACK else "the sound input does not open"
        )
    return server
