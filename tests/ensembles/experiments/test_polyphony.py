"""The piano-roll benchmark: the toy run learns, is kept, repeats; the files are read or refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("scipy")

import scipy.io

from ensembles.cli import run as run_command
from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.polyphony import measuring, run
from ensembles.experiments.polyphony.collections import (
    COLLECTION_FILES,
    read_collection,
    toy_collection,
)
from ensembles.experiments.polyphony.leakage import fresh_rolls, shared_share, top_line
from ensembles.experiments.polyphony.measuring import measure
from ensembles.experiments.polyphony.trials import TRIALS, toy_trials
from musebots.errors import CorpusError, CorpusMissing
from musebots.training.polyphony.rolls import Rolls


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ExperimentSettings:
    return ExperimentSettings(tmp_path_factory.mktemp("polyphony"), is_quick=True)


def test_quick_networks_beat_frequencies_and_a_second_run_reads_them(
    settings: ExperimentSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(settings)
    table = first.tables[0]
    names, test = table.column("network"), table.column("test")
    assert names == ["how often each key sounds", "GRU", "LSTM-NADE", "LSTM-NADE, intervals"]
    assert all(isinstance(nats, float) and nats < 0.8 * test[0] for nats in test[1:])
    assert [row[3] for row in table.rows] == [0, 2, 1, 1]
    assert table.column("95 % interval, +-")[1] > 0
    assert len(list((settings.folder / "runs").iterdir())) == 4

    monkeypatch.setattr(measuring, "fit", None)  # nothing is trained again
    assert run(settings).tables == first.tables


def test_a_kept_training_of_other_settings_or_a_damaged_one_is_run_again(tmp_path: Path) -> None:
    rolls = toy_collection(0)
    trial = toy_trials()[0]
    short = replace(trial, settings=replace(trial.settings, n_epochs=1))
    first = measure(short, rolls, seed=0, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    longer = replace(trial, settings=replace(trial.settings, n_epochs=2))
    assert measure(longer, rolls, seed=0, folder=tmp_path).n_epochs == 2
    file.write_text("{")
    again = measure(short, rolls, seed=0, folder=tmp_path)
    assert replace(again, minutes=0.0) == replace(first, minutes=0.0)
    assert json.loads(file.read_text())["measured"]["test"] == first.test


def test_the_full_size_without_corpora_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match="poly_music/JSB_Chorales.mat: give --corpora DIR"):
        run(ExperimentSettings(tmp_path))


def test_the_command_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    assert run_command(["experiment", "polyphony", "--quick", "-o", str(tmp_path)]) == 0
    page = (tmp_path / "report.md").read_text()
    assert "The official split leaks" in page
    assert "Bai, Kolter, Koltun" in page


def test_every_trial_names_a_collection_and_a_file_of_its_own() -> None:
    names = {(trial.collection, trial.file_name) for trial in TRIALS}
    assert len(names) == len(TRIALS)
    assert {trial.collection for trial in TRIALS} == {Path(f).stem for f in COLLECTION_FILES}


def _mat(path: Path, **cells: object) -> Path:
    boxes = {}
    for name, rolls in cells.items():
        boxes[name] = np.empty((1, len(rolls)), dtype=object)  # type: ignore[arg-type]
        for i, roll in enumerate(rolls):  # type: ignore[arg-type]
            boxes[name][0, i] = roll
    scipy.io.savemat(path, boxes)
    return path


def test_a_mat_file_is_read_with_its_splits(tmp_path: Path) -> None:
    roll = np.zeros((3, 88), dtype=np.uint8)
    roll[1, 40] = 1
    file = _mat(
        tmp_path / "Songs.mat", traindata=[roll, roll[:2]], validdata=[roll], testdata=[roll]
    )
    rolls = read_collection(file)
    assert (rolls.name, rolls.n_keys) == ("Songs", 88)
    assert [len(r) for r in rolls.train] == [3, 2]
    assert np.array_equal(rolls.test[0], roll)


def test_files_that_hold_no_rolls_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mat"
    text.write_text("no rolls")
    roll = np.zeros((3, 12))
    narrow = _mat(tmp_path / "narrow.mat", traindata=[roll], validdata=[roll], testdata=[roll])
    unsplit = _mat(tmp_path / "unsplit.mat", traindata=[roll])
    for file, words in ((text, "holds no piano-rolls"), (narrow, r"shape \(3, 12\)"),
                        (unsplit, "validdata")):  # fmt: skip
        with pytest.raises(CorpusError, match=words):
            read_collection(file)


def test_the_top_line_is_written_once_for_as_long_as_it_stays() -> None:
    roll = np.zeros((5, 8), dtype=np.uint8)
    roll[0, [2, 6]] = roll[1, 6] = roll[2, 3] = roll[4, 3] = 1
    assert top_line(roll) == [6, 3, -1, 3]


def test_a_tune_harmonised_anew_is_a_twin_and_a_new_tune_is_none() -> None:
    rng = np.random.default_rng(0)

    def roll(tops: list[int], bass: int) -> np.ndarray:
        made = np.zeros((len(tops), 40), dtype=np.uint8)
        made[np.arange(len(tops)), tops] = 1
        made[:, bass] = 1
        return made

    tune, other = (rng.permutation(np.arange(10, 40)).tolist() for _ in range(2))
    rolls = Rolls("x", (roll(tune, 0),), (), (roll(tune, 5), roll(other, 0)))
    assert shared_share(rolls.test[0], rolls.train) == 1.0
    assert shared_share(rolls.test[1], rolls.train) == 0.0
    (fresh,) = fresh_rolls(rolls)
    assert fresh is rolls.test[1]


def test_the_benchmark_has_its_known_sizes() -> None:
    corpora = os.environ.get("MUSEBOTS_CORPORA")
    if corpora is None or not (Path(corpora) / COLLECTION_FILES[0]).exists():
        pytest.skip("set MUSEBOTS_CORPORA to a folder with poly_music to check its sizes")
    sizes = {}
    for file in COLLECTION_FILES:
        rolls = read_collection(Path(corpora) / file)
        sizes[rolls.name] = (len(rolls.train), len(rolls.valid), len(rolls.test))
    assert sizes == {"JSB_Chorales": (229, 76, 77), "Nottingham": (694, 173, 170)}
