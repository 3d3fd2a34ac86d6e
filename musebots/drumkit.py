"""The nine drums of the kit, and their keys in the General MIDI percussion map (Level 1)."""

from __future__ import annotations

__all__ = ["CRASH", "DRUM_CLASSES", "DRUM_PITCHES", "KICK"]

DRUM_CLASSES = (
    "kick", "snare", "closed hat", "open hat", "low tom", "mid tom", "high tom", "crash", "ride",
)  # fmt: skip
"""In the order of the corpora; class ``c`` is bit ``1 << c`` of a drum network's mask."""
DRUM_PITCHES = (36, 38, 42, 46, 45, 47, 50, 49, 51)
"""The key of each class."""

KICK = DRUM_PITCHES[DRUM_CLASSES.index("kick")]
CRASH = DRUM_PITCHES[DRUM_CLASSES.index("crash")]
