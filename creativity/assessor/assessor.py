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
from creativity.assessor.score import Score, bits_with_before
from musebots.errors import CheckpointError
from musebots.novelty.files import load_novelty, novelty_beside, sha256_of
from musebots.novelty.model import NoveltyModel
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import ROLES, Role
from musebots.tensorfile import TensorFile

__all__ = ["Assessor", "load_assessor", "save_assessor"]

FORMAT_VERSION = 2
_FILE = TensorFile(
    "assessor", "musebot-assessor", FORMAT_VERSION, CheckpointError,
    "get the file again, or train it again",
)  # fmt: skip


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

    Its novelty model is kept by itself: `musebots.novelty.files.save_novelty`.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    """
    tensors = {
        name: np.ascontiguousarray(weights, dtype=np.float32)
        for name, weights in assessor.network.tensors.items()
    }
    about = {
        "role": assessor.role,
        "constants": assessor.score.constants(),
        "novelty_sha256": sha256_of(assessor.score.novelty),
        "sha256": _sha256(tensors, assessor.score.constants()),
    }
    _FILE.save(path, tensors, about, {**card, **about})


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
            return _loaded(path, load_novelty(path_or_role))
    path = Path(path_or_role)
    return _loaded(path, load_novelty(novelty_beside(path)))


def _loaded(path: Path, novelty: NoveltyModel) -> Assessor:
    about, weights = _FILE.load(path)
    constants = about["constants"]
    if _sha256(weights, constants) != about["sha256"]:
        raise _FILE.altered(path)
    if about["role"] != novelty.role or about["novelty_sha256"] != sha256_of(novelty):
        raise CheckpointError(
            f"{path} was learned with another novelty model than the one beside it: train it again"
        )
    return Assessor(
        Score.from_constants(novelty, constants), AssessorNetwork(novelty.role, weights)
    )
