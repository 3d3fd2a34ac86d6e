"""Arrays in a file, and one text that says what they mean: how everything learned is kept.

The format is safetensors, with a JSON text in its metadata. Reading needs no torch and runs no code
from the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from musebots.errors import MusebotError
from musebots.files import write_whole

__all__ = ["TensorFile"]

Tensors = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class TensorFile:
    """One kind of such files, with what to say when one cannot be used.

    Parameters
    ----------
    kind : str
        For people: ``"checkpoint"``.
    metadata_key : str
        Where in the metadata the text stands.
    format_version : int
        The only one that is read.
    error : type of MusebotError
        What is raised.
    remedy : str
        What to do about a file that cannot be used.
    """

    kind: str
    metadata_key: str
    format_version: int
    error: type[MusebotError]
    remedy: str

    def save(
        self,
        path: Path,
        tensors: Mapping[str, npt.NDArray[Any]],
        about: Mapping[str, Any],
        card: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a file and, beside it with the suffix ``.json``, its card if there is one.

        The same content gives the same bytes; no half-written file is ever in place.

        Parameters
        ----------
        path : Path
        tensors : mapping of str to array
        about : mapping
            What they mean; the format's version is added.
        card : mapping, optional
            What a person should know of them.

        Raises
        ------
        MusebotError
            Of the kind's own class, if it cannot be written.
        """
        whole = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
        told = json.dumps({**about, "format_version": self.format_version}, sort_keys=True)
        blob = save(whole, metadata={self.metadata_key: told})
        try:
            write_whole(path, blob)
            if card is not None:
                shown = {**card, "format_version": self.format_version}
                text = json.dumps(shown, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
                write_whole(path.with_suffix(".json"), text.encode())
        except OSError as error:
            raise self.error(f"{path} cannot be written: {error}; choose another place") from error

    def load(self, path: Path) -> tuple[dict[str, Any], Tensors]:
        """What a file says of itself, and its arrays.

        Raises
        ------
        MusebotError
            Of the kind's own class, if it is missing, damaged, of another kind or version.
        """
        try:
            with safe_open(path, framework="np") as file:
                about = json.loads((file.metadata() or {}).get(self.metadata_key, "null"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError as error:
            raise self.error(
                f"{path} does not exist: give the path of your {self.kind}, or {self.remedy}"
            ) from error
        except (SafetensorError, OSError, ValueError) as error:
            raise self.error(
                f"{path} cannot be read ({error}): it is damaged or no {self.kind}; {self.remedy}"
            ) from error
        if not isinstance(about, dict):
            raise self.error(
                f"{path} is no {self.kind}: it does not say what it holds; {self.remedy}"
            )
        if (version := about.get("format_version")) != self.format_version:
            raise self.error(
                f"{path} has format version {version!r}, this musebots reads "
                f"{self.format_version}: install the musebots version that wrote it, or "
                f"{self.remedy}"
            )
        return about, tensors

    def altered(self, path: Path) -> MusebotError:
        """For a file whose content is not what it was when it was written."""
        return self.error(
            f"{path} is not what was written: its sha256 differs from the one it carries; "
            f"{self.remedy}"
        )
