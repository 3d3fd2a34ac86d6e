"""The experiment goes through its code, and keeps what it has measured."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("scipy")
pytest.importorskip("torch")

from ensembles.experiments.base import ExperimentSettings
from ensembles.experiments.steering import QUICK_ARMS, run


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_quick_run_fills_every_table_and_keeps_what_it_measured(tmp_path: Path) -> None:
    settings = ExperimentSettings(folder=tmp_path, is_quick=True)
    result = run(settings)
    tables = {table.name: table for table in result.tables}
    summary = tables["summary"]
    assert summary.column("way") == list(QUICK_ARMS) * 3
    assert all(isinstance(value, float) for value in summary.column("slope of S"))
    assert tables["band"].column("alpha") == [-0.5, 0.0, 0.5]
    assert tables["band"].rows[1][4] is not None
    assert all(table.rows for table in result.tables)
    kept = sorted(path.name for path in (tmp_path / "arms" / "bass").glob("*.npz"))
    assert kept == ["best-of-2.s0.npz", "nn.s0.npz", "vector--tuned.s0.npz"]
