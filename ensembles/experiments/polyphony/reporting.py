"""The tables and notes of the benchmark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, fields

import numpy as np
from scipy import stats

from ensembles.experiments.base import Cell, Table
from ensembles.experiments.polyphony.leakage import fresh_rolls
from ensembles.experiments.polyphony.measuring import Measured
from ensembles.experiments.polyphony.trials import Trial
from musebots.training.polyphony.fit import FrameSettings
from musebots.training.polyphony.metric import FrameLikelihood, frequency_nats
from musebots.training.polyphony.rolls import Rolls

__all__ = ["likelihood_table", "notes", "published_table", "runs_table", "settings_table"]

_PUBLISHED: tuple[tuple[str, str, float, float, str], ...] = (
    ("GRU, 2018", "independent", 8.43, 3.46, "Bai, Kolter, Koltun, arXiv 1803.01271, Table 1"),
    ("LSTM, 2018", "independent", 8.45, 3.29, "the same"),
    ("TCN, 2018", "independent", 8.10, 3.07, "the same"),
    (
        "RNN-RBM, 2012",
        "joint",
        6.27,
        2.39,
        "Boulanger-Lewandowski et al., ICML, Table 1; second hand",
    ),
    ("RNN-NADE (HF), 2012", "joint", 5.56, 2.31, "the same"),
)


def likelihood_table(found: Sequence[Measured], collections: Sequence[Rolls]) -> Table:
    """One row for each network and collection: the mean over its seeds."""
    rows: list[tuple[Cell, ...]] = []
    for rolls in collections:
        rows.append(_frequency_row(rolls))
        here = [run for run in found if run.collection == rolls.name]
        for name in dict.fromkeys(run.trial for run in here):
            rows.append(_trial_row([run for run in here if run.trial == name]))
    return Table(
        "likelihood",
        "Nats a frame on the test split, lower is better",
        (
            "collection", "network", "parameters", "seeds", "validation", "test",
            "95 % interval, +-", "test, first frames too", "test, mean of pieces",
            "test, pieces without a twin",
        ),
        tuple(rows),
    )  # fmt: skip


def _frequency_row(rolls: Rolls) -> tuple[Cell, ...]:
    valid, test = (
        FrameLikelihood.of(frequency_nats(rolls.train, split))
        for split in (rolls.valid, rolls.test)
    )
    fresh = fresh_rolls(rolls)
    return (
        rolls.name, "how often each key sounds", rolls.n_keys, 0, valid.given_first,
        test.given_first, None, test.with_first, test.per_roll,
        FrameLikelihood.of(frequency_nats(rolls.train, fresh)).given_first if fresh else None,
    )  # fmt: skip


def _trial_row(runs: Sequence[Measured]) -> tuple[Cell, ...]:
    first = runs[0]
    test = [run.test for run in runs]
    fresh = [run.test_fresh for run in runs if run.test_fresh is not None]
    return (
        first.collection, first.trial, first.n_parameters, len(runs),
        float(np.mean([run.valid for run in runs])), float(np.mean(test)), half_width(test),
        float(np.mean([run.test_with_first for run in runs])),
        float(np.mean([run.test_per_roll for run in runs])),
        float(np.mean(fresh)) if fresh else None,
    )  # fmt: skip


def half_width(values: Sequence[float]) -> float | None:
    """Half of Student's 95 % interval of the mean; None for a single value.

    Examples
    --------
    >>> round(half_width([1.0, 2.0, 3.0]), 3)
    2.484
    """
    if len(values) < 2:
        return None
    error: float = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    quantile = float(stats.t.ppf(0.975, len(values) - 1))
    return quantile * error


def published_table() -> Table:
    """What others report: quoted, not measured here."""
    return Table(
        "published",
        "Published figures, nats a frame (quoted)",
        ("network", "keys", "JSB_Chorales", "Nottingham", "source"),
        _PUBLISHED,
    )


def runs_table(found: Sequence[Measured]) -> Table:
    """One row for each training."""
    names = [field.name for field in fields(Measured) if field.name != "minutes"]
    rows = tuple(tuple(asdict(run)[name] for name in names) for run in found)
    return Table("runs", "Every training", tuple(names), rows)


def settings_table(trials: Sequence[Trial]) -> Table:
    """How each network was trained."""
    names = [field.name for field in fields(FrameSettings)]
    rows = tuple(
        (trial.collection, trial.name, *(asdict(trial.settings)[name] for name in names))
        for trial in trials
    )
    return Table("settings", "Settings", ("collection", "network", *names), rows)


def notes(found: Sequence[Measured], collections: Sequence[Rolls]) -> tuple[str, ...]:
    """What to know before believing the tables."""
    return (
        "Counted is -ln p of a whole frame, all keys together, whole pieces from their start; "
        "summed over all predicted frames of all pieces and divided by their number. The first "
        "frame of a piece is given, as in Bai et al. 2018; the next column counts it too, after "
        "silence. The mean of pieces weighs short ones more.",
        "Padding is never counted: dividing by the padded length makes any network look better.",
        "Independent keys and joint densities (RBM, NADE) are different classes: compare like with "
        "like. The NADE's likelihood is exact: a product of conditionals that sums to one.",
        "Keys that never sound in training are given 1 / (training frames + 2) each, and counted.",
        *(
            f"The official split leaks: of {len(rolls.test)} test pieces of {rolls.name}, "
            f"{len(rolls.test) - len(fresh_rolls(rolls))} share more than half of the 8-note "
            "windows of their top line with one training piece (the same tune, often harmonised "
            "anew). The last column leaves them out; published figures include them."
            for rolls in collections
        ),
        "The collections are transposed to C by their makers; 'transposed' trials move the "
        "training pieces, and only those, by a few semitones, anew in every epoch.",
        "Settings were chosen on the validation split with seed 0; the epoch kept is the one with "
        "the best validation.",
        "Minutes by the clock, one thread, whatever else the machine did: "
        + "; ".join(
            f"{run.collection} {run.trial} seed {run.seed}: {run.minutes:.1f}" for run in found
        )
        + ".",
    )
