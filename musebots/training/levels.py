"""Fitting how hard a voice strikes: see `musebots.rnn.dynamics`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from musebots.rnn.dynamics import LEVEL_TABLE_SIZES, LEVEL_TABLES
from musebots.rnn.exact import on_grid
from musebots.rnn.sampling import N_VELOCITY_LEVELS
from musebots.training.encode import EncodedPiece

__all__ = ["fit_levels", "level_nats"]

_RIDGE = 1e-3
_ITERATIONS = 60

Tables = dict[str, npt.NDArray[np.float32]]


def fit_levels(pieces: Sequence[EncodedPiece]) -> Tables:
    """The tables that make the velocity levels of the pieces likeliest; none without any levels.

    A multinomial logistic regression with a ridge of 0.001 on all but the bias, chosen on
    validation pieces; pieces count by the root of their notes, so that the few long ones do not
    speak for all.
    """
    heard, levels, weights = _notes(pieces)
    if not len(levels):
        return {}
    tables = [torch.zeros((n, N_VELOCITY_LEVELS), requires_grad=True) for n in LEVEL_TABLE_SIZES]
    bias = torch.zeros(N_VELOCITY_LEVELS, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [*tables, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe"
    )

    def closure() -> float:
        optimizer.zero_grad()
        nats = torch.nn.functional.cross_entropy(
            _logits(tables, heard) + bias, levels, reduction="none"
        )
        loss = (weights * nats).mean()
        loss = loss + _RIDGE * torch.stack([table.square().sum() for table in tables]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = [table.detach() for table in tables]
    found[-1] = found[-1] + bias.detach()
    return {
        name: on_grid(table.numpy()).astype(np.float32)
        for name, table in zip(LEVEL_TABLES, found, strict=True)
    }


def level_nats(tables: Tables, pieces: Sequence[EncodedPiece]) -> float:
    """Mean surprise at a note's velocity level, in nats; NaN where no levels are known."""
    heard, levels, _ = _notes(pieces)
    if not len(levels) or not tables:
        return float("nan")
    logits = _logits([torch.from_numpy(tables[name]) for name in LEVEL_TABLES], heard)
    return float(torch.nn.functional.cross_entropy(logits, levels))


def _logits(tables: Sequence[Tensor], heard: Tensor) -> Tensor:
    return torch.stack([table[heard[:, i]] for i, table in enumerate(tables)]).sum(dim=0)


def _notes(pieces: Sequence[EncodedPiece]) -> tuple[Tensor, Tensor, Tensor]:
    """(n_notes, 3) what was heard, (n_notes,) the level, (n_notes,) a weight of mean 1."""
    heard = [np.empty((0, len(LEVEL_TABLES)), dtype=np.int8)]
    levels, weights = [np.empty(0, dtype=np.int8)], [np.empty(0)]
    for piece in pieces:
        is_known = piece.levels[:, 0] >= 0
        n_notes = int(is_known.sum())
        heard.append(piece.heard_levels[is_known])
        levels.append(piece.levels[is_known, 0])
        weights.append(np.full(n_notes, 1 / max(1, n_notes) ** 0.5))
    flat = np.concatenate(weights)
    scale = float(flat.mean()) if len(flat) else 1.0
    return (
        torch.from_numpy(np.concatenate(heard).astype(np.int64)),
        torch.from_numpy(np.concatenate(levels).astype(np.int64)),
        torch.from_numpy((flat / scale).astype(np.float32)),
    )
