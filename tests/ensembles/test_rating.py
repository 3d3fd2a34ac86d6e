"""Pairs are asked blindly, and what listeners answer comes back as a curve and a weight."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creativity.assessor.taste import FEATURES
from ensembles.cli.app import app
from ensembles.rating import export_pairs, fit_taste, report_ratings
from musebots.errors import ConfigError

N_PAIRS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rating")
    export_pairs(folder, n_pairs=N_PAIRS, seed=0)
    return folder


def filled_in(
    folder: Path, out: Path, *, n_listeners: int, steered_wins: bool, question: str = "creative"
) -> Path:
    """A sheet answered by listeners who all prefer the steered clips, or the others."""
    key = json.loads((folder / "key.json").read_text())
    with (folder / "sheet.csv").open(newline="") as file:
        asked = list(csv.DictReader(file))
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(asked[0]))
        writer.writeheader()
        for listener in range(n_listeners):
            for row in asked:
                if row["question"] != question:
                    continue
                is_first = (key[row["first"]]["fader"] != 0) == steered_wins
                answer = "first" if is_first else "second"
                writer.writerow({**row, "listener": f"l{listener}", "answer": answer})
    return out


def test_the_sheet_tells_nothing_and_the_key_everything(folder: Path) -> None:
    key = json.loads((folder / "key.json").read_text())
    assert len(key) == 2 * N_PAIRS
    faders = [about["fader"] for about in key.values()]
    assert faders.count(0.0) == N_PAIRS
    assert all(len(about["features"]) == len(FEATURES) for about in key.values())
    text = (folder / "sheet.csv").read_text()
    assert "fader" not in text
    for name in key:
        assert (folder / f"{name}.mid").is_file()


def test_both_clips_of_a_pair_begin_alike(folder: Path) -> None:
    key = json.loads((folder / "key.json").read_text())
    by_pair: dict[int, set[int]] = {}
    for about in key.values():
        by_pair.setdefault(about["pair"], set()).add(about["seed"])
    assert all(len(seeds) == 1 for seeds in by_pair.values())


def test_the_human_curve_is_what_was_answered(folder: Path, tmp_path: Path) -> None:
    sheet = filled_in(folder, tmp_path / "sheet.csv", n_listeners=6, steered_wins=True)
    database = tmp_path / "ratings.sqlite"
    fit_taste([sheet], database, folder / "key.json", tmp_path / "taste.json", seed=0)
    found = report_ratings(database, folder / "key.json", seed=0)["questions"]
    curve = found["creative"]["curve"]
    assert [row["chosen"] for row in curve] == [1.0] * 4
    assert [row["fader"] for row in curve] == [-1.0, -0.5, 0.5, 1.0]
    assert found["hear on"]["curve"] == []
    taste = json.loads((tmp_path / "taste.json").read_text())["questions"]
    assert len(taste["creative"]["weights"]) == len(FEATURES)
    assert "weights" not in taste["hear on"]


def test_each_pair_is_asked_about_twice_and_the_two_answers_are_kept_apart(
    folder: Path, tmp_path: Path
) -> None:
    with (folder / "sheet.csv").open(newline="") as file:
        asked = list(csv.DictReader(file))
    for one, other in zip(asked[::2], asked[1::2], strict=True):
        assert (one["first"], one["second"]) == (other["first"], other["second"])
        assert (one["question"], other["question"]) == ("creative", "hear on")
    sheets = [
        filled_in(folder, tmp_path / f"{question}.csv", n_listeners=6,
                  steered_wins=question == "creative", question=question)
        for question in ("creative", "hear on")
    ]  # fmt: skip
    database = tmp_path / "ratings.sqlite"
    fit_taste(sheets, database, folder / "key.json", tmp_path / "taste.json", seed=0)
    found = report_ratings(database, folder / "key.json", seed=0)
    chosen = {
        question: {row["chosen"] for row in of["curve"]}
        for question, of in found["questions"].items()
    }
    assert chosen == {"creative": {1.0}, "hear on": {0.0}}


def test_few_listeners_leave_the_proxy_in_place_and_the_command_says_so(
    folder: Path, tmp_path: Path
) -> None:
    sheet = filled_in(folder, tmp_path / "sheet.csv", n_listeners=2, steered_wins=False)
    options = ["--ratings", str(tmp_path / "r.sqlite"), "--key", str(folder / "key.json")]
    runner = CliRunner()
    taste = str(tmp_path / "taste.json")
    fitted = runner.invoke(app, ["rate", "fit", str(sheet), *options, "-o", taste])
    assert fitted.exit_code == 0, fitted.output
    assert "w = 0.00" in fitted.output
    told = runner.invoke(app, ["rate", "report", *options])
    assert "machine proxy" in told.output
    assert "chosen over 0 in 0%" in told.output


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("[]")
    with pytest.raises(ConfigError, match="rate export"):
        fit_taste([], tmp_path / "r.sqlite", tmp_path / "key.json", tmp_path / "t.json", seed=0)
