"""Pictures of `ensembles.experiments.band`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ensembles.experiments.comparison import quartiles
from musebots.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["overview"]

_REACH = 4.0


def overview(measures: Sequence[str], found: Mapping[str, FloatArray]) -> Callable[[Figure], None]:
    """Where each band's means lie on a scale on which -1 and 1 are the real quartiles."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvspan(-1, 1, color="0.9", label="real quartiles")
        for band, values in found.items():
            places = [_place(found["real"][:, i], values[:, i]) for i in range(len(measures))]
            axes.plot(places, range(len(measures)), "o", label=band, alpha=0.8)
        axes.set_yticks(range(len(measures)), measures)
        axes.set_xlim(-_REACH - 0.2, _REACH + 0.2)
        axes.set_xlabel("mean; beyond the edge it is drawn there")
        axes.invert_yaxis()
        axes.legend(fontsize="small")

    return draw


def _place(real: FloatArray, values: FloatArray) -> float:
    low, _, high = quartiles(real)
    known = values[np.isfinite(values)]
    away = (float(known.mean()) if len(known) else 0.0) - (low + high) / 2
    half = (high - low) / 2
    return float(np.clip(away / max(half, 1e-9), -_REACH, _REACH))
