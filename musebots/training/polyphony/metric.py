"""Three ways to average the nats of frames, and the figure that asks for no network. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musebots.training.polyphony.rolls import Roll

__all__ = ["FrameLikelihood", "frequency_nats"]

Nats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FrameLikelihood:
    """Surprise at piano-rolls, nats a frame, all keys of a frame together.

    Parameters
    ----------
    given_first : float
        The first frame of every roll is given; mean over all other frames of all rolls. This is
        the convention of Bai, Kolter and Koltun 2018, and the one to compare by.
    with_first : float
        Mean over all frames, the first ones too, which nothing announces.
    per_roll : float
        The first frame given; mean over rolls of each roll's own mean.
    n_frames : int
        Frames predicted under the first convention.
    """

    given_first: float
    with_first: float
    per_roll: float
    n_frames: int

    @classmethod
    def of(cls, nats: Sequence[Nats]) -> FrameLikelihood:
        """From what each frame costs, one array for each roll of at least two frames.

        Examples
        --------
        >>> FrameLikelihood.of([np.array([9.0, 1.0]), np.array([5.0, 3.0, 5.0])])
        FrameLikelihood(given_first=3.0, with_first=4.6, per_roll=2.5, n_frames=3)
        """
        later = np.concatenate([roll[1:] for roll in nats])
        return cls(
            given_first=float(later.mean()),
            with_first=float(np.concatenate(nats).mean()),
            per_roll=float(np.mean([roll[1:].mean() for roll in nats])),
            n_frames=len(later),
        )


def frequency_nats(train: Sequence[Roll], rolls: Sequence[Roll]) -> list[Nats]:
    """What frames cost when each key sounds as often as in training, whatever came before.

    Returns
    -------
    list of array
        Nats of each frame, one array for each of `rolls`.

    Notes
    -----
    Laplace's rule of succession: ``p = (k + 1) / (n + 2)`` for a key that sounds in k of n frames.
    """
    n_frames = sum(len(roll) for roll in train)
    counts = np.sum([roll.sum(axis=0, dtype=np.int64) for roll in train], axis=0)
    p = (counts + 1) / (n_frames + 2)
    return [-np.where(roll, np.log(p), np.log1p(-p)).sum(axis=1) for roll in rolls]
