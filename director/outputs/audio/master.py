"""What the whole band goes through last: a compressor, a limiter, a ceiling."""

from __future__ import annotations

from typing import Any

__all__ = ["CEILING_DB", "Master"]

CEILING_DB = -1.5
MAKE_UP = 1.62  # 4.2 dB: the shipped pieces come to about -16 LUFS
LOOKAHEAD_SECONDS = 0.004
LEVEL_SECONDS = 0.02


class Master:
    """See the module's text; both sides are turned down alike, so that nothing moves.

    The limiter hears what comes 4 ms ahead and is down by then; what it misses meets the ceiling.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it.
    mix : pyo object
        Stereo.

    Attributes
    ----------
    out : pyo object
        Stereo, never above the ceiling.
    door : pyo object
        Its `value` is 1, or 0 for silence.
    """

    def __init__(self, pyo: Any, mix: Any) -> None:
        loudest = pyo.Max(pyo.Abs(mix[0]), pyo.Abs(mix[1]))
        self._glue = pyo.Compress(
            loudest, thresh=-9, ratio=2.5, risetime=0.006, falltime=0.14, lookahead=0.0,
            knee=0.6, outputAmp=True, mul=MAKE_UP,
        )  # fmt: skip
        glued = mix * self._glue
        peaks = pyo.Max(pyo.Abs(glued[0]), pyo.Abs(glued[1]))
        ceiling = 10.0 ** (CEILING_DB / 20.0)
        self._limit = pyo.Compress(
            peaks, thresh=CEILING_DB - 1.2, ratio=60, risetime=LOOKAHEAD_SECONDS / 16,
            falltime=0.09, lookahead=0.0, knee=0.1, outputAmp=True,
        )  # fmt: skip
        self._ahead = pyo.SDelay(glued, delay=LOOKAHEAD_SECONDS, maxdelay=0.01)
        self._limited = self._ahead * self._limit
        self.door = pyo.SigTo(1.0, time=LEVEL_SECONDS, init=1.0)
        self._clean = pyo.DCBlock(self._limited, mul=self.door)
        self.out = pyo.Clip(self._clean, min=-ceiling, max=ceiling)
        self._parts = (loudest, glued, peaks)
