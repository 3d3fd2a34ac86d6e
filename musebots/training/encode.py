"""Pieces as a network hears and says them: the features and tokens of every step. Pure.

The features are read from `StepContext`s by the very table that the live step uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from musebots.generators import MAX_STEPS_TO_NEXT, StepContext
from musebots.harmony import Chord
from musebots.rnn.dynamics import heard_levels_of, relative_levels
from musebots.rnn.features import FEATURES, PLACES, read_features
from musebots.rnn.memory import Memory
from musebots.rnn.sampling import velocity_level
from musebots.rnn.vocabulary import (
    DRUM_CLASSES,
    HOLD,
    REST,
    BassVocabulary,
    DrumVocabulary,
    MelodyVocabulary,
    PitchVocabulary,
    Role,
    Vocabulary,
)
from musebots.training.forms import recall_bars
from musebots.training.grooves import typical_grooves
from musebots.training.pieces import HELD, SILENT, Piece, steps_per_bar

__all__ = [
    "EncodedPiece",
    "Encoder",
    "Knobs",
    "contexts_of",
    "unheard_features",
    "vocabulary_for",
]

_BLOCK_BARS = 4
_MIN_BLOCKS = 40
_RARE = 5
_BASS_CENTRE = 38
_PREFERRED_STYLES: dict[Role, tuple[str, ...]] = {
    "melody": ("folk", "standard"),
    "bass": ("rock", "game"),
    "drums": ("rock", "pop"),
}


@dataclass(frozen=True, slots=True)
class EncodedPiece:
    """One piece, ready for the network.

    Parameters
    ----------
    name : str
        The piece that it is, or is a part of.
    group : str
        Source and time signature, by which results are told apart.
    features : int16 array
        (n_steps, n_features).
    tokens : int16 array
        (n_steps,): what is to be predicted.
    is_note : bool array
        (n_steps,): where a note starts, or a drum is struck.
    levels : int8 array
        (n_steps, 9) for drums, (n_steps, 1) for a voice: velocity level of what is struck, -1
        elsewhere and where it is not known.
    offset : float32 array
        Of the same shape: lateness in 16ths.
    heard_levels : int8 array
        (n_steps, 3): for a voice, what its velocity level is chosen by, see `LevelModel`.
    bar_starts : int array
        Steps at which a window may begin.
    """

    name: str
    group: str
    features: npt.NDArray[np.int16]
    tokens: npt.NDArray[np.int16]
    is_note: npt.NDArray[np.bool_]
    levels: npt.NDArray[np.int8]
    offset: npt.NDArray[np.float32]
    heard_levels: npt.NDArray[np.int8]
    bar_starts: npt.NDArray[np.intp]


def vocabulary_for(role: Role, pieces: Sequence[Piece]) -> Vocabulary:
    """The vocabulary that covers the training pieces."""
    styles = tuple(sorted({piece.style for piece in pieces}))
    default = next((s for s in _PREFERRED_STYLES[role] if s in styles), styles[0])
    if role == "melody":
        return MelodyVocabulary(styles, default)
    if role == "bass":
        return BassVocabulary(styles, default)
    counts = np.zeros(1 << len(DRUM_CLASSES), dtype=np.int64)
    for piece in pieces:
        counts += np.bincount(piece.voice, minlength=len(counts))
    counts[0] = max(counts[0], _RARE)
    by_frequency = sorted(np.flatnonzero(counts >= _RARE), key=lambda mask: (-counts[mask], mask))
    plain = DrumVocabulary(styles, default, tuple(int(mask) for mask in by_frequency))
    return replace(plain, grooves=typical_grooves(plain, pieces))


class Knobs:
    """How dense, high and loud music is, in blocks of four bars, ranked within its style.

    A knob of 0.9 at a step says that nine tenths of the style's training blocks have fewer notes
    (a lower mean pitch, a softer touch) than the block that the step lies in; 0.5 is the style's
    own normal.
    """

    NAMES = ("density", "register", "intensity")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        by_style: dict[str, list[tuple[float, float, float]]] = {}
        for piece in pieces:
            measures = [_measures(piece, steps) for steps in _blocks(piece)]
            by_style.setdefault(piece.style, []).extend(measures)
        every = [measures for style in by_style.values() for measures in style]
        self._of_style = {
            style: _ranking(found) for style, found in by_style.items() if len(found) >= _MIN_BLOCKS
        }
        self._of_all = _ranking(every)

    def of(self, piece: Piece) -> npt.NDArray[np.float64]:
        """(n_steps, 3): density, register and intensity in 0..1; 0.5 where unknown."""
        ranking = self._of_style.get(piece.style, self._of_all)
        values = np.full((piece.n_steps, len(self.NAMES)), 0.5)
        for steps in _blocks(piece):
            for column, measure in enumerate(_measures(piece, steps)):
                known = ranking[column]
                if np.isfinite(measure) and len(known) and known[0] < known[-1]:
                    low = np.searchsorted(known, measure, "left")
                    high = np.searchsorted(known, measure, "right")
                    values[steps, column] = (low + high) / 2 / len(known)
        return values


def _ranking(measures: list[tuple[float, float, float]]) -> list[npt.NDArray[np.float64]]:
    """Each measure's known values in ascending order."""
    return [column[np.isfinite(column)] for column in np.sort(np.array(measures), axis=0).T]


