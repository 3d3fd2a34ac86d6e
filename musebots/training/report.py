"""How to train, how far a training is, what came of it, and the card that tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musebots.rnn.model import Cell
from musebots.rnn.vocabulary import Role
from musebots.training.corpora import LICENCES
from musebots.training.evaluate import Likelihood
from musebots.training.pieces import Piece

__all__ = [
    "FINE_TUNING",
    "SETTINGS",
    "Progress",
    "Settings",
    "TrainingReport",
    "Trial",
    "corpus_on_card",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train.

    Parameters
    ----------
    n_epochs : int
        Passes over the corpus at most; the learning rate falls to a twentieth along a half cosine.
    patience : int
        Epochs without a better validation before stopping early.
    n_units : int
        Width of the hidden layer.
    dropout : float
        See `RoleModel`.
    learning_rate, weight_decay : float
        Of Adam (AdamW).
    window_steps, batch_size : int
        Length of a training window in 16ths, and windows per update.
    windows_per_piece : int
        At most so many windows of a piece in an epoch: pieces are learned, not notes.
    clip_norm : float
        Largest norm of the gradient.
    cell : {"gru", "lstm"}
        Kind of recurrent layer; only a GRU can be played.
    """

    n_epochs: int = 16
    patience: int = 4
    n_units: int = 256
    dropout: float = 0.3
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    window_steps: int = 192
    batch_size: int = 16
    windows_per_piece: int = 8
    clip_norm: float = 1.0
    cell: Cell = "gru"


SETTINGS: dict[Role, Settings] = {
    "melody": Settings(dropout=0.15),
    "bass": Settings(dropout=0.35),
    "drums": Settings(dropout=0.2),
}
"""What the shipped checkpoints were trained with: the smaller the corpus, the more is hidden."""

FINE_TUNING = Settings(n_epochs=8, patience=3, learning_rate=5e-4)
"""How to go on from a checkpoint: fewer and smaller steps, so that what it knows is not lost."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is.

    Parameters
    ----------
    fraction : float
        0..1 of the epochs asked for.
    epoch : int
        From 1; the one under way.
    train_loss : float
        Mean nats per step so far in this epoch, with dropout.
    valid_loss : float
        Nats per step on the validation split after the last epoch; NaN before the first ends.
    """

    fraction: float
    epoch: int
    train_loss: float
    valid_loss: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of a training.

    Parameters
    ----------
    path : Path
        The checkpoint; its card lies beside it.
    sha256 : str
        The checkpoint's identity.
    n_epochs, best_epoch : int
        Run, and the one that was kept.
    valid, test : Likelihood
        Of the network as saved; with nothing in a split, a likelihood of 0 steps.
    skipped : tuple of (str, str)
        Files or pieces left out, and why.
    """

    path: Path
    sha256: str
    n_epochs: int
    best_epoch: int
    valid: Likelihood
    test: Likelihood
    skipped: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """How well a network did that was trained only to be measured.

    Parameters
    ----------
    n_parameters : int
        Its size.
    n_epochs : int
        How long it was trained.
    valid, test : dict of str to Likelihood
        By source and time signature.
    """

    n_parameters: int
    n_epochs: int
    valid: dict[str, Likelihood]
    test: dict[str, Likelihood]


def corpus_on_card(pieces: Sequence[Piece]) -> dict[str, dict[str, Any]]:
    """What a network was trained on: for each source its licence and how much of it."""
    return {
        source: {
            "licence": LICENCES.get(source, "not known to musebots: ask whoever made it"),
            "n_train_pieces": len({p.name for p in pieces if p.source == source}),
            "n_train_steps": sum(p.n_steps for p in pieces if p.source == source),
        }
        for source in sorted({piece.source for piece in pieces})
    }
