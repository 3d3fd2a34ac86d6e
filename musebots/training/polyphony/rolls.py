"""Piano-rolls in their three splits, the compass that a network models, batches of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Compass", "Roll", "Rolls", "padded", "transposed", "windows"]

Roll = npt.NDArray[np.uint8]
"""One piece, (n_frames, n_keys): 1 while a key sounds."""

_LENGTH_CLASS_FRAMES = 16


@dataclass(frozen=True, slots=True)
class Rolls:
    """Pieces as piano-rolls, split as their makers have split them.

    Parameters
    ----------
    name : str
        Of the collection.
    train, valid, test : tuple of Roll
        Every roll has the same number of keys.
    """

    name: str
    train: tuple[Roll, ...]
    valid: tuple[Roll, ...]
    test: tuple[Roll, ...]

    @property
    def n_keys(self) -> int:
        """Width of the keyboard, 88 on a piano."""
        return int(self.train[0].shape[1])


@dataclass(frozen=True, slots=True)
class Compass:
    """The keys that a network models; the keys beyond never sound in training.

    Each key beyond sounds with probability ``1 / (n_frames + 2)`` (Laplace's rule of succession),
    so that frames keep a probability, summing to 1 over all keys, whatever the test set holds.

    Parameters
    ----------
    low, high : int
        First key and one past the last.
    n_keys : int
        Width of the keyboard.
    n_frames : int
        Training frames in which the keys beyond were silent.
    """

    low: int
    high: int
    n_keys: int
    n_frames: int

    @classmethod
    def of(cls, rolls: Sequence[Roll]) -> Compass:
        """From the lowest to the highest key that sounds."""
        heard = np.flatnonzero(np.any([roll.any(axis=0) for roll in rolls], axis=0))
        n_frames = sum(len(roll) for roll in rolls)
        return cls(int(heard[0]), int(heard[-1]) + 1, int(rolls[0].shape[1]), n_frames)

    @property
    def width(self) -> int:
        """Number of keys within."""
        return self.high - self.low

    def nats_beyond(self, roll: Roll) -> npt.NDArray[np.float64]:
        """What each frame costs for the keys beyond, (n_frames,)."""
        n_beyond = self.n_keys - self.width
        n_sounding = roll.sum(axis=1, dtype=np.int64)
        n_sounding -= roll[:, self.low : self.high].sum(axis=1, dtype=np.int64)
        is_on, is_off = np.log(self.n_frames + 2), -np.log1p(-1 / (self.n_frames + 2))
        nats: npt.NDArray[np.float64] = n_sounding * is_on + (n_beyond - n_sounding) * is_off
        return nats


def padded(rolls: Sequence[Roll]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Rolls side by side, the shorter ones filled up with silence.

    Returns
    -------
    frames : array of float32
        (n_rolls, n_frames, n_keys).
    is_real : array of bool
        (n_rolls, n_frames), False where it was filled up.
    """
    n_frames = max(len(roll) for roll in rolls)
    frames = np.zeros((len(rolls), n_frames, rolls[0].shape[1]), dtype=np.float32)
    is_real = np.zeros((len(rolls), n_frames), dtype=np.bool_)
    for row, roll in enumerate(rolls):
        frames[row, : len(roll)] = roll
        is_real[row, : len(roll)] = True
    return frames, is_real


def transposed(roll: Roll, semitones: int) -> Roll:
    """The same music higher (+) or lower (-); what leaves the keyboard is lost."""
    moved = np.zeros_like(roll)
    if semitones >= 0:
        moved[:, semitones:] = roll[:, : roll.shape[1] - semitones]
    else:
        moved[:, :semitones] = roll[:, -semitones:]
    return moved


def windows(
    rolls: Sequence[Roll], rng: np.random.Generator, *, n_frames: int, batch_size: int
) -> Iterator[list[Roll]]:
    """Cut rolls into windows, shuffle them, and group those of like length into batches.

    A roll of up to `n_frames` frames stays whole. Where a longer one is cut is drawn anew each
    time; every frame is in exactly one window.
    """
    cut: list[Roll] = []
    for roll in rolls:
        first = int(rng.integers(1, n_frames + 1)) if len(roll) > n_frames else n_frames
        cut.extend(part for part in np.split(roll, range(first, len(roll), n_frames)) if len(part))
    order = rng.permutation(len(cut))
    length_class = np.array([len(cut[i]) // _LENGTH_CLASS_FRAMES for i in order])
    order = order[np.argsort(length_class, kind="stable")]
    groups = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    for group in rng.permutation(len(groups)):
        yield [cut[i] for i in groups[group]]
