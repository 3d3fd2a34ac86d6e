"""Run an experiment and write what it found: CSV, JSON, PNG, and a page that says everything."""

from __future__ import annotations

import csv
import io
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.conditions import conditions, shipped_digests
from ensembles.experiments.registry import find_experiment
from musebots.errors import ConfigError

__all__ = ["ExperimentReport", "run_experiment"]

DOTS_PER_INCH = 120


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """A run, and where it is written.

    Parameters
    ----------
    name : str
    settings : ExperimentSettings
    result : ExperimentResult
    conditions : mapping of str to Cell
        Versions, machine, duration.
    checkpoints : mapping of str to str
        Name and sha256 of the networks.
    files : tuple of Path
        Everything that was written, the page first.
    """

    name: str
    settings: ExperimentSettings
    result: ExperimentResult
    conditions: Mapping[str, Cell]
    checkpoints: Mapping[str, str]
    files: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """All but the pictures, for other programs; NaN and infinity become null."""
        return {
            "experiment": self.name,
            "is_quick": self.settings.is_quick,
            "seed": self.settings.seed,
            "parameters": dict(self.result.parameters),
            "notes": list(self.result.notes),
            "tables": {table.name: _table_json(table) for table in self.result.tables},
            "checkpoints": dict(self.checkpoints),
            "conditions": dict(self.conditions),
            "files": [str(path) for path in self.files],
        }


def run_experiment(name: str, settings: ExperimentSettings) -> ExperimentReport:
    """Run one experiment and write its tables, plots and page into ``settings.folder``.

    Raises
    ------
    ConfigError
        If there is no such experiment, or the folder cannot be written.
    OutputUnavailable
        If a library is missing.
    CorpusMissing
        If a corpus is.
    """
    experiment = find_experiment(name)
    run = experiment.load()
    for path in experiment.corpora:
        settings.corpus(path)
    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{settings.folder} cannot be made a folder: {error.strerror}; give another with -o"
        ) from error
    started = time.perf_counter()
    result = run(settings)
    seconds = round(time.perf_counter() - started, 1)
    report = ExperimentReport(
        name,
        settings,
        result,
        {**conditions(), "seconds": seconds},
        {**shipped_digests(), **result.checkpoints},
        _paths(settings.folder, result),
    )
    _write(report, experiment.description)
    return report


def _paths(folder: Path, result: ExperimentResult) -> tuple[Path, ...]:
    names = ["report.md", "tables.json"]
    names += [f"{table.name}.csv" for table in result.tables]
    names += [f"{plot.name}.png" for plot in result.plots]
    return tuple(folder / name for name in names)


def _write(report: ExperimentReport, description: str) -> None:
    folder, result = report.settings.folder, report.result
    texts = {"report.md": _page(report, description), "tables.json": _tables_json(result)}
    texts |= {f"{table.name}.csv": _csv(table) for table in result.tables}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    for plot in result.plots:
        _draw(plot, folder / f"{plot.name}.png")


def _tables_json(result: ExperimentResult) -> str:
    tables = {table.name: _table_json(table) for table in result.tables}
    return json.dumps(tables, indent=1, allow_nan=False) + "\n"


def _table_json(table: Table) -> dict[str, Any]:
    rows = [[_plain(cell) for cell in row] for row in table.rows]
    return {"title": table.title, "columns": list(table.columns), "rows": rows}


def _plain(cell: Cell) -> Cell:
    """JSON knows no NaN."""
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([["" if cell is None else cell for cell in row] for row in table.rows])
    return text.getvalue()


def _page(report: ExperimentReport, description: str) -> str:
    result, settings = report.result, report.settings
    command = f"musebots experiment {report.name} --seed {settings.seed}"
    parts = [
        f"# {report.name}",
        f"{description[0].upper()}{description[1:]}.",
        f"`{command}{' --quick' if settings.is_quick else ''}`"
        + (": a quick run, for tests; its figures are no results." if settings.is_quick else ""),
    ]
    for table in result.tables:
        parts += [f"## {table.title}", _markdown(table.columns, table.rows)]
    for plot in result.plots:
        parts += [f"![{plot.caption}]({plot.name}.png)", plot.caption]
    if result.notes:
        parts += ["## Notes", "\n".join(f"- {note}" for note in result.notes)]
    for title, values in (
        ("Settings", result.parameters),
        ("Networks (sha256)", report.checkpoints),
        ("Conditions", report.conditions),
    ):
        if values:
            parts += [f"## {title}", _markdown(("what", "value"), list(values.items()))]
    return "\n\n".join(parts) + "\n"


def _markdown(columns: tuple[str, ...], rows: Any) -> str:
    lines = [columns, ["---"] * len(columns), *([_shown(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(cell: Cell) -> str:
    """A cell for people: four significant digits, words instead of truth values."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return str(cell).replace("|", "\\|")


def _draw(plot: Plot, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=plot.size_inches, layout="constrained")
    FigureCanvasAgg(figure)
    plot.draw(figure)
    figure.savefig(path, dpi=DOTS_PER_INCH)
