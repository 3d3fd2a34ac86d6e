"""Frame likelihood on the public piano-roll benchmark: our cell and trainer beside the literature.

Every finished training is kept below ``runs`` in the folder of the results: an interrupted
experiment goes on where it was, and ends with the same tables.
"""

from __future__ import annotations

from ensembles.experiments.base import ExperimentResult, ExperimentSettings
from ensembles.experiments.polyphony.collections import (
    COLLECTION_FILES,
    read_collection,
    toy_collection,
)
from ensembles.experiments.polyphony.leakage import fresh_rolls
from ensembles.experiments.polyphony.measuring import Measured, measure
from ensembles.experiments.polyphony.reporting import (
    likelihood_table,
    notes,
    published_table,
    runs_table,
    settings_table,
)
from ensembles.experiments.polyphony.trials import TRIALS, toy_trials

__all__ = ["run"]


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Train every trial with its seeds and tabulate what the test split costs."""
    trials = toy_trials() if settings.is_quick else TRIALS
    collections = (
        (toy_collection(settings.seed),)
        if settings.is_quick
        else tuple(read_collection(settings.corpus(path)) for path in COLLECTION_FILES)
    )
    found: list[Measured] = []
    n_runs = sum(trial.n_seeds for trial in trials)
    for rolls in collections:
        for trial in (trial for trial in trials if trial.collection == rolls.name):
            for seed in range(settings.seed, settings.seed + trial.n_seeds):
                settings.progress(len(found) / n_runs, f"{rolls.name}: {trial.name}, seed {seed}")
                found.append(measure(trial, rolls, seed=seed, folder=settings.folder / "runs"))
    settings.progress(1.0, "tables")
    return ExperimentResult(
        tables=(
            likelihood_table(found, collections),
            published_table(),
            runs_table(found),
            settings_table(trials),
        ),
        notes=notes(found, collections),
        parameters={
            f"{rolls.name}: {part}": value
            for rolls in collections
            for part, value in (
                ("training, validation and test rolls",
                 f"{len(rolls.train)}, {len(rolls.valid)}, {len(rolls.test)}"),
                ("test frames predicted", sum(len(roll) - 1 for roll in rolls.test)),
                ("test rolls without a twin in training", len(fresh_rolls(rolls))),
            )
        },
    )  # fmt: skip
