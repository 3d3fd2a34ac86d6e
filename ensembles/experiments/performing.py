"""Play a piece as `musebots render` does, and keep the notes instead of writing them."""

from __future__ import annotations

import os
from dataclasses import dataclass

from director.director import SessionReport
from director.outputs.memory import MemoryOutput
from director.score import Score
from ensembles.config import Piece
from ensembles.rendering import perform_here
from ensembles.stage import opened
from musebots.harmony import Harmony
from musebots.measures import Part
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

__all__ = ["Performance", "perform"]


@dataclass(frozen=True, slots=True)
class Performance:
    """What the band played.

    Parameters
    ----------
    parts : dict of str to Part
        By bot, all of the same length; one that played nothing is empty.
    harmony : Harmony
        The chords it was played over.
    """

    parts: dict[str, Part]
    harmony: Harmony


def perform(piece: Piece, *, seed: int) -> Performance:
    """Render a piece on virtual time: the same piece and seed give the same notes."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one step is too small to share
    score = piece.score(seed=seed)
    memory = MemoryOutput()
    run_offline(_play(piece, score, memory))
    signature = score.meter_map.time_signature_at(0)
    notes = memory.notes_by_bot()
    parts = {
        bot.id: Part.of(notes.get(bot.id, []), n_bars=score.n_bars, time_signature=signature)
        for bot in piece.bots
    }
    spans = tuple(span for passage in score.passages for span in passage.spans)
    return Performance(parts, Harmony(score.key, spans))


async def _play(piece: Piece, score: Score, memory: MemoryOutput) -> SessionReport:
    async with opened([memory], score):
        return await perform_here(piece, score, [memory], network=LoopbackNetwork())
