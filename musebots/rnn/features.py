"""What a network hears at a step: one table, read by the training and by the live step alike.

A *feature* is a small whole number computed from the `StepContext` and from the `Memory` of what
was played; 0 always stands for "none", "neutral" or "not known". To add one, write its row in
`FEATURES` and name it in `ROLE_FEATURES`: the embedding, the encoding of the corpora and the live
step follow. A checkpoint lists its features by name, so those trained before go on working.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import get_args

from musebots.generators import MAX_STEPS_TO_NEXT, PlaceInSection, StepContext
from musebots.harmony import Chord
from musebots.rnn.memory import MAX_AGE, MAX_STEPS_PER_BAR, Memory
from musebots.rnn.vocabulary import PitchVocabulary, Role, Vocabulary

__all__ = [
    "FEATURES",
    "MAX_STEPS_PER_BAR",
    "PLACES",
    "ROLE_FEATURES",
    "TOKEN_TABLE",
    "Feature",
    "knob_level",
    "others_level",
    "read_features",
]

PLACES: tuple[PlaceInSection, ...] = get_args(PlaceInSection)
"""Where a bar lies in its section; the first one, "", is "not known"."""
TOKEN_TABLE = "token"
"""The embedding that all token-valued features share; row 0 is "none", row t + 1 is token t."""

_N_KNOB_LEVELS = 7
_N_OTHERS_LEVELS = 6
_PLACE_INDEX = {place: index for index, place in enumerate(PLACES)}
_QUALITY_CLASSES = {
    "maj": 1, "6": 1, "min": 2, "min6": 2, "minmaj7": 2, "7": 3, "aug7": 3, "maj7": 4, "min7": 5,
    "dim": 6, "dim7": 6, "hdim7": 7, "sus4": 8, "sus2": 8, "5": 9, "aug": 10,
}  # fmt: skip


Reader = Callable[[Vocabulary, StepContext, Memory], int]


@dataclass(frozen=True, slots=True)
class Feature:
    """One categorical input.

    Parameters
    ----------
    read : callable
        (vocabulary, context, memory) -> value in 0..size-1.
    size : callable
        vocabulary -> number of values.
    width : int
        Length of the embedding; unused when `table` names a shared one.
    table : str
        Name of the embedding; empty for one of its own.
    dropout : float
        Share of training windows in which the feature is 0 throughout.
    is_knob : bool
        Whether it tells something of the music to come, which an honest likelihood must not know.
    """

    read: Reader
    size: Callable[[Vocabulary], int]
    width: int = 8
    table: str = ""
    dropout: float = 0.0
    is_knob: bool = False


def knob_level(value: float) -> int:
    """A knob in 0..1 as a level, 1 (lowest) to 7; 4 is the middle. Level 0 is "not known".

    Examples
    --------
    >>> [knob_level(value) for value in (0.0, 0.3, 0.5, 0.6, 1.0)]
    [1, 3, 4, 5, 7]
    """
    return 1 + min(_N_KNOB_LEVELS - 1, max(0, int(value * _N_KNOB_LEVELS)))


def others_level(density: float | None) -> int:
    """How much the others play, as a level: 0 not known, 1 nothing, 2 (little) to 7 (all along).

    Examples
    --------
    >>> [others_level(density) for density in (None, 0.0, 0.1, 0.5, 1.0)]
    [0, 1, 2, 5, 7]
    """
    if density is None:
        return 0
    if density <= 0.0:
        return 1
    return 2 + min(_N_OTHERS_LEVELS - 1, int(density * _N_OTHERS_LEVELS))


def _meter(context: StepContext) -> int:
    """4/4, 3/4, 6/8, 2/4, other."""
    if context.steps_per_bar == 12:
        return 2 if context.is_compound else 1
    return {16: 0, 8: 3}.get(context.steps_per_bar, 4)


def _above(root_pc: int, reference_pc: int) -> int:
    return 1 + (root_pc - reference_pc) % 12


def _quality(chord: Chord | None) -> int:
    return 0 if chord is None else _QUALITY_CLASSES[chord.quality]


def _next_root(context: StepContext, reference_pc: int) -> int:
    following = context.next_chord
    return 0 if following is None else _above(following.root_pc, reference_pc)


def _steps_to_next(context: StepContext) -> int:
    if context.next_chord is None:
        return 0
    return max(1, min(context.steps_to_next, MAX_STEPS_TO_NEXT))


def _sounding(vocabulary: Vocabulary, context: StepContext, memory: Memory) -> int:
    """The note that sounds, as the NOTE token it would be *now*: over the chord of this step."""
    if memory.sounding is None or not isinstance(vocabulary, PitchVocabulary):
        return 0
    return 1 + vocabulary.token_of(memory.sounding, context.key, context.chord)


def _above_root(_: Vocabulary, context: StepContext, memory: Memory) -> int:
    return 0 if memory.sounding is None else _above(memory.sounding, context.chord.root_pc)


def _knob(name: str) -> Feature:
    return Feature(
        lambda v, c, m: knob_level(getattr(c, name)),
        lambda v: 1 + _N_KNOB_LEVELS,
        6,
        dropout=0.4,
        is_knob=True,
    )


def _tokens(read: Reader, dropout: float = 0.0) -> Feature:
    return Feature(read, lambda v: v.n_tokens + 1, 0, TOKEN_TABLE, dropout)


def _recalled(_: Vocabulary, context: StepContext, memory: Memory) -> int:
    """What was played at this place of the passage that this one comes back to."""
    return memory.bars_ago(context, context.recall_bars) if context.recall_bars > 0 else 0


def _bars_ago(n_bars: int) -> Feature:
    return _tokens(lambda v, c, m: m.bars_ago(c, n_bars), dropout=0.1)


FEATURES: dict[str, Feature] = {
    "step": Feature(
        lambda v, c, m: min(c.step_in_bar, MAX_STEPS_PER_BAR - 1),
        lambda v: MAX_STEPS_PER_BAR, 16,
    ),
    "meter": Feature(lambda v, c, m: _meter(c), lambda v: 5, 4),
    "phrase_bar": Feature(lambda v, c, m: c.bar_in_phrase % 4, lambda v: 4, 4),
    "style": Feature(
        lambda v, c, m: 1 + v.style_index(c.style), lambda v: 1 + len(v.styles), 8, dropout=0.1
    ),
    "root": Feature(
        lambda v, c, m: _above(c.chord.root_pc, c.key.relative_major_pc), lambda v: 13
    ),
    "quality": Feature(lambda v, c, m: _quality(c.chord), lambda v: 11),
    "next_root": Feature(
        lambda v, c, m: _next_root(c, c.key.relative_major_pc), lambda v: 13
    ),
    "next_motion": Feature(lambda v, c, m: _next_root(c, c.chord.root_pc), lambda v: 13),
    "next_quality": Feature(lambda v, c, m: _quality(c.next_chord), lambda v: 11, 4),
    "steps_to_next": Feature(
        lambda v, c, m: _steps_to_next(c), lambda v: MAX_STEPS_TO_NEXT + 1
    ),
    "density": _knob("density"),
    "register": _knob("register"),
    "intensity": _knob("intensity"),
    "is_fill": Feature(lambda v, c, m: int(c.is_fill), lambda v: 2, 4),
    "has_kick": Feature(lambda v, c, m: int(c.has_kick), lambda v: 2, 4, dropout=0.25),
    "others": Feature(
        lambda v, c, m: others_level(c.others_density), lambda v: 2 + _N_OTHERS_LEVELS, 6,
        dropout=0.3,
    ),
    "place": Feature(
        lambda v, c, m: _PLACE_INDEX[c.place_in_section], lambda v: len(PLACES), 4, dropout=0.2
    ),
    "age": Feature(lambda v, c, m: m.age, lambda v: MAX_AGE + 1, 6),
    "above_root": Feature(_above_root, lambda v: 13),
    "previous": _tokens(lambda v, c, m: m.previous),
    "sounding": _tokens(_sounding),
    "one_bar_ago": _bars_ago(1),
    "two_bars_ago": _bars_ago(2),
    "four_bars_ago": _bars_ago(4),
    "eight_bars_ago": _bars_ago(8),
    "recall": _tokens(_recalled, dropout=0.15),
}  # fmt: skip
"""Every feature there is, by name."""

_PLACE = ("step", "meter", "phrase_bar", "style")
_CHORDS = ("root", "quality", "next_root", "next_quality", "steps_to_next")

ROLE_FEATURES: dict[Role, tuple[str, ...]] = {
    "melody": (
        *_PLACE, *_CHORDS, "density", "register", "age", "above_root", "previous", "sounding",
        "one_bar_ago", "two_bars_ago", "four_bars_ago", "eight_bars_ago", "others", "place",
        "recall",
    ),
    "bass": (
        *_PLACE, *_CHORDS, "next_motion", "density", "register", "has_kick", "age", "previous",
        "sounding", "one_bar_ago", "two_bars_ago", "four_bars_ago", "others", "place", "recall",
    ),
    "drums": (
        *_PLACE, "density", "intensity", "is_fill", "previous", "one_bar_ago", "two_bars_ago",
        "four_bars_ago", "others", "place",
    ),
}  # fmt: skip
"""What a network of each role is trained to hear."""


def read_features(
    names: Iterable[str], vocabulary: Vocabulary, context: StepContext, memory: Memory
) -> list[int]:
    """The values of the named features at one step, in order."""
    return [FEATURES[name].read(vocabulary, context, memory) for name in names]
