"""How well a checkpoint predicts music: with an interval, and with parts of its hearing covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musebots.errors import CorpusError
from musebots.rnn.checkpoint import load_checkpoint, shipped_checkpoint
from musebots.rnn.model import RoleModel, model_of
from musebots.rnn.vocabulary import Role
from musebots.training.corpora import read_corpus
from musebots.training.encode import EncodedPiece, Encoder, Knobs
from musebots.training.evaluate import Likelihood, likelihood_of_each

__all__ = ["COUNTED", "COVERED", "Estimate", "Judgement", "estimate", "judge", "yardstick_of"]

N_RESAMPLES = 2000
COUNTED = (
    "nats: sum of -ln p(token) over every 16th of every piece of the split, from its first one, "
    "each given all 16ths before it; rests and holds count. Per note: that sum over the number of "
    "16ths on which a note starts (drums: on which anything is struck). Known ahead, as to a band "
    "that plays: key, meter, chord, next chord within a bar, end and eight-bar blocks of the "
    "piece, what the others played until the bar line, for the bass the kick of this 16th; its "
    "part is moved by octaves to a bass's range. Chords of a bass are those estimated without it, "
    "where there are such. Not known: density, register, intensity. Parts are cut where they are "
    "silent for more than a bar and where the key changes; recorded fills are left out. Interval: "
    "95 %, percentile bootstrap over pieces."
)
"""What the figures of a `Judgement` count."""

_COMMON_TIME = "4/4"
_YARDSTICKS: dict[Role, tuple[str, ...]] = {
    "melody": ("nottingham", "openewld"),
    "bass": ("freedoom", "helland", "openmsx"),
    "drums": ("groove",),
}
COVERED = {
    "position": ("step", "meter", "phrase_bar"),
    "chord": ("root", "quality", "above_root"),
    "next chord": ("next_root", "next_quality", "next_motion", "steps_to_next"),
    "earlier bars": ("one_bar_ago", "two_bars_ago", "four_bars_ago", "eight_bars_ago"),
    "recall": ("recall",),
    "kick": ("has_kick",),
    "others": ("others", "has_kick"),
    "place in the section": ("place",),
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
    counted : str
        What is counted, in words.
    groups : dict of str to Estimate
        ``"all"``, the pieces by which roles are compared (`yardstick_of`), and each source and
        time signature.
    covered : dict of str to Estimate
        Once more, with a group of features covered, over the yardstick's pieces, or all where it
        has none; the network was trained with them, so this says how much it leans on them, not
        what one trained without them could do.
    skipped : tuple of (str, str)
        Files or pieces left out, and why.
    """

    role: Role
    split: str
    sha256: str
    counted: str
    groups: dict[str, Estimate]
    covered: dict[str, Estimate]
    skipped: tuple[tuple[str, str], ...]


def judge(
    role: Role,
    events: Path,
    *,
    checkpoint: Path | None = None,
    split: str = "test",
    seed: int = 0,
) -> Judgement:
    """Measure a checkpoint on held-out music; `COUNTED` says how.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    events : Path
        An event file, a folder of them, or MIDI files.
    checkpoint : Path, optional
        The shipped one by default.
    split : str
        Which pieces; those of a file that names no splits belong to any.
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
    corpus = read_corpus(role, events, split=split, is_for_training=False)
    pieces = [piece for piece in corpus.split(split) if not piece.fills.any()]
    if not pieces:
        raise CorpusError(f"{events} holds nothing but fills in its {split} split")
    encoder = Encoder(network.vocabulary, network.feature_names, Knobs(pieces))
    encoded = [encoder.encode(piece) for piece in pieces]
    model = model_of(network)
    heard = likelihood_of_each(model, encoded, hidden_columns=encoder.knob_columns)
    rng = np.random.default_rng(seed)

    def estimate_of(chosen: Sequence[int]) -> Estimate:
        return estimate([encoded[i] for i in chosen], [heard[i] for i in chosen], rng)

    by_group = {name: [i for i, p in enumerate(encoded) if p.group == name]
                for name in sorted({piece.group for piece in encoded})}  # fmt: skip
    title, members = yardstick_of(role, list(by_group))
    compared = [i for name in members for i in by_group[name]]
    groups = {"all": estimate_of(range(len(encoded)))}
    if compared:
        groups[title] = estimate_of(compared)
    groups |= {name: estimate_of(chosen) for name, chosen in by_group.items()}
    judged = [encoded[i] for i in compared] or encoded
    names = network.feature_names
    covered = {
        what: [names.index(name) for name in features if name in names]
        for what, features in COVERED.items()
    }
    return Judgement(
        role,
        split,
        network.sha256,
        COUNTED,
        groups,
        {
            what: _covered(model, judged, [*encoder.knob_columns, *columns], rng)
            for what, columns in covered.items()
            if columns
        },
        corpus.skipped,
    )


def yardstick_of(role: Role, groups: Sequence[str]) -> tuple[str, list[str]]:
    """By which pieces networks of a role are compared: a title, and those of the groups given.

    Melody: Nottingham and OpenEWLD; bass: the multitrack pieces; drums: the Groove MIDI Dataset;
    all in 4/4.
    """
    members = [f"{source} {_COMMON_TIME}" for source in _YARDSTICKS[role]]
    found = [name for name in members if name in groups]
    return f"{' + '.join(name.split()[0] for name in found)} {_COMMON_TIME}", found


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
