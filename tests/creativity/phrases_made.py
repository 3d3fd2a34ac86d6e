"""Phrases made by hand, so that what is judged of them can be told by looking."""

from __future__ import annotations

import numpy as np

from musebots.novelty.phrases import Phrases, pitches_of
from musebots.rnn.vocabulary import Role

C_MAJOR = sum(1 << pc for pc in (0, 2, 4, 5, 7, 9, 11))
N_STEPS = 96


def phrases_of(role: Role, symbols: list[list[int]] | np.ndarray, n_before: int = 64) -> Phrases:
    """In C major over C, in 4/4; `symbols` (n, n_steps)."""
    table = np.asarray(symbols, dtype=np.int64)
    zeros = np.zeros_like(table)
    pitch = np.full_like(table, -1)
    if role != "drums":
        pitch = pitches_of(role, table, zeros, zeros)
    place = zeros + np.arange(table.shape[1]) % 16
    return Phrases(role, table, pitch, place, zeros, zeros, zeros + C_MAJOR, n_before)


def random_walks(n: int, seed: int = 0, n_steps: int = N_STEPS) -> np.ndarray:
    """Melodies in quavers that step up and down the keyboard."""
    rng = np.random.default_rng(seed)
    pitch = 60 + rng.integers(-2, 3, (n, n_steps // 2)).cumsum(axis=1) % 12
    symbols = np.ones((n, n_steps), dtype=np.int64)
    symbols[:, ::2] = 2 + pitch - 43
    return symbols
