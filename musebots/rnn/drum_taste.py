"""A drummer's leans: the density knob, fills that lead over, crashes that stay rare. Pure."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from musebots.drumkit import DRUM_CLASSES
from musebots.generators import StepContext
from musebots.rnn.exact import Float64Array, nearest_on_grid, on_grid
from musebots.rnn.memory import Memory
from musebots.rnn.room import room_factor
from musebots.rnn.vocabulary import DrumVocabulary

__all__ = ["DrumTaste", "hits_factor"]

_RECENT_STEPS = 32
_USUAL_HITS_PER_STEP = 18 / 16  # the middle of the grooves of all styles
_FEWEST, _MOST = 0.6, 1.5
_KNOB_NATS_PER_HIT = 0.35
_SHORTFALL_NATS_PER_HIT = 2.0
_LARGEST_NATS_PER_HIT = 1.25

_FILL_NATS = {"snare": 0.9, "low tom": 1.2, "mid tom": 1.2, "high tom": 1.2}
_EMPTY_FILL_NATS = -2.5
_FILL_NATS_PER_HIT = 0.3
_CALM_FILL, _WILD_FILL = 1.0, 2.0

_CRASH = 1 << DRUM_CLASSES.index("crash")
_FRESH_CRASH_STEPS, _FRESH_CRASH_NATS = 16, -5.0
_RECENT_CRASH_STEPS, _RECENT_CRASH_NATS = 32, -2.5


class DrumTaste:
    """Density as hits, fills that fill, and crashes that mark something.

    Parameters
    ----------
    vocabulary : DrumVocabulary
        Its masks are weighed, and its grooves say how many hits a style has.

    Notes
    -----
    *Density.* At the middle of the knob as many hits are wanted as the style's typical groove
    has, at 0 and 1 so many times `hits_factor`, and fewer where the others are busy. A mask gains
    in proportion to its hits: by the knob, and by how many fewer were struck in the last two bars
    than are wanted.

    *Fills.* In a fill, silence gets less likely and snare and toms likelier, the more so the
    higher the intensity. What is struck in it does not count for the density.

    *Crashes.* A crash is unlikely within a bar or two of the last one: a network that has once
    begun to ride the crash copies itself, and would go on for the rest of the piece.
    """

    def __init__(self, vocabulary: DrumVocabulary) -> None:
        self._vocabulary = vocabulary
        self._n_hits = np.array([float(mask.bit_count()) for mask in vocabulary.masks])
        self._fill_nats = np.array([_fill_nats(mask) for mask in vocabulary.masks])
        self._has_crash = np.array([bool(mask & _CRASH) for mask in vocabulary.masks])
        self._recent: deque[int] = deque(maxlen=_RECENT_STEPS)
        self._crash_age = _RECENT_CRASH_STEPS
        self._usual: dict[tuple[str, int, bool], float] = {}

    def lean(self, logits: Float64Array, context: StepContext, memory: Memory) -> Float64Array:
        """The logits of this step, leant, as a new array."""
        leant = logits + self._n_hits * self._nats_per_hit(context)
        if context.is_fill:
            strength = _CALM_FILL + (_WILD_FILL - _CALM_FILL) * context.intensity
            leant += on_grid(self._fill_nats * strength)
        if self._crash_age < _RECENT_CRASH_STEPS:
            is_fresh = self._crash_age < _FRESH_CRASH_STEPS
            leant[self._has_crash] += _FRESH_CRASH_NATS if is_fresh else _RECENT_CRASH_NATS
        return leant

    def _nats_per_hit(self, context: StepContext) -> float:
        wanted = self._hits_per_step(context) * hits_factor(context.density)
        wanted *= room_factor("drums", context)
        nats = _KNOB_NATS_PER_HIT * 2 * (context.density - 0.5)
        if self._recent:
            weight = len(self._recent) / _RECENT_STEPS
            played = sum(self._recent) / len(self._recent)
            nats += _SHORTFALL_NATS_PER_HIT * weight * (wanted - played) / wanted
        nats = max(-_LARGEST_NATS_PER_HIT, min(nats, _LARGEST_NATS_PER_HIT))
        return nearest_on_grid(nats)

    def _hits_per_step(self, context: StepContext) -> float:
        """Of the style's typical groove in this meter."""
        place = (context.style, context.steps_per_bar, context.is_compound)
        if place not in self._usual:
            groove = self._vocabulary.groove(*place)
            hits = _USUAL_HITS_PER_STEP
            if groove is not None:
                hits = sum(self._n_hits[token] for token in groove.tokens) / len(groove.tokens)
            self._usual[place] = max(float(hits), 1 / 16)
        return self._usual[place]

    def observe(self, context: StepContext, memory: Memory, token: int) -> None:
        """Take note of a token."""
        mask = self._vocabulary.mask_of(token)
        self._crash_age = 0 if mask & _CRASH else min(self._crash_age + 1, _RECENT_CRASH_STEPS)
        if not context.is_fill:
            self._recent.append(mask.bit_count())

    def snapshot(self) -> tuple[Any, ...]:
        """All that it remembers, as an immutable copy."""
        return (self._crash_age, tuple(self._recent))

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a copy that `snapshot` made."""
        self._crash_age, recent = snapshot
        self._recent = deque(recent, maxlen=_RECENT_STEPS)


def hits_factor(density: float) -> float:
    """How many times the hits of the typical groove are wanted at a density of 0..1.

    Examples
    --------
    >>> hits_factor(0.0), hits_factor(0.5), hits_factor(1.0)
    (0.6, 1.0, 1.5)
    """
    span = 1 - _FEWEST if density < 0.5 else _MOST - 1
    return 1 + 2 * (density - 0.5) * span


def _fill_nats(mask: int) -> float:
    """How much likelier a mask is in a fill of middling strength."""
    if not mask:
        return _EMPTY_FILL_NATS
    struck = (name for drum, name in enumerate(DRUM_CLASSES) if mask >> drum & 1)
    kind = max(_FILL_NATS.get(name, 0.0) for name in struck)
    return kind + _FILL_NATS_PER_HIT * mask.bit_count()
