"""Two sines, one of which bends the phase of the other: the bright part of the lead and the keys.

pyo's own `FM` is not used. It steps through its sine table backwards whenever the modulation
outweighs the carrier, and a step that ends just below the table's beginning is rounded to its end:
it then reads past it, and what lies there may be not a number, which every echo after it keeps for
ever.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["Operators"]


class Operators:
    """A carrier and its modulator, always in the same ratio.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it.
    ratio : float
        Frequency of the modulator over that of the carrier.
    index : float or pyo object
        Peak deviation of the carrier's phase, in radians; as in frequency modulation.

    Notes
    -----
    ``out = sin(2 pi f t + index sin(2 pi ratio f t))``, which has the spectrum of frequency
    modulation (Chowning 1973, "The Synthesis of Complex Audio Spectra by Means of Frequency
    Modulation", equation 1), and for a ratio of 1 or 2 no constant part. The modulator runs
    forward only and the carrier is a sine without a table, so that the result is in -1..1 whatever
    the index.
    """

    def __init__(self, pyo: Any, *, ratio: float, index: Any) -> None:
        self._ratio = ratio
        self._phase = pyo.Phasor(freq=220.0, mul=2.0 * math.pi)
        self._angle = pyo.Sine(freq=220.0 * ratio, mul=index, add=self._phase)
        self.out = pyo.Sin(self._angle)

    def tune(self, hz: float) -> None:
        """Set the frequency of the carrier."""
        self._phase.freq = hz
        self._angle.freq = self._ratio * hz
