"""Counting a corpus: the model of what is expected, and how readily it gives way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from musebots.arrays import IntArray
from musebots.novelty.contexts import N_SYMBOLS, contexts_of_steps
from musebots.novelty.model import NoveltyModel, met_before
from musebots.novelty.phrases import Phrases

__all__ = ["fit_novelty"]

_SIDE_BY_SIDE = 64


def fit_novelty(
    pieces: Sequence[Phrases], held_out: Sequence[Phrases], *, least_seen: int = 2
) -> NoveltyModel:
    """Count a corpus, and choose the strengths that predict held-out music best.

    Parameters
    ----------
    pieces : sequence of Phrases
        Whole pieces, all of whose steps are judged.
    held_out : sequence of Phrases
        Phrases with what came before them.
    least_seen : int
        Contexts that occurred in fewer pieces are forgotten: they say little and take room.
    """
    role = pieces[0].role
    symbols, of_piece, per_level = _counted(pieces)
    columns: list[list[IntArray]] = [[], [], [], [], []]
    for context in [np.zeros_like(symbols), *per_level]:
        happened, n_times = _once_per_piece(context * N_SYMBOLS + symbols, of_piece)
        found, first, n_followers = np.unique(
            happened // N_SYMBOLS, return_index=True, return_counts=True
        )
        times = np.add.reduceat(n_times, first)
        kept = times >= least_seen
        is_kept = np.repeat(kept, n_followers)
        for column, values in zip(
            columns,
            (found[kept], times[kept], n_followers[kept], happened[is_kept], n_times[is_kept]),
            strict=True,
        ):
            column.append(values)
    by_name = zip(("contexts", "n_seen", "n_followers", "events", "n_events"), columns, strict=True)
    tables = {name: tuple(column) for name, column in by_name}
    model = NoveltyModel(role, **tables, strengths=(1.0,) * (len(columns[0]) - 1))
    return _with_best_strengths(model, held_out)


def _counted(pieces: Sequence[Phrases]) -> tuple[IntArray, IntArray, list[IntArray]]:
    """Symbol, piece and contexts of every step of every piece, one after the other."""
    symbols, of_piece, levels = [], [], []
    for length in sorted({piece.steps_per_bar for piece in pieces}):
        alike = [i for i, piece in enumerate(pieces) if piece.steps_per_bar == length]
        alike.sort(key=lambda i: pieces[i].n_steps)
        for start in range(0, len(alike), _SIDE_BY_SIDE):
            group = alike[start : start + _SIDE_BY_SIDE]
            padded = _side_by_side([pieces[i] for i in group])
            lengths = np.array([pieces[i].n_steps for i in group])
            is_real = np.arange(padded.n_steps) < lengths[:, None]
            symbols.append(padded.symbols[is_real].astype(np.int64))
            of_piece.append(np.repeat(group, lengths))
            levels.append([context[is_real] for context in contexts_of_steps(padded)])
    per_level = [np.concatenate(level) for level in zip(*levels, strict=True)]
    return np.concatenate(symbols), np.concatenate(of_piece), per_level


def _side_by_side(pieces: Sequence[Phrases]) -> Phrases:
    """Pieces of one metre as one batch, the shorter ones filled up with silence."""
    longest = max(piece.n_steps for piece in pieces)

    def padded(name: str, filler: int = 0) -> IntArray:
        rows = [getattr(piece, name)[0] for piece in pieces]
        return np.stack([np.pad(r, (0, longest - len(r)), constant_values=filler) for r in rows])

    return Phrases(
        pieces[0].role, padded("symbols"), padded("pitch", -1), padded("step_in_bar"),
        padded("root"), padded("tonic"), padded("fitting"), 0, pieces[0].steps_per_bar,
    )  # fmt: skip


def _once_per_piece(events: IntArray, of_piece: IntArray) -> tuple[IntArray, IntArray]:
    """The events that occur, sorted, and in how many pieces: a tune that repeats is one tune."""
    known, index = np.unique(events, return_inverse=True)
    n_pieces = int(of_piece.max()) + 1
    in_pieces = np.unique(index.astype(np.int64) * n_pieces + of_piece)
    return known, np.bincount(in_pieces // n_pieces, minlength=len(known))


def _with_best_strengths(model: NoveltyModel, held_out: Sequence[Phrases]) -> NoveltyModel:
    """Choose each strength in turn, the others as they are."""
    best = [4.0] * len(model.strengths)
    prepared = []
    for phrases in held_out:
        contexts = contexts_of_steps(phrases)
        prepared.append((model.long_term(contexts, phrases), met_before(contexts, phrases)))

    def nats(strengths: Sequence[float]) -> float:
        tried = replace(model, strengths=tuple(strengths))
        return sum(float(-np.log(tried.laid_over(*one)).sum()) for one in prepared)

    for _ in range(2):
        for index in range(len(best)):
            tried = [
                (nats([*best[:index], value, *best[index + 1 :]]), value)
                for value in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
            ]
            best[index] = min(tried)[1]
    return replace(model, strengths=tuple(best))
