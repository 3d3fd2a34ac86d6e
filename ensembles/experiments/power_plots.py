"""Pictures of what was found of planted deviations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ensembles.experiments.base import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["overview"]


def overview(power: Table) -> Callable[[Figure], None]:
    """A map of AUROC: plants down, detectors across, mean over the roles."""
    plants = list(dict.fromkeys(power.column("plant")))
    detectors = list(dict.fromkeys(power.column("detector")))
    total, n = np.zeros((len(plants), len(detectors))), np.zeros((len(plants), len(detectors)))
    for row in power.rows:
        at = plants.index(row[1]), detectors.index(row[2])
        if isinstance(row[3], float):
            total[at] += row[3]
            n[at] += 1
    values = total / np.maximum(n, 1)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        image = axes.imshow(values, vmin=0.0, vmax=1.0, cmap="RdBu_r", aspect="auto")
        axes.set_xticks(range(len(detectors)), [str(d) for d in detectors], rotation=90, fontsize=7)
        axes.set_yticks(range(len(plants)), [str(p) for p in plants], fontsize=7)
        for (i, j), value in np.ndenumerate(values):
            axes.text(j, i, f"{value:.2f}".lstrip("0"), ha="center", va="center", fontsize=5)
        figure.colorbar(image, label="AUROC")

    return draw
