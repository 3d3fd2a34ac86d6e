"""Velocities as levels around a part's own middle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.generators import StepContext
from musebots.rnn.dynamics import (
    LEVEL_TABLES,
    LevelModel,
    heard_levels_of,
    relative_levels,
    velocity_of_level,
)
from musebots.rnn.memory import Memory
from musebots.rnn.vocabulary import FIRST_NOTE, MelodyVocabulary


@given(st.integers(-20, 20), st.lists(st.integers(40, 100), min_size=8, max_size=40))
def test_a_louder_mix_changes_no_level(gain: int, velocities: list[int]) -> None:
    played = np.array(velocities, dtype=np.float32)
    assert np.array_equal(relative_levels(played), relative_levels(played + gain))


def test_flat_parts_tell_nothing() -> None:
    for flat in ([80] * 20, [80, 90] * 10, [80, 81, 80, 79, 78, 80, 80, 80]):
        assert (relative_levels(np.array(flat, dtype=np.float32)) == -1).all()


@given(level=st.integers(0, 6), intensity=st.floats(0, 1), uniform=st.floats(0, 1))
def test_a_higher_level_is_louder_and_all_are_midi(
    level: int, intensity: float, uniform: float
) -> None:
    soft, loud = (velocity_of_level(one, intensity, uniform) for one in (level, level + 1))
    assert 1 <= soft < loud <= 127


def test_intensity_moves_the_middle_and_widens_the_accents() -> None:
    calm, wild = ([velocity_of_level(level, i, 0.5) for level in (0, 4, 7)] for i in (0.1, 0.9))
    assert wild[1] > calm[1] + 25
    assert wild[2] - wild[0] > calm[2] - calm[0] + 20


def test_logits_are_the_sum_of_what_is_heard() -> None:
    tables = [np.arange(n * 8, dtype=np.float32).reshape(n, 8) for n in (9, 9, 24)]
    model = LevelModel.of(dict(zip(LEVEL_TABLES, tables, strict=True)))
    assert model is not None
    assert model.logits((1, 2, 3)).tolist() == [48 + 3 * i for i in range(8)]


def test_what_is_heard_is_the_last_note_the_bar_before_and_the_place() -> None:
    memory = Memory(MelodyVocabulary(("folk",), "folk"))
    for step in range(16):
        memory.observe(StepContext(step), FIRST_NOTE, loudness=1 + step % 8)
    assert heard_levels_of(StepContext(0), memory) == (8, 1, 0)
    memory.observe(StepContext(0), FIRST_NOTE, loudness=6)
    assert heard_levels_of(StepContext(5), memory) == (6, 6, 5)
    assert heard_levels_of(StepContext(99), memory)[2] == 23


def test_tables_that_do_not_fit_are_refused() -> None:
    assert LevelModel.of({}) is None
    tables = {name: np.zeros((9, 8), dtype=np.float32) for name in LEVEL_TABLES}
    with pytest.raises(ValueError, match=r"levels\.step is missing or misshapen"):
        LevelModel.of(tables)