def _blocks(piece: Piece) -> Iterator[slice]:
    length = _BLOCK_BARS * steps_per_bar(piece.time_signature)
    for start in range(0, piece.n_steps, length):
        yield slice(start, start + length)


def _measures(piece: Piece, steps: slice) -> tuple[float, float, float]:
    """Notes per step, mean pitch (relative to the key's C), mean velocity; NaN where unknown."""
    voice, velocity = piece.voice[steps], piece.velocity[steps]
    struck = velocity > 0
    if velocity.shape[1] > 1 and struck.any():
        return float(struck.sum() / len(voice)), np.nan, float(velocity[struck].mean())
    notes = voice[voice >= 0]
    register = float(notes.mean()) if len(notes) else np.nan
    return len(notes) / len(voice), register, np.nan


def contexts_of(piece: Piece, knobs: npt.NDArray[np.float64]) -> Iterator[StepContext]:
    """What a live bot would have been told at each step of the piece."""
    length = steps_per_bar(piece.time_signature)
    is_compound = piece.time_signature.is_compound
    changes = _next_changes(piece.chords)
    recalls = recall_bars(piece.chords, length, first_bar=piece.first_phrase_bar)
    for step in range(piece.n_steps):
        bar, step_in_bar = divmod(step, length)
        until, following = changes[step]
        density, register, intensity = knobs[step]
        yield StepContext(
            step_in_bar=step_in_bar,
            steps_per_bar=length,
            bar_in_phrase=(bar - piece.first_phrase_bar) % 4,
            key=piece.key,
            chord=piece.chords[step],
            next_chord=following,
            steps_to_next=until,
            style=piece.style,
            intensity=float(intensity),
            density=float(density),
            register=float(register),
            is_fill=bool(piece.fills[step]),
            has_kick=bool(piece.kicks[step]),
            is_compound=is_compound,
            others_density=None if np.isnan(piece.others[step]) else float(piece.others[step]),
            place_in_section=PLACES[piece.places[step]],
            recall_bars=int(recalls[bar]),
        )


def _next_changes(chords: Sequence[Chord]) -> list[tuple[int, Chord | None]]:
    """For every step: 16ths until the next different chord and that chord, if it is near."""
    changes: list[tuple[int, Chord | None]] = []
    change, following = len(chords), None
    for step in range(len(chords) - 1, -1, -1):
        if step + 1 < len(chords) and chords[step + 1] != chords[step]:
            change, following = step + 1, chords[step + 1]
        is_near = following is not None and change - step <= MAX_STEPS_TO_NEXT
        changes.append((change - step, following) if is_near else (MAX_STEPS_TO_NEXT, None))
    return changes[::-1]


