"""One training and what it reached, kept in a file so that it need not be run twice."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ensembles.experiments.polyphony.leakage import fresh_rolls
from ensembles.experiments.polyphony.trials import Trial
from musebots.training.polyphony.fit import fit, nats_of_frames
from musebots.training.polyphony.metric import FrameLikelihood
from musebots.training.polyphony.rolls import Rolls

__all__ = ["Measured", "measure"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one training reached, nats a frame.

    Parameters
    ----------
    collection, trial : str
        What was trained on, and the name of the trial.
    seed : int
        Of all that is random.
    n_parameters, n_epochs, best_epoch : int
        See `musebots.training.polyphony.fit.FrameReport`.
    valid : float
        Validation split, the first frames given.
    test, test_with_first, test_per_roll : float
        Test split under the three conventions of `FrameLikelihood`.
    test_fresh : float or None
        Like `test`, over the rolls without a twin in the training split; None if all have one.
    minutes : float
        What the training and its validations took. It depends on the machine.
    """

    collection: str
    trial: str
    seed: int
    n_parameters: int
    n_epochs: int
    best_epoch: int
    valid: float
    test: float
    test_with_first: float
    test_per_roll: float
    test_fresh: float | None
    minutes: float


def measure(trial: Trial, rolls: Rolls, *, seed: int, folder: Path) -> Measured:
    """Train once, or read what the same training reached before."""
    file = folder / f"{rolls.name}-{trial.file_name}-{seed}.json"
    identity = {
        "settings": asdict(trial.settings),
        "seed": seed,
        "rolls": _sha256(rolls),
    }
    kept = _read(file)
    if kept.get("identity") == identity:
        return Measured(**kept["measured"])
    measured = _measure(trial, rolls, seed)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"identity": identity, "measured": asdict(measured)}, indent=1)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
    return measured


def _measure(trial: Trial, rolls: Rolls, seed: int) -> Measured:
    started = time.perf_counter()
    report = fit(rolls, trial.settings, seed=seed)
    minutes = (time.perf_counter() - started) / 60
    fresh = nats_of_frames(report.model, fresh_rolls(rolls), report.compass)
    return Measured(
        collection=rolls.name,
        trial=trial.name,
        seed=seed,
        n_parameters=report.n_parameters,
        n_epochs=report.n_epochs,
        best_epoch=report.best_epoch,
        valid=report.valid.given_first,
        test=report.test.given_first,
        test_with_first=report.test.with_first,
        test_per_roll=report.test.per_roll,
        test_fresh=FrameLikelihood.of(fresh).given_first if fresh else None,
        minutes=minutes,
    )


def _read(file: Path) -> dict[str, Any]:
    """What an earlier run left; nothing if there is no such file or it is not whole."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _sha256(rolls: Rolls) -> str:
    digest = hashlib.sha256()
    for split in (rolls.train, rolls.valid, rolls.test):
        for roll in split:
            digest.update(repr(roll.shape).encode() + roll.tobytes())
    return digest.hexdigest()
