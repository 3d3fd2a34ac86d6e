"""The assessor of a role as it is kept and used: S, A, and how far listeners have changed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creativity.assessor.network import AssessorNetwork
from creativity.assessor.novelty import NoveltyModel
from creativity.assessor.phrases import Phrases
from creativity.assessor.score import Score, bits_with_before
from musebots.errors import CheckpointError
from musebots.rnn.vocabulary import ROLES, Role
from musebots.tensorfile import TensorFile

__all__ = ["Assessor", "load_assessor", "save_assessor"]

FORMAT_VERSION = 1
_FILE = TensorFile(
    "assessor", "musebot-assessor", FORMAT_VERSION, CheckpointError,
    "get the file again, or train it again",
)  # fmt: skip
_COUNTS = "novelty."
_NETWORK = "network."


@dataclass(frozen=True, eq=False)
class Assessor:
    """What judges one role.

    Parameters
    ----------
    score : Score
        S: the machine's proxy for a listener.
    network : AssessorNetwork
        A: the network that learned to predict S, and was learned from by the steering.
    """

    score: Score
    network: AssessorNetwork

    @property
    def role(self) -> Role:
        """Whom it judges."""
        return self.score.novelty.role

    def parts(self, phrases: Phrases) -> dict[str, npt.NDArray[np.float64]]:
        """``A``, ``S`` and what S is made of (`Score.parts`), (n_phrases,) each."""
        bits = bits_with_before(self.score.novelty, phrases)
        return {"A": self.network(phrases, bits), **self.score.parts(phrases, bits)}


def save_assessor(assessor: Assessor, path: Path, card: Mapping[str, Any]) -> None:
    """Write an assessor and, beside it with the suffix ``.json``, its card.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    """
    counts = assessor.score.novelty.to_tensors()
    tensors = {f"{_COUNTS}{name}": _smallest(tensor) for name, tensor in counts.items()}
    for name, weights in assessor.network.tensors.items():
        tensors[f"{_NETWORK}{name}"] = np.ascontiguousarray(weights, dtype=np.float32)
    about = {
        "role": assessor.role,
        "constants": assessor.score.constants(),
        "sha256": _sha256(tensors, assessor.score.constants()),
    }
    _FILE.save(path, tensors, about, {**card, **about})


def _smallest(tensor: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """The same whole numbers in as few bytes as hold them all."""
    highest = int(tensor.max()) if tensor.size else 0
    for kind in (np.uint8, np.uint16, np.uint32):
        if highest <= np.iinfo(kind).max:
            return np.ascontiguousarray(tensor, dtype=kind)
    return np.ascontiguousarray(tensor, dtype=np.int64)


def _sha256(tensors: Mapping[str, npt.NDArray[Any]], constants: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(constants, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        digest.update(f"{name}|{tensor.dtype.str}|{tensor.shape}|".encode() + tensor.tobytes())
    return digest.hexdigest()


def load_assessor(path_or_role: Path | str) -> Assessor:
    """Read an assessor: a file, or the one that comes with musebots for a role.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, altered or of a format unknown here.
    """
    if path_or_role in ROLES:
        place = resources.files("creativity") / "assessors" / f"{path_or_role}.safetensors"
        with resources.as_file(place) as path:
            return _loaded(path)
    return _loaded(Path(path_or_role))


def _loaded(path: Path) -> Assessor:
    about, tensors = _FILE.load(path)
    if _sha256(tensors, about["constants"]) != about["sha256"]:
        raise _FILE.altered(path)
    constants, role = about["constants"], about["role"]
    counts = {
        name.removeprefix(_COUNTS): tensor.astype(np.int64)
        for name, tensor in tensors.items()
        if name.startswith(_COUNTS)
    }
    weights = {
        name.removeprefix(_NETWORK): tensor
        for name, tensor in tensors.items()
        if name.startswith(_NETWORK)
    }
    novelty = NoveltyModel.from_tensors(role, counts, constants["strengths"])
    score = Score.from_constants(novelty, constants)
    return Assessor(score, AssessorNetwork(role, weights))
