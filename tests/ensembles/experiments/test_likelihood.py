"""The likelihood experiment goes through all of its code, and goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("scipy")
pytest.importorskip("torch")

from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.likelihood import run


def test_a_quick_run_fills_every_table_and_a_second_one_repeats_it(tmp_path: Path) -> None:
    settings = ExperimentSettings(folder=tmp_path, is_quick=True)
    result = run(settings)
    likelihood, covered, without, cells = result.tables
    assert likelihood.column("role") == ["melody", "bass", "drums"]
    assert likelihood.column("seeds") == [2, 2, 2]
    assert {"chord", "next chord", "position", "others", "earlier bars"} <= set(
        covered.column("covered")
    )
    assert set(without.column("without")) == {
        "nothing", "chord, next chord", "earlier bars, recall", "others",
    }  # fmt: skip
    assert len(set(cells.column("parameters"))) == 2  # the sizes are those of the trial, not all
    trained = sorted((tmp_path / "networks").glob("*.safetensors"))
    before = [path.stat().st_mtime_ns for path in trained]
    assert run(settings).tables == result.tables
    assert [path.stat().st_mtime_ns for path in trained] == before
