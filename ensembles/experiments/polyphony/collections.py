"""Where the piano-rolls come from: the benchmark's files, or a toy made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from musebots.errors import CorpusError
from musebots.training.polyphony.rolls import Roll, Rolls

__all__ = ["COLLECTION_FILES", "TOY", "read_collection", "toy_collection"]

COLLECTION_FILES = ("poly_music/JSB_Chorales.mat", "poly_music/Nottingham.mat")
"""Below the corpora's folder."""
TOY = "toy"
"""Name of the collection made on the spot."""
# what scipy raises when the bytes are not what they should be
_DAMAGE = (
    scipy.io.matlab.MatReadError, OSError, ValueError, TypeError, KeyError, NotImplementedError,
)  # fmt: skip
_SPLITS = ("traindata", "validdata", "testdata")
_TOY_KEYS = 30
_TOY_CHORDS = ((2, 6, 9), (11, 14, 18), (7, 11, 14), (9, 13, 16))
_TOY_TOP = (21, 27)


def read_collection(path: Path) -> Rolls:
    """Read one ``.mat`` file of the benchmark: 88 keys, split by its makers.

    Raises
    ------
    CorpusError
        If it is no such file.

    Notes
    -----
    The files are those that came with Bai, Kolter and Koltun 2018 (arXiv 1803.01271); the rolls
    and their splits are those of Boulanger-Lewandowski et al. 2012.
    """
    try:
        content = scipy.io.loadmat(path)
        splits = [
            tuple(np.ascontiguousarray(roll, dtype=np.uint8) for roll in content[name].ravel())
            for name in _SPLITS
        ]
    except _DAMAGE as error:
        raise CorpusError(
            f"{path} holds no piano-rolls ({error}): it must be a MATLAB file with cells "
            f"{', '.join(_SPLITS)}"
        ) from error
    for roll in (roll for split in splits for roll in split):
        if roll.ndim != 2 or roll.shape[1] != 88 or len(roll) < 2 or roll.max() > 1:
            raise CorpusError(
                f"{path} holds a roll of shape {roll.shape}: rolls have two frames or more, 88 "
                "keys, and hold 0 and 1"
            )
    return Rolls(path.stem, *splits)


def toy_collection(seed: int) -> Rolls:
    """A few bars of four chords under a line that goes up and down by steps."""
    rng = np.random.default_rng(seed)
    return Rolls(TOY, *(tuple(_toy(rng) for _ in range(n)) for n in (16, 4, 4)))


def _toy(rng: np.random.Generator) -> Roll:
    n_frames = int(rng.integers(16, 33))
    roll = np.zeros((n_frames, _TOY_KEYS), dtype=np.uint8)
    first = int(rng.integers(len(_TOY_CHORDS)))
    top = int(rng.integers(_TOY_TOP[0], _TOY_TOP[1] + 1))
    for frame in range(n_frames):
        roll[frame, list(_TOY_CHORDS[(first + frame // 2) % len(_TOY_CHORDS)])] = 1
        roll[frame, top] = 1
        top = int(np.clip(top + rng.choice([-1, 1]), *_TOY_TOP))
    return roll
