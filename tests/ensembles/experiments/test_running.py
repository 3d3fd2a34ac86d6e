"""The frame that every experiment runs in: found by name, checked, written, repeatable."""

from __future__ import annotations

import csv
import json
import math
import sys
from types import ModuleType

import pytest

from ensembles.cli import run
from ensembles.experiments.base import ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.registry import EXPERIMENTS, Experiment, find_experiment
from ensembles.experiments.running import run_experiment
from musebots.errors import ConfigError, CorpusMissing, OutputUnavailable


def _toss(settings: ExperimentSettings) -> ExperimentResult:
    import numpy as np

    rng = np.random.default_rng(settings.seed)
    n = 2 if settings.is_quick else 20
    rows = tuple((f"coin | {i}", float(rng.random()), i, True, None) for i in range(n))
    rows += (("none", math.nan, 0, False, None),)
    return ExperimentResult(
        tables=(Table("tosses", "Tosses", ("coin", "value", "number", "is thrown", "x"), rows),),
        plots=(Plot("line", "A line", lambda f: f.subplots().plot([0, 1])),),
        notes=("Coins have no memory.",),
        parameters={"n": n},
        checkpoints={"coin": "abc"},
    )


@pytest.fixture
def toss(monkeypatch):
    module = ModuleType("toss_experiment")
    module.run = _toss  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toss_experiment", module)
    monkeypatch.setitem(EXPERIMENTS, "toss", Experiment("tosses coins", "toss_experiment", {}))


@pytest.mark.usefixtures("toss")
def test_a_run_writes_tables_plots_and_one_page(tmp_path):
    pytest.importorskip("matplotlib")
    report = run_experiment("toss", ExperimentSettings(tmp_path, is_quick=True, seed=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in report.files
    )
    page = (tmp_path / "report.md").read_text()
    for words in ("Tosses", "A line", "Coins have no memory.", "--seed 3 --quick", "| coin | abc |",
                  "python", "cores", "seconds", "coin \\| 0", "| yes |", "| no |"):  # fmt: skip
        assert words in page
    (table,) = json.loads((tmp_path / "tables.json").read_text()).values()
    with (tmp_path / "tosses.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == table["columns"]
    assert float(rows[0][1]) == table["rows"][0][1]
    assert table["rows"][-1][1] is None  # JSON knows no NaN
    assert (tmp_path / "line.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("toss")
def test_the_same_seed_gives_the_same_tables_byte_for_byte(tmp_path):
    pytest.importorskip("matplotlib")
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_experiment("toss", ExperimentSettings(tmp_path / folder, seed=seed))
    a, b, c = ((tmp_path / name / "tables.json").read_bytes() for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.usefixtures("toss")
def test_the_command_prints_json_that_another_program_reads(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert run(["experiment", "toss", "-o", str(tmp_path), "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tables"]["tosses"]["columns"][0] == "coin"
    assert found["checkpoints"]["coin"] == "abc"
    assert len(found["checkpoints"]["melody"]) == 64


@pytest.mark.usefixtures("toss")
def test_experiments_are_listed_with_and_without_list(capsys):
    assert run(["experiment"]) == 0
    listed = capsys.readouterr().out
    assert "toss" in listed
    assert run(["experiment", "toss", "--list"]) == 0
    assert capsys.readouterr().out == listed


def test_the_help_names_every_experiment(capsys):
    assert run(["experiment", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in EXPERIMENTS)


@pytest.mark.usefixtures("toss")
def test_an_unknown_experiment_is_2_and_names_the_nearest(capsys):
    assert run(["experiment", "tos"]) == 2
    assert "did you mean 'toss'?" in capsys.readouterr().err
    with pytest.raises(ConfigError):
        find_experiment("tos")


@pytest.mark.usefixtures("toss")
def test_a_missing_library_is_3_with_the_command_that_installs_it(monkeypatch, capsys, tmp_path):
    needs = {"a_library_that_nobody_has": "research"}
    monkeypatch.setitem(EXPERIMENTS, "toss", Experiment("tosses", "toss_experiment", needs))
    assert run(["experiment", "toss", "-o", str(tmp_path / "o")]) == OutputUnavailable.exit_code
    assert 'pip install "musebots[research]"' in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("toss")
def test_a_missing_corpus_is_3_and_says_what_to_give(monkeypatch, capsys, tmp_path):
    entry = Experiment("tosses", "toss_experiment", {}, ("events/coins.jsonl.gz",))
    monkeypatch.setitem(EXPERIMENTS, "toss", entry)
    monkeypatch.delenv("MUSEBOTS_CORPORA", raising=False)
    out = ["-o", str(tmp_path / "o")]
    assert run(["experiment", "toss", *out]) == CorpusMissing.exit_code == 3
    assert "events/coins.jsonl.gz: give --corpora DIR" in capsys.readouterr().err
    assert run(["experiment", "toss", *out, "--corpora", str(tmp_path)]) == 3
    assert f"{tmp_path} has none" in capsys.readouterr().err


@pytest.mark.usefixtures("toss")
def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["experiment", "toss", "-o", str(tmp_path / "file")]) == 2
    assert "give another with -o" in capsys.readouterr().err


def test_a_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match="2 columns, but a row of 1"):
        Table("t", "T", ("a", "b"), ((1,),))


def test_a_table_refuses_a_name_that_is_no_name_of_a_file():
    with pytest.raises(ValueError, match="file's name"):
        Table("a/b", "T", ("a",), ())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_loaded(name):
    for library in EXPERIMENTS[name].needs:
        pytest.importorskip(library)
    assert callable(EXPERIMENTS[name].load())
