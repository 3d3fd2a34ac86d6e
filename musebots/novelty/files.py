"""Keeping a model of what is expected: counts in a file, checked when they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musebots.errors import CheckpointError
from musebots.novelty.model import NoveltyModel
from musebots.rnn.vocabulary import ROLES, Role
from musebots.tensorfile import TensorFile

__all__ = ["load_novelty", "novelty_beside", "save_novelty", "sha256_of"]

FORMAT_VERSION = 1
_FILE = TensorFile(
    "novelty model", "musebot-novelty", FORMAT_VERSION, CheckpointError,
    "get the file again, or train it again",
)  # fmt: skip


def novelty_beside(path: Path) -> Path:
    """Where the model lies that a steering or an assessor was learned with.

    Examples
    --------
    >>> novelty_beside(Path("my/bass.steering.safetensors")).name
    'bass.novelty.safetensors'
    """
    return path.with_name(f"{path.name.split('.')[0]}.novelty.safetensors")


def sha256_of(model: NoveltyModel) -> str:
    """Identity of a model: its counts and strengths."""
    digest = hashlib.sha256(json.dumps([model.role, *model.strengths]).encode())
    for name, counts in sorted(model.to_tensors().items()):
        digest.update(f"{name}|{counts.shape}|".encode() + counts.astype("<i8").tobytes())
    return digest.hexdigest()


def save_novelty(model: NoveltyModel, path: Path, card: Mapping[str, Any]) -> None:
    """Write a model and, beside it with the suffix ``.json``, its card.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    """
    about = {
        "role": model.role,
        "strengths": list(model.strengths),
        "sha256": sha256_of(model),
    }
    tensors = {name: _smallest(counts) for name, counts in model.to_tensors().items()}
    _FILE.save(path, tensors, about, {**card, **about})


def _smallest(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.integer]:
    """The same whole numbers in as few bytes as hold them all."""
    highest = int(counts.max()) if counts.size else 0
    for kind in (np.uint8, np.uint16, np.uint32):
        if highest <= np.iinfo(kind).max:
            return np.ascontiguousarray(counts, dtype=kind)
    return np.ascontiguousarray(counts)


def load_novelty(path_or_role: Path | str) -> NoveltyModel:
    """Read a model: a file, or the one that comes with musebots for a role.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, altered or of a format unknown here.
    """
    if path_or_role in ROLES:
        return _shipped(path_or_role)
    return _loaded(Path(path_or_role))


@cache
def _shipped(role: Role) -> NoveltyModel:
    place = resources.files("musebots") / "checkpoints" / f"{role}.novelty.safetensors"
    with resources.as_file(place) as path:
        return _loaded(path)


def _loaded(path: Path) -> NoveltyModel:
    about, tensors = _FILE.load(path)
    try:
        counts = {name: tensor.astype(np.int64) for name, tensor in tensors.items()}
        model = NoveltyModel.from_tensors(about["role"], counts, about["strengths"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be used: {error!r}; get the file again, or train it again"
        ) from error
    if sha256_of(model) != about.get("sha256"):
        raise _FILE.altered(path)
    return model
