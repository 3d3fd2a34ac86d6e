"""Keeping a direction: a file beside the network that it steers, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from musebots.errors import CheckpointError
from musebots.rnn.steering import Steering
from musebots.rnn.told import Told
from musebots.rnn.vocabulary import ROLES
from musebots.tensorfile import TensorFile

__all__ = ["load_steering", "save_steering", "shipped_steering", "steering_beside"]

FORMAT_VERSION = 2
_FILE = TensorFile(
    "steering", "musebot-steering", FORMAT_VERSION, CheckpointError,
    "get the file again, or train it again",
)  # fmt: skip


def save_steering(steering: Steering, path: Path, card: Mapping[str, Any]) -> None:
    """Write a direction and, beside it with the suffix ``.json``, its card.

    Parameters
    ----------
    steering : Steering
    path : Path
        ``ROLE.steering.safetensors`` beside the checkpoint is found by itself.
    card : mapping
        What a person should know of it: command, corpus, what it reaches.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    """
    about = {
        "role": steering.role,
        "checkpoint_sha256": steering.checkpoint_sha256,
        "kind": steering.kind,
        "n_noise": steering.n_noise,
        "alpha_range": list(steering.alpha_range),
        "changes": [list(row) for row in steering.changes],
        "told": None if steering.told is None else asdict(steering.told),
        "sha256": steering.sha256,
    }
    tensors = {
        name: np.ascontiguousarray(tensor, dtype=np.float32)
        for name, tensor in steering.tensors.items()
    }
    _FILE.save(path, tensors, about, {**card, **about})


def load_steering(path_or_role: Path | str) -> Steering:
    """Read a direction, and refuse it unless it is whole and as it was written.

    Parameters
    ----------
    path_or_role : Path or str
        A ``.safetensors`` file, or a role for the one that comes with musebots.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, altered or of a format unknown here.
    """
    if path_or_role in ROLES:
        found = shipped_steering(str(path_or_role))
        if found is None:
            raise CheckpointError(f"no steering comes with musebots for {path_or_role}")
        return found
    path = Path(path_or_role)
    about, tensors = _FILE.load(path)
    try:
        low, high = about["alpha_range"]
        steering = Steering(
            about["role"],
            about["checkpoint_sha256"],
            about["kind"],
            int(about["n_noise"]),
            (float(low), float(high)),
            tensors,
            tuple((float(alpha), float(change)) for alpha, change in about.get("changes", ())),
            None if about.get("told") is None else Told(**about["told"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} cannot steer: {error}; train it again") from error
    if steering.sha256 != about.get("sha256"):
        raise _FILE.altered(path)
    return steering


def shipped_steering(role: str) -> Steering | None:
    """The direction that comes with musebots for a role; None where there is none."""
    place = resources.files("musebots") / "checkpoints" / f"{role}.steering.safetensors"
    if not place.is_file():
        return None
    with resources.as_file(place) as path:
        return load_steering(path)


def steering_beside(checkpoint: Path) -> Steering | None:
    """The direction that lies beside a checkpoint: ``bass.steering.safetensors``, or None."""
    path = checkpoint.with_suffix(f".steering{checkpoint.suffix}")
    return load_steering(path) if path.is_file() else None
