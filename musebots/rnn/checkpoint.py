"""A trained network in a file: safetensors for the numbers, one JSON text for what they mean.

The file's identity is a hash over both, kept in the file and on the card beside it. Reading
needs no torch and runs no code from the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musebots.errors import CheckpointError
from musebots.rnn.dynamics import LevelModel
from musebots.rnn.features import FEATURES
from musebots.rnn.stepper import Stepper
from musebots.rnn.vocabulary import ROLES, Role, Vocabulary, vocabulary_from_json
from musebots.tensorfile import TensorFile

__all__ = [
    "FORMAT_VERSION",
    "Checkpoint",
    "Tensors",
    "identity_sha256",
    "load_checkpoint",
    "save_checkpoint",
    "shipped_checkpoint",
]

FORMAT_VERSION = 1
_FILE = TensorFile(
    "musebot checkpoint", "musebot", FORMAT_VERSION, CheckpointError,
    "get the file again, or train it again",
)  # fmt: skip

Tensors = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network that can play.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its words, and with them its role.
    feature_names : tuple of str
        Its inputs.
    tensors : mapping of str to float32 array
        Its parameters, on the grid of `musebots.rnn.exact`.
    unheard : mapping of str to tuple of str
        For a style, features that were never known in its training pieces: told of them, the
        network would play like the styles in which they were.
    """

    vocabulary: Vocabulary
    feature_names: tuple[str, ...]
    tensors: Tensors
    unheard: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def role(self) -> Role:
        """What it plays."""
        return self.vocabulary.role

    @property
    def sha256(self) -> str:
        """Identity of the network."""
        meaning = self.vocabulary.to_json(), self.feature_names, _unheard_json(self.unheard)
        return identity_sha256(*meaning, tensors=self.tensors)

    @property
    def n_parameters(self) -> int:
        """How many numbers it consists of."""
        return sum(tensor.size for tensor in self.tensors.values())

    def stepper(self) -> Stepper:
        """A live network in its initial state."""
        return Stepper(self.tensors, self.feature_names)


def _unheard_json(unheard: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {style: list(names) for style, names in sorted(unheard.items())}


def identity_sha256(
    vocabulary: Mapping[str, Any],
    feature_names: Sequence[str],
    unheard: Mapping[str, Sequence[str]] | None = None,
    *,
    tensors: Tensors,
) -> str:
    """Hash over what the network says and hears, as JSON, and over its parameters.

    Of each tensor it takes name, type, shape and bytes, in the order of their names.
    """
    heard = [vocabulary, list(feature_names), *([unheard] if unheard else [])]
    meaning = json.dumps(heard, sort_keys=True)
    digest = hashlib.sha256(meaning.encode())
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name], dtype="<f4")
        digest.update(f"{name}|f4|{','.join(map(str, tensor.shape))}|".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def save_checkpoint(checkpoint: Checkpoint, path: Path, card: Mapping[str, Any]) -> None:
    """Write a checkpoint and, beside it with the suffix ``.json``, its card.

    The same network gives the same bytes; no half-written file is ever in place.

    Parameters
    ----------
    checkpoint : Checkpoint
        What to keep.
    path : Path
        The ``.safetensors`` file.
    card : mapping
        What a person should know of it: corpus, licences, command, losses.

    Raises
    ------
    CheckpointError
        If the file cannot be written.
    """
    about = {
        "vocabulary": checkpoint.vocabulary.to_json(),
        "features": list(checkpoint.feature_names),
        **({"unheard": _unheard_json(checkpoint.unheard)} if checkpoint.unheard else {}),
        "sha256": checkpoint.sha256,
    }
    shown = {
        **card,
        "role": checkpoint.role,
        "sha256": checkpoint.sha256,
        "n_parameters": checkpoint.n_parameters,
        "styles": list(checkpoint.vocabulary.styles),
        "default_style": checkpoint.vocabulary.default_style,
    }
    _FILE.save(path, checkpoint.tensors, about, shown)


def load_checkpoint(path: Path, *, role: Role | None = None) -> Checkpoint:
    """Read a checkpoint and refuse it unless it is whole and as it was written.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.
    role : {"melody", "bass", "drums"}, optional
        What it has to play.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated, altered, of another role or a format unknown here.
    """
    about, tensors = _FILE.load(path)
    identity = identity_sha256(
        about.get("vocabulary", {}),
        about.get("features", []),
        about.get("unheard"),
        tensors=tensors,
    )
    if identity != about.get("sha256"):
        raise _FILE.altered(path)
    try:
        vocabulary = vocabulary_from_json(about["vocabulary"])
        names = tuple(str(name) for name in about["features"])
        unheard = {
            str(style): tuple(str(name) for name in heard)
            for style, heard in about.get("unheard", {}).items()
        }
        checkpoint = Checkpoint(vocabulary, names, tensors, unheard)
        _check_shapes(checkpoint)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be played: {error}; train it again") from error
    if role is not None and checkpoint.role != role:
        raise CheckpointError(
            f"{path} plays {checkpoint.role}, not {role}: give the {role} bot a {role} checkpoint"
        )
    return checkpoint


def _check_shapes(checkpoint: Checkpoint) -> None:
    unknown = [name for name in checkpoint.feature_names if name not in FEATURES]
    if not {n for names in checkpoint.unheard.values() for n in names} <= {
        *checkpoint.feature_names
    }:
        raise ValueError("it leaves out features that it does not hear")
    if unknown:
        raise ValueError(f"it hears {', '.join(unknown)}, which this musebots does not know")
    stepper = checkpoint.stepper()
    sizes = tuple(FEATURES[name].size(checkpoint.vocabulary) for name in checkpoint.feature_names)
    LevelModel.of(checkpoint.tensors)
    if stepper.sizes != sizes or stepper.n_tokens != checkpoint.vocabulary.n_tokens:
        raise ValueError("its parameters do not fit its vocabulary")


def shipped_checkpoint(role: Role) -> Checkpoint:
    """The checkpoint that comes with musebots for this role.

    Raises
    ------
    ValueError
        If there is no such role.
    CheckpointError
        If the installation is damaged.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}, got {role!r}")
    place = resources.files("musebots") / "checkpoints" / f"{role}.safetensors"
    with resources.as_file(place) as path:
        return load_checkpoint(path, role=role)
