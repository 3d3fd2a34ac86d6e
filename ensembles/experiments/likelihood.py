"""How well the networks predict music they have not seen, and what their hearing is worth.

Three trainings of each role differ in their seed alone; the first is the shipped one. Everything
that was trained is kept in the run's folder, so that a run that was interrupted goes on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Table
from ensembles.experiments.intervals import interval_of_mean
from ensembles.experiments.tiny_corpus import write_tiny_corpus
from musebots.rnn.features import ROLE_FEATURES
from musebots.rnn.model import Cell as LayerKind
from musebots.rnn.vocabulary import ROLES, Role
from musebots.training.corpora import read_corpus
from musebots.training.evaluate import Likelihood
from musebots.training.judge import COUNTED, COVERED, Judgement, judge, yardstick_of
from musebots.training.report import SETTINGS, Settings, Trial
from musebots.training.train import train, trial

__all__ = ["run"]

N_SEEDS = 3
SHORT_EPOCHS = 8
TINY = Settings(n_epochs=1, n_units=12, batch_size=4, window_steps=64)
TARGETS: dict[Role, float] = {"melody": 1.80, "bass": 2.50, "drums": 1.65}
PLAIN_GRU: dict[Role, float] = {"melody": 1.98, "bass": 2.77, "drums": 1.83}
N_GRAMS: dict[Role, tuple[str, str]] = {
    "melody": ("targets/ngram_baselines.json", "melody_nottingham_44"),
    "bass": ("targets/ngram_bass_nobass_chords.json", "bass_multitrack_rootrel_nobasschords"),
    "drums": ("targets/ngram_baselines.json", "drums_gmd_44"),
}
CELLS: dict[str, tuple[int, LayerKind]] = {
    "GRU 256": (256, "gru"),
    "GRU 224": (224, "gru"),
    "GRU 192": (192, "gru"),
    "LSTM 208": (208, "lstm"),
}
WITHOUT: dict[str, tuple[str, ...]] = {
    "all of it": (),
    "chord, next chord": (*COVERED["chord"], *COVERED["next chord"]),
    "earlier bars, recall": (*COVERED["earlier bars"], *COVERED["recall"]),
    "others": COVERED["others"],
}


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Train, measure and tabulate."""
    events = _events(settings)
    judgements: dict[Role, list[Judgement]] = {}
    for index, role in enumerate(ROLES):
        settings.progress(index / 5, f"{role}, {N_SEEDS} seeds")
        judgements[role] = _judged_seeds(role, events, settings)
    settings.progress(3 / 5, "kinds of cells")
    cells = _cells(events, settings)
    settings.progress(4 / 5, "trained without a part of the hearing")
    without = [row for role in ROLES for row in _without(role, events, settings)]
    return ExperimentResult(
        tables=(
            _likelihood_table(judgements, settings),
            _covered_table(judgements),
            Table(
                "without", "Trained anew without a part of the hearing, test, nats a note",
                ("role", "without", "features", "parameters", "nats a note", "worse by"),
                tuple(without),
            ),
            Table(
                "cells", f"Kinds and sizes of the layer: melody, {_epochs(settings)} epochs each",
                ("layer", "parameters", "valid nats a step", "test nats a note"),
                tuple(cells),
            ),
        ),
        notes=(
            COUNTED,
            "Interval over seeds: Student's t with n - 1 degrees of freedom; over pieces: "
            "bootstrap of the first seed's network, the shipped one.",
            "n-gram and plain GRU: given baselines on the same splits (interpolated Witten-Bell, "
            "best order chosen on test; GRU of 256 units, 7 minutes of training). The melody's are "
            "for Nottingham alone.",
            "Covered: the trained network, with a part of its inputs set to 'not known'. Without: "
            f"one network trained anew, one seed, {_epochs(settings)} epochs, beside one of all "
            "features in the same time.",
        ),
        parameters={
            "seeds": N_SEEDS,
            "epochs of the short trainings": _epochs(settings),
            "corpus": "synthetic, for a trial of the code" if settings.is_quick else "events",
        },
        checkpoints={
            f"{role} seed {seed}": found.sha256
            for role in ROLES
            for seed, found in enumerate(judgements[role])
        },
    )  # fmt: skip


def _epochs(settings: ExperimentSettings) -> int:
    return 1 if settings.is_quick else SHORT_EPOCHS


def _events(settings: ExperimentSettings) -> Path:
    if settings.is_quick:
        return write_tiny_corpus(settings.folder / "tiny", seed=settings.seed)
    return settings.corpus("events")


def _judged_seeds(role: Role, events: Path, settings: ExperimentSettings) -> list[Judgement]:
    """The shipped network, and those of the other seeds: trained, unless they lie there."""
    folder = settings.folder / "networks"
    folder.mkdir(exist_ok=True)
    found = [judge(role, events, seed=settings.seed)]
    for seed in range(1, 2 if settings.is_quick else N_SEEDS):
        path = folder / f"{role}.s{seed}.safetensors"
        if not path.exists():
            train(role, events, path, seed=seed, settings=TINY if settings.is_quick else None)
        found.append(judge(role, events, checkpoint=path, seed=settings.seed))
    return found


