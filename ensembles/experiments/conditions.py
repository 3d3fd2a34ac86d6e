"""Under which conditions figures were measured: versions, machine, networks."""

from __future__ import annotations

import platform
from importlib import metadata

from ensembles.experiments.base import Cell
from ensembles.rehearsals import n_cores
from musebots import __version__
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.vocabulary import ROLES

__all__ = ["conditions", "shipped_digests"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "numba")


def conditions() -> dict[str, Cell]:
    """Versions and machine; nothing here belongs into a table of results."""
    return {
        "musebots": __version__,
        "python": platform.python_version(),
        **{name: version for name in _LIBRARIES if (version := _version(name))},
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": n_cores(),
    }


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def shipped_digests() -> dict[str, str]:
    """Role and sha256 of every shipped network."""
    return {role: shipped_checkpoint(role).sha256 for role in ROLES}
