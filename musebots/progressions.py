"""Chord progressions that a band thinks of itself: a model of how the training songs go. Pure.

A bar is one *cell*: the chord that it begins with and the one in its second half, relative to the
tonic, such as ``"0:maj"`` or ``"2:min7 7:7"``. What follows what is counted by the two bars before
and by the place in a phrase of eight bars, and interpolated as Witten and Bell do (IEEE Trans. Inf.
Theory 37(4), 1991, method C), but leaning more on the shorter context, because songs repeat
themselves: ``p(w|h) = (c(h w) + L t(h) p(w|h')) / (c(h) + L t(h))``, with t(h) kinds of cells seen
after h, h' a shorter h, and L = 8, the best on valid songs of 1, 2, 4, 8, 16. So half cadences
come in the fourth bar, and full ones in the eighth.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from random import Random
from typing import Any, Literal, TypeAlias

from musebots.harmony import QUALITIES, Chord, Key

__all__ = ["BEGINNING", "Cell", "Ending", "ProgressionModel", "chords_of", "contexts_of"]

PHRASE_BARS = 8
BEGINNING = "^"
TONIC, DOMINANT = 0, 7
TRIES = 60
MOST_EQUAL = 2
TOP_P = 0.9
LEAN = 8

Cell: TypeAlias = str
Ending = Literal["closed", "open", "free"]
"""A progression that comes home, one that asks for what follows (the dominant), or either."""


@dataclass(frozen=True)
class ProgressionModel:
    """Counts of cells after contexts, by mode (``"major"``) and style (``"folk"``).

    Parameters
    ----------
    counts : dict
        mode -> style -> context -> cell -> count.
    """

    counts: dict[str, dict[str, dict[str, dict[Cell, int]]]]

    @classmethod
    def shipped(cls) -> ProgressionModel:
        """The model that comes with musebots; its card is in the same file."""
        return _shipped()

    @classmethod
    def fitted(cls, songs: Iterable[tuple[str, str, Sequence[Cell]]]) -> ProgressionModel:
        """Count songs, each (mode, style, cells from the first whole bar on)."""
        counts: dict[str, Any] = {}
        for mode, style, cells in songs:
            table = counts.setdefault(mode, {}).setdefault(style, {})
            for bar, cell in enumerate(cells):
                for context in contexts_of(cells[:bar], bar % PHRASE_BARS):
                    table.setdefault(context, Counter())[cell] += 1
        return cls(counts)

    def styles(self, mode: str) -> tuple[str, ...]:
        """The styles that were counted."""
        return tuple(sorted(self.counts.get(mode, {})))

    def probabilities(
        self, before: Sequence[Cell], place: int, mode: str, style: str = ""
    ) -> dict[Cell, float]:
        """How likely each cell is to follow.

        Parameters
        ----------
        before : sequence of str
            The bars before, as many as there are.
        place : int
            Place in the phrase, 0..7.
        mode : str
            "major" or "minor".
        style : str
            One of `styles`; anything else means all of them.
        """
        by_style = self.counts[mode]
        tables = [by_style[style]] if style in by_style else [by_style[s] for s in sorted(by_style)]
        chances: dict[Cell, float] = {}
        for context in contexts_of(before, place):
            found: Counter[Cell] = Counter()
            for table in tables:
                found.update(table.get(context, {}))
            if not chances:
                chances = {cell: n / found.total() for cell, n in sorted(found.items())}
            elif found:
                kinds, total = LEAN * len(found), found.total()
                chances = {
                    cell: (found[cell] + kinds * chance) / (total + kinds)
                    for cell, chance in chances.items()
                }
        return chances

    def sampled(
        self,
        n_bars: int,
        rng: Random,
        *,
        mode: str = "major",
        style: str = "",
        ending: Ending = "free",
    ) -> tuple[Cell, ...]:
        """A progression of `n_bars` cells that ends as it should.

        Drawn until it does, `TRIES` times at most; then its last two bars are made to.
        """
        if n_bars < 1:
            raise ValueError(f"n_bars must be >= 1, got {n_bars}")
        known: dict[tuple[str, ...], dict[Cell, float]] = {}

        def drawn() -> tuple[Cell, ...]:
            cells: list[Cell] = []
            for bar in range(n_bars):
                place = (bar - n_bars) % PHRASE_BARS  # so that the last bar ends a phrase
                contexts = contexts_of(cells, place)
                if contexts not in known:
                    known[contexts] = self.probabilities(cells, place, mode, style)
                cells.append(_chosen(known[contexts], rng.random()))
            return tuple(cells)

        dominant, tonic = "7:7", "0:maj" if mode == "major" else "0:min"
        last = (dominant, tonic) if ending == "closed" else (tonic, dominant)
        mended: list[tuple[Cell, ...]] = []
        for _ in range(TRIES):
            cells = drawn()
            if _ends(cells, ending) and _moves(cells):
                return cells
            mended.append((*cells[:-2], *last)[-n_bars:])
        return next((cells for cells in mended if _moves(cells)), mended[-1])


def contexts_of(before: Sequence[Cell], place: int) -> tuple[str, ...]:
    """What a cell is counted under, from nothing at all to two bars and the place."""
    last, one = ((BEGINNING, BEGINNING, *before))[-2:]
    return ("", f"{one}", f"{one}|{place}", f"{last}|{one}|{place}")


def _chosen(chances: dict[Cell, float], uniform: float) -> Cell:
    """One of the likeliest cells that together have `TOP_P`."""
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    kept, total = [], 0.0
    for cell, chance in ranked:
        kept.append((cell, chance))
        total += chance
        if total >= TOP_P:
            break
    place = uniform * total
    for cell, chance in kept:
        place -= chance
        if place < 0:
            return cell
    return kept[-1][0]


def _ends(cells: Sequence[Cell], ending: Ending) -> bool:
    if ending == "free":
        return True
    wanted = TONIC if ending == "closed" else DOMINANT
    return int(cells[-1].split()[-1].split(":")[0]) == wanted


def _moves(cells: Sequence[Cell]) -> bool:
    """Whether no cell stays for more than `MOST_EQUAL` bars, and long ones have three kinds."""
    runs = [len(list(run)) for _, run in groupby(cells)]
    return max(runs) <= MOST_EQUAL and len(set(cells)) >= min(3, len(cells) // 2)


def chords_of(
    cells: Iterable[Cell], key: Key, *, first_share: float = 0.5
) -> tuple[tuple[float, Chord], ...]:
    """Cells as (bars, chord) in a key; `first_share` of a bar is its first half.

    Examples
    --------
    >>> [(bars, str(chord)) for bars, chord in chords_of(["0:maj", "2:min7 7:7"], Key(7))]
    [(1.0, 'G'), (0.5, 'Am7'), (0.5, 'D7')]
    """
    spans: list[tuple[float, Chord]] = []
    for cell in cells:
        symbols = cell.split()
        shares = (1.0,) if len(symbols) == 1 else (first_share, 1 - first_share)
        for symbol, share in zip(symbols, shares, strict=True):
            degree, quality = symbol.split(":")
            if quality not in QUALITIES:
                raise ValueError(f"cell {cell!r} has an unknown quality")
            spans.append((share, Chord((int(degree) + key.tonic_pc) % 12, quality)))
    return tuple(spans)


@cache
def _shipped() -> ProgressionModel:
    text = resources.files("musebots").joinpath("checkpoints/progressions.json").read_text("utf-8")
    return ProgressionModel(json.loads(text)["counts"])
