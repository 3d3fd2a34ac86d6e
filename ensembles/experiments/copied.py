"""Whether the networks copy: how much of what they play stands in the training pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from ensembles.experiments.base import Cell, Table
from ensembles.experiments.real import RealPiece
from musebots.measures import Part
from musebots.measures.copying import Fragment, bars_of, found_share, melodic_ngrams

__all__ = ["copying_rows"]

_SOURCES = {
    "melody": ("nottingham", "openewld"),
    "bass": ("freedoom", "helland", "jsb"),
    "drums": ("groove",),
}
_PITCHED: dict[str, Callable[[Part], list[Fragment]]] = {
    "8 notes, intervals": partial(melodic_ngrams, is_rhythm_counted=False),
    "8 notes, intervals and rhythm": partial(melodic_ngrams, is_rhythm_counted=True),
}
_DRUMS: dict[str, Callable[[Part], list[Fragment]]] = {"whole bars": bars_of}


def copying_rows(
    ours: Mapping[tuple[str, str], Sequence[Part]], everything: Sequence[RealPiece]
) -> Table:
    """Share of fragments found in the training pieces of the role: ours, and the test pieces' own.

    Parameters
    ----------
    ours : mapping of (role, style) to sequence of Part
    everything : sequence of RealPiece
        Training and test pieces.
    """
    rows: list[tuple[Cell, ...]] = []
    for role, sources in _SOURCES.items():
        pieces = [p for p in everything if p.source in sources and role in p.parts]
        for kind, fragments in (_DRUMS if role == "drums" else _PITCHED).items():
            known = {f for p in pieces if p.split == "train" for f in fragments(p.parts[role])}
            for (name, style), parts in ours.items():
                if name != role:
                    continue
                held_out = [p.parts[role] for p in pieces if p.split == "test" and p.style == style]
                mine = _share(parts, fragments, known)
                theirs = _share(held_out, fragments, known)
                is_fine = mine <= theirs if held_out else None
                rows.append((role, style, kind, mine, theirs, len(held_out), is_fine))
    columns = ("role", "style", "fragments", "ours", "real test", "test n", "not above real")
    return Table("copying", "Share of fragments found in the training pieces", columns, tuple(rows))


def _share(
    parts: Sequence[Part], fragments: Callable[[Part], list[Fragment]], known: set[Fragment]
) -> float:
    """Over all fragments of all parts."""
    found = [fragment for part in parts for fragment in fragments(part)]
    return found_share(found, known) if found else float(np.nan)