def _headline(found: Judgement) -> str:
    """The group that roles are compared by; all pieces where the corpus has no such."""
    title, members = yardstick_of(found.role, list(found.groups))
    return title if members else "all"


def _likelihood_table(
    judgements: dict[Role, list[Judgement]], settings: ExperimentSettings
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, found in judgements.items():
        group = _headline(found[0])
        shipped = found[0].groups[group]
        values = [one.groups[group].nats_per_note for one in found]
        low, high = interval_of_mean(values)
        rows.append(
            (
                role, group, shipped.n_pieces, shipped.n_notes, _best_n_gram(role, settings),
                PLAIN_GRU[role], TARGETS[role], len(values), float(np.mean(values)), low, high,
                shipped.nats_per_note, shipped.low, shipped.high,
            )
        )  # fmt: skip
    columns = (
        "role", "test pieces of", "pieces", "notes", "n-gram, best", "plain GRU-256", "to reach",
        "seeds", "mean", "low", "high", "shipped", "pieces low", "pieces high",
    )  # fmt: skip
    return Table("likelihood", "Test pieces, nats a note (drums: a hit-step)", columns, tuple(rows))


def _best_n_gram(role: Role, settings: ExperimentSettings) -> float | None:
    if settings.is_quick:
        return None
    file, name = N_GRAMS[role]
    orders = json.loads(settings.corpus(file).read_text())[name]
    return min(float(order["nll_note"]) for order in orders.values())


def _covered_table(judgements: dict[Role, list[Judgement]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, found in judgements.items():
        group = _headline(found[0])
        for what in found[0].covered:
            worse = [
                one.covered[what].nats_per_note - one.groups[group].nats_per_note
                for one in found
                if what in one.covered
            ]
            low, high = interval_of_mean(worse)
            rows.append((role, what, len(worse), float(np.mean(worse)), low, high))
    columns = ("role", "covered", "seeds", "worse by, nats a note", "low", "high")
    return Table("covered", "With a part of the hearing covered", columns, tuple(rows))


def _cells(events: Path, settings: ExperimentSettings) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for name, (n_units, cell) in CELLS.items():
        kind = replace(SETTINGS["melody"], n_epochs=SHORT_EPOCHS, n_units=n_units, cell=cell)
        if settings.is_quick:
            kind = replace(TINY, cell=cell)
        found = _tried("melody", f"melody {name}", events, settings, kind)
        valid = sum(found.valid.values(), Likelihood.nothing()).nats_per_step
        rows.append((name, found.n_parameters, valid, _test_nats("melody", found)))
    return rows


def _without(role: Role, events: Path, settings: ExperimentSettings) -> list[tuple[Cell, ...]]:
    plain = replace(SETTINGS[role], n_epochs=SHORT_EPOCHS)
    rows: list[tuple[Cell, ...]] = []
    everything = float("nan")
    for what, hidden in WITHOUT.items():
        features = tuple(name for name in ROLE_FEATURES[role] if name not in hidden)
        if hidden and len(features) == len(ROLE_FEATURES[role]):
            continue
        kind = TINY if settings.is_quick else plain
        found = _tried(role, f"{role} without {what}", events, settings, kind, features)
        nats = _test_nats(role, found)
        everything = everything if hidden else nats
        rows.append(
            (role, what if hidden else "nothing", len(features), found.n_parameters, nats,
             nats - everything)
        )  # fmt: skip
    return rows


def _test_nats(role: Role, found: Trial) -> float:
    _, members = yardstick_of(role, list(found.test))
    chosen = [found.test[name] for name in members] or list(found.test.values())
    return sum(chosen, Likelihood.nothing()).nats_per_note


def _tried(
    role: Role,
    name: str,
    events: Path,
    settings: ExperimentSettings,
    kind: Settings,
    features: tuple[str, ...] | None = None,
) -> Trial:
    """A short training's outcome, from the run's folder where it is there."""
    file = settings.folder / "trials" / f"{name.replace(', ', '-').replace(' ', '_')}.json"
    identity = {"settings": asdict(kind), "features": list(features or ()), "seed": settings.seed}
    if file.exists():
        kept = json.loads(file.read_text())
        if kept["identity"] == identity:
            return _trial_from_json(kept["found"])
    found = trial(
        role, read_corpus(role, events), seed=settings.seed, settings=kind, features=features
    )
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"identity": identity, "found": asdict(found)}, indent=1))
    return found


def _trial_from_json(plain: dict[str, object]) -> Trial:
    def likelihoods(split: str) -> dict[str, Likelihood]:
        groups = plain[split]
        assert isinstance(groups, dict)
        return {group: Likelihood(**values) for group, values in groups.items()}

    n_parameters, n_epochs = plain["n_parameters"], plain["n_epochs"]
    assert isinstance(n_parameters, int)
    assert isinstance(n_epochs, int)
    return Trial(n_parameters, n_epochs, likelihoods("valid"), likelihoods("test"))
