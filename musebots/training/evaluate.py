"""How well a network predicts music that it has not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from musebots.rnn.model import RoleModel
from musebots.training.encode import EncodedPiece

__all__ = ["Likelihood", "evaluate", "grouped_by_source", "likelihood_of_each"]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Surprise at a set of pieces.

    Parameters
    ----------
    nats : float
        Sum of ``-ln p(token | all steps before, context)`` over all steps of all pieces.
    n_pieces, n_steps : int
        What was summed over.
    n_notes : int
        Steps on which a note starts (melody, bass) or anything is struck (drums).
    n_right : int
        Steps whose likeliest token was the one played.
    """

    nats: float
    n_pieces: int
    n_steps: int
    n_notes: int
    n_right: int

    @classmethod
    def nothing(cls) -> Likelihood:
        """That of no music at all."""
        return cls(0.0, 0, 0, 0, 0)

    @property
    def nats_per_step(self) -> float:
        """Mean surprise at a 16th."""
        return self.nats / max(1, self.n_steps)

    @property
    def nats_per_note(self) -> float:
        """The whole surprise, rests and holds included, shared out among the notes."""
        return self.nats / max(1, self.n_notes)

    def __add__(self, other: Likelihood) -> Likelihood:
        return Likelihood(
            self.nats + other.nats,
            self.n_pieces + other.n_pieces,
            self.n_steps + other.n_steps,
            self.n_notes + other.n_notes,
            self.n_right + other.n_right,
        )

    def to_json(self) -> dict[str, float | int]:
        """For a model card."""
        return {
            "nats_per_step": round(self.nats_per_step, 4),
            "nats_per_note": round(self.nats_per_note, 4),
            "accuracy": round(self.n_right / max(1, self.n_steps), 4),
            "n_pieces": self.n_pieces,
            "n_steps": self.n_steps,
            "n_notes": self.n_notes,
        }


def likelihood_of_each(
    model: RoleModel, pieces: Sequence[EncodedPiece], *, hidden_columns: Sequence[int] = ()
) -> list[Likelihood]:
    """Predict every step of every piece from what came before it.

    Each piece is played through once from the initial state, its first step included; nothing is
    cut into windows and nothing is left out. Features in `hidden_columns` are set to 0: the knobs
    (density, register, intensity) are measured on blocks that reach into the future, and a
    likelihood that knew them would flatter the network. The chord after next is never known; the
    next one is, as it is to a live bot, and so is, for the bass, the kick of the same step.

    Returns
    -------
    list of Likelihood
        One per piece, in their order.
    """
    results: list[Likelihood] = []
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for piece in pieces:
            features = torch.from_numpy(piece.features.astype(np.int64))
            features[:, list(hidden_columns)] = 0
            tokens = torch.from_numpy(piece.tokens.astype(np.int64))
            logits = model(features.unsqueeze(0)).logits[0].double()
            nats = torch.nn.functional.cross_entropy(logits, tokens, reduction="sum")
            results.append(
                Likelihood(
                    float(nats),
                    1,
                    len(tokens),
                    int(piece.is_note.sum()),
                    int((logits.argmax(-1) == tokens).sum()),
                )
            )
    model.train(was_training)
    return results


def evaluate(
    model: RoleModel, pieces: Sequence[EncodedPiece], *, hidden_columns: Sequence[int] = ()
) -> dict[str, Likelihood]:
    """The sums of `likelihood_of_each` by group: source and time signature."""
    results: dict[str, Likelihood] = defaultdict(Likelihood.nothing)
    each = likelihood_of_each(model, pieces, hidden_columns=hidden_columns)
    for piece, likelihood in zip(pieces, each, strict=True):
        results[piece.group] += likelihood
    return dict(results)


def grouped_by_source(results: dict[str, Likelihood]) -> dict[str, dict[str, float | int]]:
    """Results for a card: in all, and by source and time signature."""
    total = sum(results.values(), Likelihood.nothing())
    shown = {"all": total.to_json()}
    shown.update({group: results[group].to_json() for group in sorted(results)})
    return shown
