"""Passages are what they are said to be, and the claims are counted from them. Seed 0."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.claims_tables import PAPER
from ensembles.experiments.passages import KINDS, LEAD_IN_STEPS, WINDOW_STEPS, Stage
from ensembles.experiments.running import run_experiment
from ensembles.experiments.verdicts import word


@pytest.fixture(scope="module", params=["melody", "drums"])
def stage(request):
    stage = Stage(request.param)
    rng = np.random.default_rng(0)
    stage.measure([stage.run("normal", 0, rng) for _ in range(3)])
    return stage


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_a_passage_is_normal_playing(stage, kind):
    before = LEAD_IN_STEPS + WINDOW_STEPS - 16
    n_different = 0
    for seed in range(6):  # bold choices may happen to be the usual ones
        normal = stage.run("normal", 0, np.random.default_rng(seed))
        passage = stage.run(kind, 16, np.random.default_rng(seed))
        assert np.array_equal(normal.hidden[:before], passage.hidden[:before])
        assert np.array_equal(normal.notes[:before], passage.notes[:before])
        assert passage.n_creative == 16
        n_different += not np.array_equal(normal.hidden[before:], passage.hidden[before:])
    assert n_different >= 3


def test_a_stuck_note_repeats_and_normal_playing_does_not():
    stage = Stage("melody")
    stuck = stage.run("stuck note", 16, np.random.default_rng(1))
    assert len(np.unique(stuck.notes[-16:, 27])) == 1  # one pitch


def test_a_variation_has_the_rhythm_of_its_phrase_upside_down():
    stage = Stage("melody")
    for seed in range(8):
        run = stage.run("variation", WINDOW_STEPS, np.random.default_rng(seed))
        onsets, intervals = run.notes[:, 24], run.notes[:, 28]
        phrase = slice(LEAD_IN_STEPS - WINDOW_STEPS, LEAD_IN_STEPS)
        assert np.array_equal(onsets[phrase], onsets[LEAD_IN_STEPS:])
        inner = np.flatnonzero(onsets[phrase])[1:]
        one, other = intervals[phrase][inner], intervals[LEAD_IN_STEPS:][inner]
        folded = np.abs(one + other) % 12  # a pitch out of range is folded by octaves
        assert np.all(folded == 0)


def test_a_quick_run_answers_all_four_claims(tmp_path):
    report = run_experiment("claims", ExperimentSettings(tmp_path, is_quick=True))
    tables = {table.name: table for table in report.result.tables}
    claims = {str(claim)[0] for claim in tables["verdicts"].column("claim")}
    assert claims == {"1", "2", "3", "4"}
    assert set(tables["simulated_ratings"].column("raters")) == {"SIMULATED"}
    assert tables["paper"].rows == PAPER
    assert any("SIMULATED" in note for note in report.result.notes)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [((8, 0, 9), "confirmed"), ((3, 2, 9), "holds in part"), ((0, 1, 9), "refuted"),
     ((0, 0, 9), "not shown")],
)  # fmt: skip
def test_a_verdict_counts_both_directions(counts, verdict):
    assert word(*counts) == verdict
