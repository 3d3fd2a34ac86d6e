"""Single units amplified or held at the readout: what a monitor flagged, more of it or none. Pure.

As with a learned direction (`musebots.rnn.steering`) only the readout sees it; the hidden state
itself goes on. A unit's deviation is taken from its own slow mean, the last 64 steps or so.
"""

from __future__ import annotations

import numpy as np

from musebots.generators import Pull
from musebots.rnn.exact import HIDDEN_GRID, Float64Array

__all__ = ["GAIN_GRID", "followed", "pulled"]

GAIN_GRID = 2.0**-6
MEMORY_STEPS = 64
_LARGEST_GAIN = 8.0


def followed(usual: Float64Array, hidden: Float64Array) -> Float64Array:
    """What is usual of each unit after one more step, (n_units,), on the grid of activations."""
    moved: Float64Array = (usual + (hidden - usual) / MEMORY_STEPS) / HIDDEN_GRID
    np.rint(moved, out=moved)
    moved *= HIDDEN_GRID
    return moved


def pulled(hidden: Float64Array, usual: Float64Array, pull: Pull) -> Float64Array:
    """What the readout sees: these units' deviation times the gain, within -1..1.

    Units beyond the network's width are left out; the gain is put on `GAIN_GRID`, so that the sums
    of the readout stay exact.
    """
    units = [unit for unit in pull.units if 0 <= unit < len(hidden)]
    gain = round(min(_LARGEST_GAIN, max(0.0, pull.gain)) / GAIN_GRID) * GAIN_GRID
    seen = hidden.copy()
    moved = (usual[units] + gain * (hidden[units] - usual[units])) / HIDDEN_GRID
    seen[units] = np.clip(np.rint(moved) * HIDDEN_GRID, -1.0, 1.0)
    return seen
