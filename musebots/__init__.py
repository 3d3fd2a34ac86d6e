"""Musebots: autonomous musical agents that play together. This package is what a bot is made of.

Names are imported when they are first used, so that ``import musebots`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musebots.errors import MusebotError
    from musebots.harmony import Chord, Harmony, Key
    from musebots.musebot import Musebot
    from musebots.notes import Note

__version__ = "0.1.0"

_HOMES = {
    "Chord": "musebots.harmony",
    "Harmony": "musebots.harmony",
    "Key": "musebots.harmony",
    "Musebot": "musebots.musebot",
    "MusebotError": "musebots.errors",
    "Note": "musebots.notes",
}

__all__ = ["Chord", "Harmony", "Key", "Musebot", "MusebotError", "Note", "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'musebots' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
