"""How much of a part is somewhere else, note for note, in whatever key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set

import numpy as np

from musebots.measures.part import Part

__all__ = ["N_NOTES", "bars_of", "found_share", "melodic_ngrams"]

N_NOTES = 8

Fragment = tuple[int, ...]


def melodic_ngrams(
    part: Part, n_notes: int = N_NOTES, *, is_rhythm_counted: bool
) -> list[Fragment]:
    """Every run of `n_notes` notes of a line as its intervals, which know no key.

    Parameters
    ----------
    part : Part
        One voice.
    n_notes : int
        At least 2.
    is_rhythm_counted : bool
        Whether inter-onset intervals (in 16ths) have to agree, too.

    Returns
    -------
    list of tuple of int
        One for each note that has `n_notes` - 1 after it; the same run may come more than once.

    Examples
    --------
    >>> from musebots.notes import Note
    >>> line = Part.of([Note(beat, pitch) for beat, pitch in enumerate((60, 62, 64))])
    >>> melodic_ngrams(line, 2, is_rhythm_counted=True)
    [(2, 4), (2, 4)]
    """
    if n_notes < 2:
        raise ValueError(f"n_notes must be >= 2, got {n_notes}")
    moves = np.diff(part.pitch)[:, None]
    if is_rhythm_counted:
        moves = np.column_stack([moves, np.diff(part.steps)])
    n_runs = len(part) - n_notes + 1
    return [tuple(moves[i : i + n_notes - 1].ravel().tolist()) for i in range(max(0, n_runs))]


def bars_of(part: Part) -> list[Fragment]:
    """Every bar in which something starts, as (step, pitch, step, pitch ...): for drums."""
    bars = (sorted(bar) for bar in part.bar_contents if bar)
    return [tuple(value for onset in bar for value in onset) for bar in bars]


def found_share(fragments: Iterable[Fragment], known: Set[Fragment]) -> float:
    """Share of fragments that are known; NaN when there are none."""
    found = [fragment in known for fragment in fragments]
    return float(np.mean(found)) if found else float("nan")
