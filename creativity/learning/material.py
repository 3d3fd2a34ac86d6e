"""Phrases of a corpus, as the assessor judges them and as a network hears them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from musebots.arrays import IntArray
from musebots.errors import CorpusError
from musebots.novelty.phrases import BEFORE_STEPS, PHRASE_STEPS, Phrases, pitches_of
from musebots.rnn.checkpoint import Checkpoint
from musebots.rnn.features import FEATURES, knob_level
from musebots.rnn.vocabulary import DrumVocabulary
from musebots.training.corpora import read_corpus
from musebots.training.encode import EncodedPiece, Encoder, Knobs
from musebots.training.pieces import Piece, steps_per_bar

__all__ = ["Material", "Windows", "material_of"]

_HOP_STEPS = 32
_BAR = 16


@dataclass(frozen=True, eq=False)
class Windows:
    """Phrases with what a network heard in them.

    Parameters
    ----------
    features : int16 array
        (n_windows, n_steps, n_features), with the knobs at rest.
    tokens : int16 array
        (n_windows, n_steps): what was played in the corpus.
    phrases : Phrases
        The same, to be judged.
    """

    features: npt.NDArray[np.int16]
    tokens: npt.NDArray[np.int16]
    phrases: Phrases

    def __len__(self) -> int:
        return len(self.tokens)

    def taken(self, which: IntArray | slice) -> Windows:
        """Some of the windows."""
        return Windows(self.features[which], self.tokens[which], self.phrases.taken(which))


@dataclass(frozen=True, eq=False)
class Material:
    """What a role learns to steer from: a corpus by splits.

    Parameters
    ----------
    checkpoint : Checkpoint
        The network that hears it.
    pieces : dict of str to list of Phrases
        Whole pieces in any metre, by split.
    windows : dict of str to Windows
        Six bars of 4/4 each, of which the last two are judged, by split.
    """

    checkpoint: Checkpoint
    pieces: dict[str, list[Phrases]]
    windows: dict[str, Windows]

    def drawn(self, split: str, n: int, rng: np.random.Generator) -> Windows:
        """`n` windows of a split, each once as long as there are enough."""
        windows = self.windows[split]
        whole = [rng.permutation(len(windows)) for _ in range(-(-n // len(windows)))]
        return windows.taken(np.concatenate(whole)[:n])


def material_of(
    checkpoint: Checkpoint, corpus: Path, *, splits: Sequence[str] = ("train", "valid", "test")
) -> Material:
    """Read a corpus for a network's role.

    Raises
    ------
    CorpusError
        If it holds no six bars of 4/4 for a split.
    """
    found = read_corpus(checkpoint.role, corpus)
    names = checkpoint.feature_names
    encoder = Encoder(checkpoint.vocabulary, names, Knobs(found.split("train")))
    pieces: dict[str, list[Phrases]] = {}
    windows: dict[str, Windows] = {}
    knobs = [i for i, name in enumerate(names) if FEATURES[name].is_knob]
    for split in splits:
        pieces[split], cut = [], []
        for piece in found.split(split):
            if piece.fills.any():
                continue
            encoded = encoder.encode(piece)
            encoded.features[:, knobs] = knob_level(0.5)
            for name in checkpoint.unheard.get(piece.style, ()):
                encoded.features[:, names.index(name)] = 0
            whole = _phrases(checkpoint, piece, encoded)
            pieces[split].append(whole)
            cut += _cut(encoded, whole)
        if not cut:
            raise CorpusError(
                f"{corpus} holds no six bars of 4/4 for {checkpoint.role} in its {split} split: "
                "give a corpus with longer pieces"
            )
        windows[split] = Windows(
            np.concatenate([one.features for one in cut]),
            np.concatenate([one.tokens for one in cut]),
            Phrases.joined([one.phrases for one in cut]),
        )
    return Material(checkpoint, pieces, windows)


def _phrases(checkpoint: Checkpoint, piece: Piece, encoded: EncodedPiece) -> Phrases:
    """A whole piece, as one phrase with nothing before it."""
    vocabulary = checkpoint.vocabulary
    length = steps_per_bar(piece.time_signature)
    tokens = encoded.tokens.astype(np.int64)
    root = np.array([chord.root_pc for chord in piece.chords])
    tonic = np.full(len(tokens), piece.key.relative_major_pc)
    if isinstance(vocabulary, DrumVocabulary):
        symbols, pitch = np.array(vocabulary.masks)[tokens], np.full(len(tokens), -1)
    else:
        symbols, pitch = tokens, pitches_of(checkpoint.role, tokens, root, tonic)
    scale = sum(1 << pc for pc in piece.key.scale)
    bits = {chord: sum(1 << pc for pc in chord.pitch_classes) for chord in set(piece.chords)}
    fitting = np.array([scale | bits[chord] for chord in piece.chords])
    place = np.arange(len(tokens)) % length
    return Phrases(
        checkpoint.role, symbols[None], pitch[None], place[None], root[None], tonic[None],
        fitting[None], 0, length,
    )  # fmt: skip


def _cut(encoded: EncodedPiece, whole: Phrases) -> list[Windows]:
    """Its windows of six bars, every two bars."""
    if whole.steps_per_bar != _BAR:
        return []
    n_steps = BEFORE_STEPS + PHRASE_STEPS
    starts = np.arange(0, len(encoded.tokens) - n_steps + 1, _HOP_STEPS)
    if not len(starts):
        return []
    at = starts[:, None] + np.arange(n_steps)
    phrases = Phrases(
        whole.role, whole.symbols[0, at], whole.pitch[0, at], whole.step_in_bar[0, at],
        whole.root[0, at], whole.tonic[0, at], whole.fitting[0, at], BEFORE_STEPS,
    )  # fmt: skip
    heard = phrases.is_onset[:, phrases.judged].any(axis=1) & phrases.is_onset[:, :32].any(axis=1)
    windows = Windows(encoded.features[at], encoded.tokens[at], phrases)
    return [windows.taken(np.flatnonzero(heard))]
