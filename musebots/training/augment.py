"""More to learn from than was recorded: other meters, fills in their place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from musebots.rnn.vocabulary import Role
from musebots.timebase import TimeSignature
from musebots.training.pieces import (
    Piece,
    as_bars_of_six_eight,
    as_bars_of_three,
    joined,
    steps_per_bar,
)

__all__ = ["augmented"]

_FOUR_FOUR = TimeSignature()
_BAR = 16
_SHARE_RECUT = 0.25
_EXCERPT_BARS = 16
_BARS_BEFORE, _BARS_AFTER = 4, 4


def augmented(role: Role, pieces: Sequence[Piece], rng: np.random.Generator) -> list[Piece]:
    """The training pieces, and what was made of them.

    Drum and bass corpora are nearly all in 4/4: a quarter of their pieces is added once more as
    3/4 (the first three beats of every bar) and another as 6/8 (every beat three eighths long).
    Recorded fills stand alone: each is put after bars of a groove of its style, which goes on
    after it; the phrase ends with the fill. Half the grooves are cut into pieces of 16 bars, for
    recorded performances open with a flourish and a band that starts to play should not always.
    The melodies come in all meters and are left alone.
    """
    if role == "melody":
        return list(pieces)
    whole = [piece for piece in pieces if not piece.fills.any()]
    straight = [piece for piece in whole if piece.time_signature == _FOUR_FOUR]
    made: list[Piece] = []
    for recut in (as_bars_of_three, as_bars_of_six_eight):
        chosen = rng.random(len(straight)) < _SHARE_RECUT
        made.extend(recut(piece) for piece, is_in in zip(straight, chosen, strict=True) if is_in)
    fills = [piece for piece in pieces if piece.fills.any()]
    made.extend(_spliced(fill, straight, rng) for fill in fills if _is_short(fill))
    if role == "drums":
        whole = [part for piece in whole for part in _excerpts(piece, rng)]
    return [piece for piece in whole + made if piece.n_steps]


def _excerpts(piece: Piece, rng: np.random.Generator) -> list[Piece]:
    """The piece, or by a toss of the coin its stretches of `_EXCERPT_BARS`."""
    length = _EXCERPT_BARS * steps_per_bar(piece.time_signature)
    if rng.random() < 0.5 or piece.n_steps <= length:
        return [piece]
    starts = range(0, piece.n_steps, length)
    return [piece.taken(range(s, min(s + length, piece.n_steps))) for s in starts]


def _is_short(fill: Piece) -> bool:
    return fill.time_signature == _FOUR_FOUR and fill.n_steps <= 2 * _BAR


def _spliced(fill: Piece, grooves: Sequence[Piece], rng: np.random.Generator) -> Piece:
    """A groove that ends a phrase of four bars with `fill`, and goes on."""
    need = (_BARS_BEFORE + _BARS_AFTER) * _BAR
    long_enough = [groove for groove in grooves if groove.n_steps >= need]
    session = fill.name.rpartition("/")[0]
    for wanted in (
        [g for g in long_enough if g.style == fill.style and g.name.startswith(session)],
        [g for g in long_enough if g.style == fill.style],
        long_enough,
    ):
        if wanted:
            groove = wanted[rng.integers(len(wanted))]
            break
    else:
        return fill
    n_bars = groove.n_steps // _BAR
    first = int(rng.integers(n_bars - _BARS_BEFORE - _BARS_AFTER + 1)) * _BAR
    struck = np.flatnonzero(fill.voice)
    begins = int(struck[0]) if len(struck) else 0  # before the first hit the groove goes on
    into = fill.taken(range(begins, fill.n_steps))
    entry = first + _BARS_BEFORE * _BAR - into.n_steps
    before = groove.taken(range(first, entry))
    after = groove.taken(range(entry + into.n_steps, first + need))
    return replace(joined([before, into, after]), name=f"{groove.name} + {fill.name}",
                   first_phrase_bar=0)  # fmt: skip