class Encoder:
    """Turns pieces into features and tokens.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words to say.
    feature_names : sequence of str
        The features to hear.
    knobs : Knobs
        Made from the training pieces.
    """

    def __init__(self, vocabulary: Vocabulary, feature_names: Sequence[str], knobs: Knobs) -> None:
        self._vocabulary = vocabulary
        self._names = tuple(feature_names)
        self._knobs = knobs

    @property
    def dropouts(self) -> npt.NDArray[np.float32]:
        """Share of windows in which each feature is hidden, (n_features,)."""
        return np.array([FEATURES[name].dropout for name in self._names], dtype=np.float32)

    @property
    def knob_columns(self) -> list[int]:
        """Columns of the features that tell of music to come."""
        return [i for i, name in enumerate(self._names) if FEATURES[name].is_knob]

    def encode(self, piece: Piece) -> EncodedPiece:
        """Walk through the piece as a live bot would, noting what it hears and what it plays."""
        centred = _centred(piece) if isinstance(self._vocabulary, BassVocabulary) else piece
        memory = Memory(self._vocabulary)
        features = np.empty((piece.n_steps, len(self._names)), dtype=np.int16)
        tokens = np.empty(piece.n_steps, dtype=np.int16)
        heard_levels = np.empty((piece.n_steps, 3), dtype=np.int8)
        levels = _levels(piece)
        is_drums = isinstance(self._vocabulary, DrumVocabulary)
        for step, context in enumerate(contexts_of(centred, self._knobs.of(centred))):
            features[step] = read_features(self._names, self._vocabulary, context, memory)
            heard_levels[step] = heard_levels_of(context, memory)
            tokens[step] = self._token(int(centred.voice[step]), context)
            loudness = 0 if is_drums else 1 + int(levels[step, 0])
            memory.observe(context, int(tokens[step]), loudness)
        length = steps_per_bar(piece.time_signature)
        return EncodedPiece(
            name=piece.name,
            group=f"{piece.source} {piece.time_signature}",
            features=features,
            tokens=tokens,
            is_note=piece.voice > 0 if is_drums else piece.voice >= 0,
            levels=levels,
            offset=piece.offset,
            heard_levels=heard_levels,
            bar_starts=np.arange(0, piece.n_steps, length),
        )

    def _token(self, planned: int, context: StepContext) -> int:
        if isinstance(self._vocabulary, DrumVocabulary):
            return self._vocabulary.token_of(planned)
        assert isinstance(self._vocabulary, PitchVocabulary)
        if planned in (SILENT, HELD):
            return REST if planned == SILENT else HOLD
        return self._vocabulary.token_of(planned, context.key, context.chord)


def unheard_features(
    feature_names: Sequence[str], pieces: Sequence[tuple[str, EncodedPiece]]
) -> dict[str, tuple[str, ...]]:
    """For each style, the features that can be not known and never were known in its pieces.

    Parameters
    ----------
    feature_names : sequence of str
        What the pieces were encoded with.
    pieces : sequence of (str, EncodedPiece)
        Style and piece.
    """
    highest: dict[str, npt.NDArray[np.int16]] = {}
    for style, piece in pieces:
        top = piece.features.max(axis=0)
        highest[style] = np.maximum(highest.get(style, top), top)
    can_be_unknown = [FEATURES[name].dropout > 0 for name in feature_names]
    found = {}
    for style, top in sorted(highest.items()):
        columns = zip(feature_names, can_be_unknown, top, strict=True)
        names = tuple(name for name, can_be, value in columns if can_be and value == 0)
        if names:
            found[style] = names
    return found


def _levels(piece: Piece) -> npt.NDArray[np.int8]:
    """The velocity level of everything that is struck, -1 elsewhere: as a drum's, or a voice's."""
    struck = piece.velocity > 0
    levels = np.full(piece.velocity.shape, -1, dtype=np.int8)
    is_voice = piece.velocity.shape[1] == 1
    level_of = relative_levels if is_voice else velocity_level
    if struck.any():
        levels[struck] = level_of(piece.velocity[struck])
    return levels


def _centred(piece: Piece) -> Piece:
    """A bass part moved by whole octaves to where a bass plays."""
    pitches = piece.voice[piece.voice >= 0]
    if not len(pitches):
        return piece
    shift = 12 * round((_BASS_CENTRE - float(np.median(pitches))) / 12)
    moved = np.where(piece.voice >= 0, piece.voice + shift, piece.voice)
    voice = piece.taken(range(piece.n_steps))
    voice.voice[:] = moved
    return voice
