"""Pictures of `ensembles.experiments.steering`, and the paper's own curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from creativity.learning.measuring import ALPHAS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from creativity.learning.arms import Comparison

__all__ = ["PAPER", "curves", "factors"]

PAPER: dict[str, tuple[float, ...]] = {
    "paper, GANalyze": (
        0.322, 0.322, 0.326, 0.352, 0.373, 0.414, 0.472, 0.511, 0.544, 0.565, 0.574,
    ),
    "paper, theirs": (
        0.226, 0.246, 0.262, 0.296, 0.350, 0.414, 0.494, 0.539, 0.580, 0.603, 0.591,
    ),
}  # fmt: skip
"""Kocasari et al. 2021, figure 1: mean score at the eleven alphas, read off to +-.003."""

_SHOWN_FACTORS = (
    "notes", "off-beat notes", "bar repetition", "syncopation", "hits", "polyphony",
    "different strokes", "mean interval", "pitch range", "different pitches",
    "pitch-class entropy", "steps between notes", "mean pitch",
)  # fmt: skip


def curves(role: str, comparison: Comparison) -> Callable[[Figure], None]:
    """S of every way on the left; S, A and B of the NN on the right; the paper's curves in grey."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        for name, values in PAPER.items():
            left.plot(ALPHAS, values, color="0.7", linestyle="--", label=name)
        for arm in dict.fromkeys(one.arm for one in comparison.measured):
            own = [one.curve.mean("S") for one in comparison.measured if one.arm == arm]
            is_main = arm == "NN"
            left.plot(ALPHAS, np.mean(own, axis=0), label=arm, linewidth=2.5 if is_main else 1.0)
            if is_main and len(own) > 1:
                left.fill_between(ALPHAS, np.min(own, axis=0), np.max(own, axis=0), alpha=0.2)
        network = [one.curve for one in comparison.measured if one.arm == "NN"]
        for name, label in (("S", "S"), ("A", "A, learned from"), ("B", "B, a bystander")):
            means = np.mean([curve.mean(name) for curve in network], axis=0)
            right.plot(ALPHAS, means, marker="o", label=label)
        middle = float(np.mean([curve.mean("S")[ALPHAS.index(0.0)] for curve in network]))
        for axes in (left, right):
            asked = np.clip(middle + np.array(ALPHAS), 0, 1)
            axes.plot(ALPHAS, asked, color="0.85", linewidth=0.8, label="asked for")
            axes.set_xlabel("alpha")
            axes.legend(fontsize="x-small")
        left.set_ylabel("mean score")
        left.set_title(f"{role}: every way, S")
        right.set_title("NN: three judges")

    return draw


def factors(comparison: Comparison) -> Callable[[Figure], None]:
    """Relative change of each factor with alpha."""

    def draw(figure: Figure) -> None:
        curve = next(one.curve for one in comparison.measured if one.arm == "NN")
        names = [name for name in _SHOWN_FACTORS if name in curve.values]
        axes = figure.subplots()
        for name in names:
            means = curve.mean(name)
            at_0 = means[ALPHAS.index(0.0)]
            if at_0:
                axes.plot(ALPHAS, (means - at_0) / at_0, marker=".", label=name)
        axes.axhline(0.0, color="0.8", linewidth=0.8)
        axes.set_xlabel("alpha")
        axes.set_ylabel("(x(a) - x(0)) / x(0)")
        axes.legend(fontsize="x-small", ncols=2)

    return draw
