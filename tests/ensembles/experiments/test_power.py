"""Planted deviations are where they are said to be, and counted as they should be."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.detection import auroc, resampled_aurocs
from ensembles.experiments.detectors import TogetherScan, baselines, scans
from ensembles.experiments.planting import NORMAL, WINDOW_STEPS, Plant, Source
from ensembles.experiments.plants import REFERENCE
from ensembles.experiments.power_tables import OURS
from ensembles.experiments.running import run_experiment
from ensembles.experiments.second_look import SecondLook


@pytest.fixture(scope="module")
def source() -> Source:
    source = Source("bass")
    normal = source.normal(4, 64, np.random.default_rng(0))
    source.measure(normal.reshape(-1, normal.shape[-1]))
    return source


def test_one_seed_plants_the_same_run(source: Source) -> None:
    one, other = (source.plant(REFERENCE, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(one.hidden, other.hidden)
    assert one.nodes.tolist() == other.nodes.tolist()


def test_a_plant_is_as_large_as_it_says_and_within_the_window(source: Source) -> None:
    run = source.plant(REFERENCE, np.random.default_rng(2))
    n_nodes = run.hidden.shape[1]
    assert run.nodes.size == round(0.1 * n_nodes)
    assert run.rows.size == round(0.25 * WINDOW_STEPS)
    assert np.all(np.diff(run.rows) == 1)
    assert run.rows[0] >= 0
    assert run.rows[-1] < WINDOW_STEPS


@pytest.mark.parametrize(
    "plant",
    [
        REFERENCE,
        Plant("injection in range", 0.4, 0.1, 0.25),
        Plant("co-activation", 0.2, 0.1, 0.25),
        Plant("noise input"),
        Plant("stuck note", step_share=0.5),
    ],
    ids=lambda plant: plant.kind,
)
def test_before_its_first_step_a_planted_run_is_the_normal_run(
    source: Source, plant: Plant
) -> None:
    planted = source.plant(plant, np.random.default_rng(3))
    first = len(planted.hidden) - WINDOW_STEPS + int(planted.rows[0])
    normal = source.plant(NORMAL, np.random.default_rng(3))
    assert np.array_equal(planted.hidden[:first], normal.hidden[:first])
    assert not np.array_equal(planted.hidden[first:], normal.hidden[first:])
    assert np.all(np.abs(planted.hidden[:first]) <= 1)
    if plant.kind == "injection":
        assert np.abs(planted.hidden[first:]).max() > 1  # beyond what a unit reaches by itself
    if plant.kind == "injection in range":
        assert np.abs(planted.hidden).max() <= 1


def test_a_stuck_note_repeats_what_it_played(source: Source) -> None:
    run = source.plant(Plant("stuck note", step_share=0.5), np.random.default_rng(4))
    normal = source.plant(NORMAL, np.random.default_rng(4))
    assert normal.rows.size == 0
    assert np.isfinite(run.surprise).all()
    assert np.isfinite(run.entropy).all()
    assert run.entropy.min() >= 0


def test_the_auroc_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    normal, deviating = rng.integers(0, 9, 40), rng.integers(2, 11, 30)
    truth = np.r_[np.zeros(40), np.ones(30)]
    expected = roc_auc_score(truth, np.r_[normal, deviating])
    assert auroc(normal, deviating) == pytest.approx(expected)


def test_resampled_aurocs_surround_the_auroc() -> None:
    rng = np.random.default_rng(6)
    normal, deviating = rng.normal(size=60), rng.normal(1.0, size=60)
    samples = resampled_aurocs({"x": normal}, {"x": deviating}, 500, 0)["x"]
    assert np.mean(samples) == pytest.approx(auroc(normal, deviating), abs=0.01)
    # the standard error of Hanley and McNeil 1982 for equal groups of 60 and AUROC .76 is .043
    assert 0.02 < np.std(samples) < 0.07


def test_every_detector_scores_a_gross_deviation_above_normal_playing(source: Source) -> None:
    rng = np.random.default_rng(7)
    fit, table = source.normal(6, 64, rng), source.normal(6, 64, rng)
    normal, gross = source.plant(NORMAL, rng), source.plant(Plant("injection", 3.0, 0.5, 1.0), rng)
    end = len(normal.hidden)
    for detector in [*scans(fit, table).values(), *baselines(fit, table, rng)]:
        needs_more = detector.name.startswith("note") or ".001" in detector.name
        if not needs_more:
            assert detector.score(gross, end) > detector.score(normal, end), detector.name


def test_a_quick_run_fills_every_table(tmp_path) -> None:
    report = run_experiment("power", ExperimentSettings(tmp_path, is_quick=True))
    tables = {table.name: table for table in report.result.tables}
    assert set(tables) == {"goals", "margins", "power", "places"}
    assert {row[0] for row in tables["goals"].rows} == {"bass"}
    assert OURS in tables["power"].column("detector")
    assert all(0 <= value <= 1 for value in tables["power"].column("AUROC"))


def test_a_second_look_names_one_passage_and_more_pushed_nodes_than_chance(source: Source) -> None:
    rng = np.random.default_rng(6)
    fit, table = source.normal(6, 64, rng), source.normal(6, 64, rng)
    source.measure(fit.reshape(-1, fit.shape[-1]))
    own = scans(fit, table)
    parts = [own["scan, raw, Higher Criticism"]]
    scan = TogetherScan("together", parts, parts, [source.plant(NORMAL, rng) for _ in range(6)])
    plant = Plant("injection", 0.4, 0.1, 0.25)
    look = SecondLook("look", scan, fit, table, [source.plant(plant, rng) for _ in range(8)])
    shares = []
    for _ in range(4):
        run = source.plant(plant, rng)
        place = look.found(run, len(run.hidden))
        assert place.rows.tolist() == list(range(place.rows[0], place.rows[-1] + 1))
        assert 0 <= place.rows[0] <= place.rows[-1] < WINDOW_STEPS
        shares.append(np.isin(place.columns, run.nodes).sum() / max(1, place.columns.size))
    assert np.mean(shares) > 0.3  # .1 of the nodes are pushed
