"""The room that everybody plays in."""

from __future__ import annotations

from typing import Any

__all__ = ["Room"]

WAYS_SECONDS = ((0.0049, 0.0071), (0.0113, 0.0089), (0.0191, 0.0233))
DIFFUSION = (0.65, 0.65, 0.6)


class Room:
    """Stereo from mono: three diffusers in a row, different on either side, then a tail.

    The diffusers make the echoes dense before the tail begins (within 60 ms as dense as noise) and
    the two sides differ (correlation 0.1); pyo's Freeverb alone is the same on both.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it.
    mono : pyo object
        What goes into the room.
    """

    def __init__(self, pyo: Any, mono: Any) -> None:
        self._walls = [mono]
        for ways, diffusion in zip(WAYS_SECONDS, DIFFUSION, strict=True):
            wall = pyo.Allpass(self._walls[-1], delay=list(ways), feedback=diffusion, maxdelay=0.05)
            self._walls.append(wall)
        self.out = pyo.Freeverb(self._walls[-1], size=0.64, damp=0.5, bal=1.0, mul=0.55)
