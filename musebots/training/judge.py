"""How well a checkpoint predicts music: with an interval, and with parts of its hearing covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musebots.rnn.checkpoint import load_checkpoint, shipped_checkpoint
from musebots.rnn.model import RoleModel, model_of
from musebots.rnn.vocabulary import Role
from musebots.training.corpora import read_corpus
from musebots.training.encode import EncodedPiece, Encoder, Knobs
from musebots.training.evaluate import Likelihood, likelihood_of_each

__all__ = ["COVERED", "Estimate", "Judgement", "estimate", "judge"]

N_RESAMPLES = 2000
COVERED = {
    "position": ("step", "meter", "phrase_bar"),
    "chord": ("root", "quality", "above_root"),
    "next chord": ("next_root", "next_quality", "next_motion", "steps_to_next"),
    "earlier bars": ("one_bar_ago", "two_bars_ago", "four_bars_ago", "eight_bars_ago"),
    "kick": ("has_kick",),
    "style": ("style",),
}
"""Groups of features that can be covered, to see what each is worth."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A likelihood with its sampling error.

    Parameters
    ----------
    nats_per_note, nats_per_step, accuracy : float
        See `Likelihood`.
    low, high : float
        95 % interval of `nats_per_note`: percentile bootstrap over pieces.
    n_pieces, n_steps, n_notes : int
        What it rests on.
    """

    nats_per_note: float
    low: float
    high: float
    nats_per_step: float
    accuracy: float
    n_pieces: int
    n_steps: int
    n_notes: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What `judge` found.

    Parameters
    ----------
    role, split : str
    sha256 : str
        Identity of the checkpoint.
    groups : dict of str to Estimate
        ``"all"``, and each source and time signature.
    covered : dict of str to Estimate
        All pieces again, with a group of features covered; the network was trained with them, so
        this says how much it leans on them, not what one trained without them could do.
    """

    role: str
    split: str
    sha256: str
    groups: dict[str, Estimate]
    covered: dict[str, Estimate]


def judge(
    role: Role,
    events: Path,
    *,
    checkpoint: Path | None = None,
    split: str = "test",
    seed: int = 0,
) -> Judgement:
    """Measure a checkpoint on held-out music.

    Counted is every 16th of every piece from its first, predicted from what came before, with the
    knobs hidden; see `likelihood_of_each`. A note is a step on which a note starts (drums: on
    which anything is struck).

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    events : Path
        An event file, a folder of them, or a folder of MIDI files.
    checkpoint : Path, optional
        The shipped one by default.
    split : str
        Which pieces: train, valid or test.
    seed : int
        Of the bootstrap.

    Raises
    ------
    CorpusError
        If there is nothing for this role in this split.
    CheckpointError
        If the checkpoint cannot be used.
    """
    network = load_checkpoint(checkpoint, role=role) if checkpoint else shipped_checkpoint(role)
    pieces = read_corpus(role, events, split=split).split(split)
    encoder = Encoder(network.vocabulary, network.feature_names, Knobs(pieces))
    encoded = [encoder.encode(piece) for piece in pieces if not piece.fills.any()]
    model = model_of(network)
    names = network.feature_names
    covered = {
        title: [names.index(name) for name in features if name in names]
        for title, features in COVERED.items()
    }
    heard = likelihood_of_each(model, encoded, hidden_columns=encoder.knob_columns)
    rng = np.random.default_rng(seed)
    groups = {"all": estimate(encoded, heard, rng)}
    for group in sorted({piece.group for piece in encoded}):
        chosen = [i for i, piece in enumerate(encoded) if piece.group == group]
        groups[group] = estimate([encoded[i] for i in chosen], [heard[i] for i in chosen], rng)
    return Judgement(
        role,
        split,
        network.sha256,
        groups,
        {
            title: _covered(model, encoded, [*encoder.knob_columns, *columns], rng)
            for title, columns in covered.items()
            if columns
        },
    )


def _covered(
    model: RoleModel,
    pieces: Sequence[EncodedPiece],
    columns: Sequence[int],
    rng: np.random.Generator,
) -> Estimate:
    return estimate(pieces, likelihood_of_each(model, pieces, hidden_columns=columns), rng)


def estimate(
    parts: Sequence[EncodedPiece], likelihoods: Sequence[Likelihood], rng: np.random.Generator
) -> Estimate:
    """The sum over parts, and its interval over the pieces that they are parts of."""
    by_piece: dict[str, Likelihood] = {}
    for part, likelihood in zip(parts, likelihoods, strict=True):
        by_piece[part.name] = by_piece.get(part.name, Likelihood.nothing()) + likelihood
    total = sum(by_piece.values(), Likelihood.nothing())
    nats = np.array([piece.nats for piece in by_piece.values()])
    notes = np.array([piece.n_notes for piece in by_piece.values()])
    picks = rng.integers(len(nats), size=(N_RESAMPLES, len(nats)))  # (n_resamples, n_pieces)
    resampled = nats[picks].sum(axis=1) / np.maximum(1, notes[picks].sum(axis=1))
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Estimate(
        nats_per_note=total.nats_per_note,
        low=float(low),
        high=float(high),
        nats_per_step=total.nats_per_step,
        accuracy=total.n_right / max(1, total.n_steps),
        n_pieces=len(by_piece),
        n_steps=total.n_steps,
        n_notes=total.n_notes,
    )
