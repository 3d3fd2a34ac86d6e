"""Pictures of `ensembles.experiments.samples`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ensembles.experiments.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["overview"]

_REACH = 3.0


def overview(
    role: str, comparisons: Mapping[tuple[str, str], Mapping[str, Comparison]]
) -> Callable[[Figure], None]:
    """Where our means lie on a scale on which -1 and 1 are the real quartiles, 0 their middle."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        cells = [cell for cell in comparisons if cell[0] == role]
        names = list(comparisons[cells[0]]) if cells else []
        axes.axvspan(-1, 1, color="0.9", label="real quartiles")
        for cell in cells:
            places = [_place(comparisons[cell][name]) for name in names]
            rows = range(len(names))
            axes.plot(places, rows, "o", label=cell[1], alpha=0.8)
        axes.set_yticks(range(len(names)), names)
        axes.set_xlim(-_REACH - 0.2, _REACH + 0.2)
        axes.set_xlabel("our mean; beyond the edge it is drawn there")
        axes.invert_yaxis()
        axes.legend(loc="best", fontsize="small")

    return draw


def _place(one: Comparison) -> float:
    half = (one.high - one.low) / 2
    if one.is_inside and half == 0:
        return 0.0
    away = (one.ours_mean - (one.high + one.low) / 2) / max(half, 1e-9)
    return max(-_REACH, min(_REACH, away))
