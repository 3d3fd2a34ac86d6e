"""Fitting how hard a voice strikes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from musebots.rnn.dynamics import LEVEL_TABLES
from musebots.rnn.exact import on_grid
from musebots.training.encode import EncodedPiece
from musebots.training.levels import fit_levels, level_nats

N_NOTES = 400


def part(seed: int, *, is_known: bool = True) -> EncodedPiece:
    """A part whose level is mostly that of a bar ago, else any."""
    rng = np.random.default_rng(seed)
    heard = np.stack([rng.integers(9, size=N_NOTES), rng.integers(1, 9, size=N_NOTES),
                      rng.integers(16, size=N_NOTES)], axis=1).astype(np.int8)  # fmt: skip
    is_same = rng.random(N_NOTES) < 0.8
    levels = np.where(is_same, heard[:, 1] - 1, rng.integers(8, size=N_NOTES)).astype(np.int8)
    if not is_known:
        levels[:] = -1
    nothing = np.zeros(N_NOTES)
    return EncodedPiece(
        name="p", group="g", features=nothing[:, None].astype(np.int16),
        tokens=nothing.astype(np.int16), is_note=nothing > -1, levels=levels[:, None],
        offset=nothing[:, None].astype(np.float32), heard_levels=heard,
        bar_starts=np.arange(0, N_NOTES, 16),
    )  # fmt: skip


def test_fitted_tables_foretell_other_parts_of_the_kind() -> None:
    tables = fit_levels([part(seed) for seed in range(4)])
    assert set(tables) == set(LEVEL_TABLES)
    # 0.8 of them are the bar before's, the rest any of eight: 0.86 nats at best
    assert level_nats(tables, [part(99)]) < 1.1
    assert all(np.array_equal(on_grid(table), table) for table in tables.values())


def test_without_levels_there_are_no_tables() -> None:
    assert fit_levels([part(0, is_known=False)]) == {}
    assert np.isnan(level_nats({}, [part(0)]))
