"""The experiments by name. Importing this imports none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from ensembles.experiments.base import ExperimentResult, ExperimentSettings
from musebots.errors import ConfigError, OutputUnavailable

__all__ = ["EXPERIMENTS", "RESEARCH", "TRAIN", "Experiment", "find_experiment"]

RESEARCH = {"matplotlib": "research", "scipy": "research"}
TRAIN = {"torch": "train"}


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment that can be run.

    Parameters
    ----------
    description : str
        What it measures, in a line.
    module : str
        Where its ``run`` is.
    needs : dict of str to str
        Libraries that it imports, and the extra that installs each.
    corpora : tuple of str
        Files below the corpora's folder without which it cannot be run.
    """

    description: str
    module: str
    needs: dict[str, str]
    corpora: tuple[str, ...] = ()

    def load(self) -> Callable[[ExperimentSettings], ExperimentResult]:
        """Its function.

        Raises
        ------
        OutputUnavailable
            If a library that it needs is not installed.
        """
        missing = {name: extra for name, extra in self.needs.items() if find_spec(name) is None}
        if missing:
            extras = ",".join(sorted(set(missing.values())))
            raise OutputUnavailable(
                f'this experiment needs {" and ".join(missing)}: pip install "musebots[{extras}]"'
            )
        run = import_module(self.module).run
        return cast("Callable[[ExperimentSettings], ExperimentResult]", run)


EVENTS = (
    "events/nottingham.jsonl.gz",
    "events/openewld_pd.jsonl.gz",
    "events/multitrack.jsonl.gz",
    "events/jsb_chorales.jsonl.gz",
    "events/groove.jsonl.gz",
)

EXPERIMENTS: dict[str, Experiment] = {
    "likelihood": Experiment(
        "how well the networks predict music they have not seen, and what their hearing is worth",
        "ensembles.experiments.likelihood",
        RESEARCH | TRAIN,
    ),
    "samples": Experiment(
        "what each bot plays against what people played, measure by measure",
        "ensembles.experiments.samples",
        RESEARCH,
        EVENTS,
    ),
    "band": Experiment(
        "our band against real bands, and against players who do not hear each other",
        "ensembles.experiments.band",
        RESEARCH,
        ("events/multitrack.jsonl.gz",),
    ),
    "listening-set": Experiment(
        "30 blind clips for listeners: ours, real pieces, and bots that hear nobody",
        "ensembles.experiments.listening",
        {},
        ("events/multitrack.jsonl.gz",),
    ),
    "power": Experiment(
        "what the subset scan finds of planted deviations, against simpler scores",
        "ensembles.experiments.power",
        RESEARCH | {"sklearn": "research"},
    ),
    "calibration": Experiment(
        "whether the monitor keeps its promises: false alarms, flags an hour, drift",
        "ensembles.experiments.calibration",
        RESEARCH,
    ),
    "claims": Experiment(
        "the paper's four claims in music: spaces, subset sizes, units, raters (simulated)",
        "ensembles.experiments.claims",
        RESEARCH,
    ),
    "loop": Experiment(
        "whether nudge reaches and holds a target, and flags stay as promised under every policy",
        "ensembles.experiments.loop",
        RESEARCH,
    ),
    "steering": Experiment(
        "how far the fader reaches: every way of steering, alpha by alpha, and the band live",
        "ensembles.experiments.steering",
        RESEARCH | TRAIN,
    ),
    "polyphony": Experiment(
        "frame likelihood on the public piano-roll benchmark, beside published figures",
        "ensembles.experiments.polyphony",
        RESEARCH | TRAIN,
    ),
}
"""In the order in which they are listed."""


def find_experiment(name: str) -> Experiment:
    """The experiment of this name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name in EXPERIMENTS:
        return EXPERIMENTS[name]
    near = get_close_matches(name, EXPERIMENTS, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"unknown experiment {name!r}; {hint}there is {', '.join(EXPERIMENTS)}")
