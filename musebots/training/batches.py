"""Windows of encoded pieces, in batches, anew for every epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from musebots.training.encode import EncodedPiece

__all__ = ["Batch", "batches"]

_LENGTH_CLASSES = 8
_SHARE_FROM_START = 0.25


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows side by side, the shorter ones filled up.

    Parameters
    ----------
    features : Tensor
        (n_windows, n_steps, n_features), int64.
    tokens : Tensor
        (n_windows, n_steps), int64.
    is_real : Tensor
        (n_windows, n_steps), 1.0 where there is music and 0.0 where it was filled up.
    levels, offset : Tensor
        (n_windows, n_steps, 9) for drums and 1 for a voice, int64 and float32; level -1 where
        nothing is struck or its level is not known.
    """

    features: Tensor
    tokens: Tensor
    is_real: Tensor
    levels: Tensor
    offset: Tensor


@dataclass(frozen=True, slots=True)
class _Window:
    piece: EncodedPiece
    first: int
    last: int


def batches(
    pieces: Sequence[EncodedPiece],
    rng: np.random.Generator,
    *,
    window_steps: int,
    batch_size: int,
    per_piece: int,
    dropouts: npt.NDArray[np.float32],
) -> Iterator[Batch]:
    """Cut every piece into windows that start at bar lines, shuffle them, and stack them.

    Where the first window starts is drawn anew each time, so that the network meets every bar at
    every distance from its initial state; a quarter of the pieces start at their beginning.
    """
    windows: list[_Window] = []
    for piece in pieces:
        windows.extend(_windows_of(piece, rng, window_steps, per_piece))
    order = rng.permutation(len(windows))
    # windows of like length together, or the filling would cost more than the music
    rank = [-((windows[i].last - windows[i].first) * _LENGTH_CLASSES // window_steps)
            for i in order]  # fmt: skip
    order = order[np.argsort(rank, kind="stable")]
    groups = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    for group in rng.permutation(len(groups)):
        yield _stacked([windows[i] for i in groups[group]], rng, dropouts)


def _windows_of(
    piece: EncodedPiece, rng: np.random.Generator, window_steps: int, per_piece: int
) -> list[_Window]:
    n_steps = len(piece.tokens)
    fresh = piece.bar_starts[piece.bar_starts < window_steps]
    first = 0 if rng.random() < _SHARE_FROM_START else int(rng.choice(fresh))
    bar = int(piece.bar_starts[1]) if len(piece.bar_starts) > 1 else n_steps
    stride = window_steps // bar * bar
    starts = [0] if first else []
    starts += list(range(first, n_steps, stride))
    ends = [first] if first else []
    ends += [min(start + stride, n_steps) for start in range(first, n_steps, stride)]
    found = [_Window(piece, start, end) for start, end in zip(starts, ends, strict=True)]
    if len(found) > per_piece:
        found = [found[i] for i in rng.choice(len(found), per_piece, replace=False)]
    return found


def _stacked(
    windows: Sequence[_Window], rng: np.random.Generator, dropouts: npt.NDArray[np.float32]
) -> Batch:
    shape = (len(windows), max(window.last - window.first for window in windows))
    features = np.zeros((*shape, len(dropouts)), dtype=np.int64)
    tokens = np.zeros(shape, dtype=np.int64)
    is_real = np.zeros(shape, dtype=np.float32)
    n_columns = windows[0].piece.levels.shape[1]
    levels = np.full((*shape, n_columns), -1, dtype=np.int64)
    offset = np.zeros((*shape, n_columns), dtype=np.float32)
    for row, window in enumerate(windows):
        cut, steps = slice(0, window.last - window.first), slice(window.first, window.last)
        is_heard = rng.random(len(dropouts)) >= dropouts
        features[row, cut] = window.piece.features[steps] * is_heard
        tokens[row, cut] = window.piece.tokens[steps]
        is_real[row, cut] = 1.0
        levels[row, cut] = window.piece.levels[steps]
        offset[row, cut] = window.piece.offset[steps]
    arrays = (features, tokens, is_real, levels, offset)
    return Batch(*(torch.from_numpy(array) for array in arrays))
