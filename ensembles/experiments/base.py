"""What goes into an experiment and what comes out of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from musebots.errors import CorpusMissing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ensembles.progress import ShareDone

__all__ = ["Cell", "ExperimentResult", "ExperimentSettings", "Plot", "Table"]

Cell = str | int | float | bool | None
"""A value in a table; None is an empty cell: not measured, or not defined."""


def _tell_nobody(share: float, label: str | None = None, /) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """What a run is given.

    Parameters
    ----------
    folder : Path
        Where results go; it exists when the experiment is run.
    is_quick : bool
        The smallest run that goes through all of the code.
    seed : int
        Of all that is random.
    corpora : Path or None
        The folder with ``events``, ``poly_music`` and ``targets``.
    progress : callable
        Hears the share done, 0..1, and what is being done.
    """

    folder: Path
    is_quick: bool = False
    seed: int = 0
    corpora: Path | None = None
    progress: ShareDone = _tell_nobody

    def corpus(self, path: str) -> Path:
        """A file or folder of the corpora, by its path below them: ``events/groove.jsonl.gz``.

        Raises
        ------
        CorpusMissing
            If no corpora were given, or they hold no such file.
        """
        if self.corpora is None:
            raise CorpusMissing(f"this experiment needs {path}: give --corpora DIR, its folder")
        found = self.corpora / path
        if not found.exists():
            raise CorpusMissing(f"this experiment needs {path}, and {self.corpora} has none")
        return found


@dataclass(frozen=True, slots=True)
class Table:
    """One table of results.

    Parameters
    ----------
    name : str
        Of its file, without suffix: letters, digits, ``-`` and ``_``.
    title : str
        What it shows, for people.
    columns : tuple of str
        With units, where there are any.
    rows : tuple of tuple of Cell
        Each as long as `columns`.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        if not self.name or not all(c.isalnum() or c in "-_" for c in self.name):
            raise ValueError(f"a table's name is a file's name without suffix, got {self.name!r}")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name}: {len(self.columns)} columns, but a row of {len(row)}: "
                    f"{row!r}"
                )

    def column(self, name: str) -> list[Cell]:
        """The values of one column, from the top."""
        index = self.columns.index(name)
        return [row[index] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture.

    Parameters
    ----------
    name : str
        Of its file, without suffix.
    caption : str
        What it shows, for people.
    draw : callable
        Draws on an empty matplotlib figure.
    size_inches : tuple of float
        Width and height.
    """

    name: str
    caption: str
    draw: Callable[[Figure], None]
    size_inches: tuple[float, float] = (8.0, 4.5)


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """What an experiment found.

    Parameters
    ----------
    tables : tuple of Table
    plots : tuple of Plot
    notes : tuple of str
        Sentences: what is counted, what to beware of, what took how long.
    parameters : mapping of str to Cell
        Sizes and settings of this run.
    checkpoints : mapping of str to str
        Networks beside the shipped ones that took part: name and sha256.
    """

    tables: tuple[Table, ...]
    plots: tuple[Plot, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: Mapping[str, Cell] = field(default_factory=dict)
    checkpoints: Mapping[str, str] = field(default_factory=dict)
