"""How hard melody and bass play: velocity as levels around a part's own middle. Pure.

Recordings and files are as loud as somebody mixed them; what is worth learning is which notes
stand out of their part and which step back. So a level says how far a note lies from the median
velocity of its part, in steps that widen away from it.

The few pieces that have such velocities are too few for a network: its hidden state knows each of
them by heart, and says worse than nothing of others. What does hold for others is that a part
accents as it did a bar ago, and goes on as it just was. So the level of a note is chosen by a
small model of three tables: the last note's level, that of the note a bar ago, the place in the
bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from musebots.generators import StepContext
from musebots.notes import MAX_VELOCITY
from musebots.rnn.exact import Float64Array
from musebots.rnn.memory import MAX_STEPS_PER_BAR, Memory
from musebots.rnn.sampling import N_VELOCITY_LEVELS

__all__ = [
    "LEVEL_TABLES",
    "LevelModel",
    "heard_levels_of",
    "relative_levels",
    "velocity_of_level",
]

LEVEL_TABLES = ("levels.last", "levels.bar_ago", "levels.step")
"""Names of a checkpoint's tensors: (9, 8), (9, 8) and (24, 8), nats; the bias is in the last."""

LEVEL_TABLE_SIZES = (N_VELOCITY_LEVELS + 1, N_VELOCITY_LEVELS + 1, MAX_STEPS_PER_BAR)

_EDGES = (-28, -16, -9, -3, 4, 10, 19)
_MIDDLES = (-30, -21, -12, -6, 0, 7, 14, 22)
assert len(_MIDDLES) == N_VELOCITY_LEVELS == len(_EDGES) + 1

_FEWEST_VELOCITIES = 4
_SMALLEST_SD = 2.0

_MIDDLE_VELOCITY = 76
_INTENSITY_SPAN = 40
_CALMEST, _WILDEST = 0.7, 1.3
_JITTER = 2.0


def relative_levels(velocities: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """The level, 0..7, of every note of a part; -1 throughout where they tell nothing.

    A part tells nothing when it has fewer than four different velocities or they spread by less
    than 2: nobody played it, or somebody pressed it flat.

    Parameters
    ----------
    velocities : array
        (n_notes,), 1..127.

    Examples
    --------
    >>> relative_levels(np.array([80, 80, 60, 100, 85, 80], np.float32)).tolist()
    [4, 4, 1, 7, 5, 4]
    >>> relative_levels(np.array([90, 90, 90, 90], np.float32)).tolist()
    [-1, -1, -1, -1]
    """
    is_played = len(np.unique(velocities)) >= _FEWEST_VELOCITIES
    if not is_played or float(velocities.std()) < _SMALLEST_SD:
        return np.full(len(velocities), -1, dtype=np.int8)
    apart = velocities - np.median(velocities)
    return np.searchsorted(_EDGES, apart, side="right").astype(np.int8)


def velocity_of_level(level: int, intensity: float, uniform: float) -> int:
    """A MIDI velocity for a level.

    Parameters
    ----------
    level : int
        0..7, from `relative_levels`.
    intensity : float
        0..1: the middle moves with it, from 56 to 96, and accents stand out the more.
    uniform : float
        In [0, 1): moves the velocity by up to 2, so that no two notes need be alike.

    Examples
    --------
    >>> [velocity_of_level(level, 0.5, 0.5) for level in (0, 4, 7)]
    [46, 76, 98]
    """
    spread = _CALMEST + (_WILDEST - _CALMEST) * intensity
    middle = _MIDDLE_VELOCITY + (intensity - 0.5) * _INTENSITY_SPAN
    velocity = round(middle + _MIDDLES[level] * spread + (2 * uniform - 1) * _JITTER)
    return max(1, min(velocity, MAX_VELOCITY))


def heard_levels_of(context: StepContext, memory: Memory) -> tuple[int, int, int]:
    """What a note's level is chosen by: a row of each of `LEVEL_TABLES`.

    The level plus 1 of the last note and of the one at this place a bar ago (0 where there is none
    or it is not known), and the place in the bar.
    """
    step = min(context.step_in_bar, MAX_STEPS_PER_BAR - 1)
    return memory.loudness, memory.loudness_one_bar_ago(context), step


class LevelModel:
    """How likely each velocity level is.

    Parameters
    ----------
    tables : sequence of array
        As many as `LEVEL_TABLES`, on the grid of `musebots.rnn.exact`.
    """

    def __init__(self, tables: Sequence[npt.NDArray[np.float32]]) -> None:
        self._tables = [table.astype(np.float64) for table in tables]

    @classmethod
    def of(cls, tensors: Mapping[str, npt.NDArray[np.float32]]) -> LevelModel | None:
        """That of a checkpoint, if it has one.

        Raises
        ------
        ValueError
            If a table has another shape than it must have.
        """
        if LEVEL_TABLES[0] not in tensors:
            return None
        for name, size in zip(LEVEL_TABLES, LEVEL_TABLE_SIZES, strict=True):
            if name not in tensors or tensors[name].shape != (size, N_VELOCITY_LEVELS):
                raise ValueError(f"the velocity table {name} is missing or misshapen")
        return cls([tensors[name] for name in LEVEL_TABLES])

    def logits(self, heard: tuple[int, int, int]) -> Float64Array:
        """Logits of the levels, (8,), by what `heard_levels_of` says."""
        last, bar_ago, step = self._tables
        logits: Float64Array = last[heard[0]] + bar_ago[heard[1]]
        logits += step[heard[2]]
        return logits
