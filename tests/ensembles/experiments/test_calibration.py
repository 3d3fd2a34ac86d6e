"""The experiment that counts what the monitor promises. Seed 0."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from creativity.background import Setup
from creativity.calibration import design_effect
from ensembles.config import load_piece
from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.drifting import drifted
from ensembles.experiments.promises import n_flags
from ensembles.experiments.running import run_experiment


def test_a_quick_run_fills_every_table(tmp_path):
    report = run_experiment("calibration", ExperimentSettings(tmp_path, is_quick=True))
    tables = {table.name: table for table in report.result.tables}
    assert set(tables) == {"false_alarms", "halves", "promises", "drift"}
    assert set(tables["false_alarms"].column("bot")) == {"melody", "bass", "drums", "band"}
    assert set(tables["drift"].column("drift")) == {"none", *drifted()}
    for share in tables["false_alarms"].column("false alarms"):
        assert 0 <= share <= 1


def test_independent_windows_have_no_design_effect_and_equal_ones_count_once():
    rng = np.random.default_rng(0)
    apart = [np.asarray(rng.random(10) < 0.1, float) for _ in range(400)]
    assert 1.0 <= design_effect(apart) < 1.3
    same = [np.full(10, float(rng.random() < 0.1)) for _ in range(400)]
    assert 8 < design_effect(same) < 12


def test_flags_are_counted_as_the_monitor_raises_them():
    setup = Setup(window_steps=4, block_steps=16)
    scores = np.zeros(64)
    scores[[5, 6, 40]] = 10.0
    assert n_flags(scores, 5.0, setup) == 2
    assert n_flags(scores, 20.0, setup) == 0


def test_a_transposed_piece_has_the_same_steps_in_another_key():
    piece = load_piece("trio")
    other, bpm = drifted()["key, a tone up"](piece)
    assert bpm is None
    before, after = piece.score(bars=8), other.score(bars=8)
    for one, two in zip(before.passages, after.passages, strict=True):
        assert two.key.tonic_pc == (one.key.tonic_pc + 2) % 12
        for a, b in zip(one.spans, two.spans, strict=True):
            assert b.chord.root_pc == (a.chord.root_pc + 2) % 12
            assert b.chord.quality == a.chord.quality
