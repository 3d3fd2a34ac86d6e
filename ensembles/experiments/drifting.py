"""Pieces that are played otherwise than they were calibrated: key, tempo, temperature, style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ensembles.config import Piece
from musebots.harmony import Chord, Key

__all__ = ["drifted"]

Variant = Callable[[Piece], tuple[Piece, float | None]]
"""From a piece to another, and the tempo that it is played at (None: its own)."""


def drifted() -> dict[str, Variant]:
    """The variants by name."""
    return {
        "key, a tone up": lambda piece: (_transposed(piece, 2), None),
        "key, a tritone up": lambda piece: (_transposed(piece, 6), None),
        "tempo, 60 bpm": lambda piece: (piece, 60.0),
        "tempo, 150 bpm": lambda piece: (piece, 150.0),
        "temperature .8": lambda piece: (_with_settings(piece, temperature=0.8), None),
        "temperature 1.3": lambda piece: (_with_settings(piece, temperature=1.3), None),
        "temperature 1.6": lambda piece: (_with_settings(piece, temperature=1.6), None),
        "twice as dense": lambda piece: (_denser(piece), None),
    }


def _transposed(piece: Piece, semitones: int) -> Piece:
    def moved(pitch_class: int) -> int:
        return (pitch_class + semitones) % 12

    sections = tuple(
        section.model_copy(
            update={
                "chords": tuple(
                    (bars, Chord(moved(c.root_pc), c.quality, moved(c.bass_pc)))
                    for bars, c in section.progression
                ),
                "key": section.key and Key(moved(section.key.tonic_pc), section.key.mode),
            }
        )
        for section in piece.table.section
    )
    key = Key(moved(piece.table.key.tonic_pc), piece.table.key.mode)
    table = piece.table.model_copy(update={"key": key, "section": sections})
    return replace(piece, table=table)


def _with_settings(piece: Piece, **settings: float) -> Piece:
    bots = tuple(
        bot.model_copy(update={"settings": {**bot.settings, **settings}}) for bot in piece.table.bot
    )
    return replace(piece, table=piece.table.model_copy(update={"bot": bots}))


def _denser(piece: Piece) -> Piece:
    sections = tuple(
        section.model_copy(update={"density": min(1.0, 2 * section.density)})
        for section in piece.table.section
    )
    return replace(piece, table=piece.table.model_copy(update={"section": sections}))
