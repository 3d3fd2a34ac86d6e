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
_HITS_OF_GROOVE = {"pop": 0.92}  # where the typical groove is busier than the style
_KNOB_NATS_PER_HIT = 0.35
_SHORTFALL_NATS_PER_HIT = 2.0
_LARGEST_NATS_PER_HIT = 1.25

_FILL_NATS = {"snare": 0.9, "low tom": 1.2, "mid tom": 1.2, "high tom": 1.2}
_EMPTY_FILL_NATS = -2.5
_FILL_NATS_PER_HIT = 0.3
_CALM_FILL, _WILD_FILL = 1.0, 2.0

_CRASH = 1 << DRUM_CLASSES.index("crash")
_KICK = 1 << DRUM_CLASSES.index("kick")
_SNARE = 1 << DRUM_CLASSES.index("snare")
_HIT_WEIGHTS = {"snare": 0.4, "kick": 0.7}
"""What a hit counts for where more are wanted: time is kept with cymbals, not with ghost notes."""
_GHOST_NATS = {"funk": -1.1}
_USUAL_GHOST_NATS = -0.4
_MIDDLE_NATS = {"funk": -2.7, "pop": -1.0, "hiphop": -1.7, "afrobeat": -1.5, "soul": -1.0}
_STROKE_NATS = {
    "soul": {("kick", 4): -1.2, ("kick", 12): -1.2},
    "funk": {("kick", 10): 0.3, ("snare", 0): -0.8, ("snare", 4): -0.5, ("snare", 12): -0.8},
}
"""By style, drum and step of a bar of 4/4."""
_OFF_KICK_NATS = {"hiphop": 1.0, "afrobeat": 0.6}
_AGAIN_BARS = 2
_AGAIN_NATS = {"soul": 0.4, "funk": 0.3, "hiphop": 0.2, "afrobeat": 0.6}
_LATEST_EMPTY_STEPS = 4
_EMPTY_BAR_NATS = -12.0

_FRESH_CRASH_STEPS, _FRESH_CRASH_NATS = 16, -5.0
_RECENT_CRASH_STEPS, _RECENT_CRASH_NATS = 32, -2.5
_TOMS = sum(1 << drum for drum, name in enumerate(DRUM_CLASSES) if name.endswith("tom"))
_MOST_TOMS, _MOST_SNARES, _ROLL_NATS = 5, 15, -2.5
_ROLLING_STYLES = frozenset({"afrobeat", "latin", "neworleans"})


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

    *Syncopation.* A network that keeps to the groove that it began with plays it squarer than
    drummers do: in styles that live from it, kick and snare on the middle of the bar get less
    likely, and the kick between the eighths likelier; in soul the kick leaves the backbeat to the
    snare, and in funk the backbeat is not on every two and four. Snares between the eighths, which
    fill any gap, get a little less likely in all styles. Where drummers stay with a groove, what
    was struck two bars ago gets a little likelier.

    *No empty bar.* Who has not struck anything in a bar by its last beat does so there.

    *Crashes.* A crash is unlikely within a bar or two of the last one: a network that has once
    begun to ride the crash copies itself, and would go on for the rest of the piece. So are toms
    after some in the last two bars, and snares after very many, outside fills and but for styles
    that are played on them.
    """

    def __init__(self, vocabulary: DrumVocabulary) -> None:
        self._vocabulary = vocabulary
        self._n_hits = np.array([float(mask.bit_count()) for mask in vocabulary.masks])
        self._weights = np.array([_weight(mask) for mask in vocabulary.masks])
        self._has_kick, self._has_snare = (
            np.array([bool(mask & drum) for mask in vocabulary.masks]) for drum in (_KICK, _SNARE)
        )
        self._silence = vocabulary.token_of(0)
        self._fill_nats = np.array([_fill_nats(mask) for mask in vocabulary.masks])
        self._has_crash = np.array([bool(mask & _CRASH) for mask in vocabulary.masks])
        self._recent: deque[int] = deque(maxlen=_RECENT_STEPS)
        self._has_tom = np.array([bool(mask & _TOMS) for mask in vocabulary.masks])
        self._recent_toms: deque[bool] = deque(maxlen=_RECENT_STEPS)
        self._recent_snares: deque[bool] = deque(maxlen=_RECENT_STEPS)
        self._crash_age = _RECENT_CRASH_STEPS
        self._stroke_nats: dict[tuple[str, int, bool], Float64Array] = {}
        self._usual: dict[tuple[str, int, bool], float] = {}

    def lean(self, logits: Float64Array, context: StepContext, memory: Memory) -> Float64Array:
        """The logits of this step, leant, as a new array."""
        leant = logits + on_grid(self._weights * self._nats_per_hit(context))
        if not context.is_fill:
            leant += self._strokes(context)
            self._go_on(leant, context, memory)
            self._hold_back(leant, context)
        is_late = context.step_in_bar >= context.steps_per_bar - _LATEST_EMPTY_STEPS
        if is_late and memory.silence >= context.step_in_bar:
            leant[self._silence] += _EMPTY_BAR_NATS
        if context.is_fill:
            strength = _CALM_FILL + (_WILD_FILL - _CALM_FILL) * context.intensity
            leant += on_grid(self._fill_nats * strength)
        if self._crash_age < _RECENT_CRASH_STEPS:
            is_fresh = self._crash_age < _FRESH_CRASH_STEPS
            leant[self._has_crash] += _FRESH_CRASH_NATS if is_fresh else _RECENT_CRASH_NATS
        return leant

    def _strokes(self, context: StepContext) -> Float64Array:
        """Nats of every mask outside fills, by style and place in the bar."""
        is_in_four = context.steps_per_bar == 16 and not context.is_compound
        place = context.style, context.step_in_bar, is_in_four
        if place not in self._stroke_nats:
            nats = np.zeros(len(self._n_hits))
            if context.step_in_bar % 2:
                nats[self._has_snare] += _GHOST_NATS.get(context.style, _USUAL_GHOST_NATS)
            if is_in_four:
                self._syncopate(nats, context)
            self._stroke_nats[place] = on_grid(nats)
        return self._stroke_nats[place]

    def _syncopate(self, nats: Float64Array, context: StepContext) -> None:
        style, step = context.style, context.step_in_bar
        if step == 8:
            nats[self._has_kick | self._has_snare] += _MIDDLE_NATS.get(style, 0.0)
        if step % 2:
            nats[self._has_kick] += _OFF_KICK_NATS.get(style, 0.0)
        for drum, has_drum in (("kick", self._has_kick), ("snare", self._has_snare)):
            nats[has_drum] += _STROKE_NATS.get(style, {}).get((drum, step), 0.0)

    def _hold_back(self, leant: Float64Array, context: StepContext) -> None:
        """No rolling on toms or on the snare."""
        if context.style in _ROLLING_STYLES:
            return
        if sum(self._recent_toms) >= _MOST_TOMS:
            leant[self._has_tom] += _ROLL_NATS
        if sum(self._recent_snares) >= _MOST_SNARES:
            leant[self._has_snare] += _ROLL_NATS

    def _go_on(self, leant: Float64Array, context: StepContext, memory: Memory) -> None:
        if context.style not in _AGAIN_NATS:
            return
        before = memory.bars_ago(context, _AGAIN_BARS) - 1
        if before >= 0:
            leant[before] += nearest_on_grid(_AGAIN_NATS[context.style])

    def _nats_per_hit(self, context: StepContext) -> float:
        wanted = self._hits_per_step(context) * hits_factor(context.density)
        wanted *= _HITS_OF_GROOVE.get(context.style, 1.0)
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
            self._recent_toms.append(bool(mask & _TOMS))
            self._recent_snares.append(bool(mask & _SNARE))

    def snapshot(self) -> tuple[Any, ...]:
        """All that it remembers, as an immutable copy."""
        toms, snares = tuple(self._recent_toms), tuple(self._recent_snares)
        return (self._crash_age, tuple(self._recent), toms, snares)

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a copy that `snapshot` made."""
        self._crash_age, recent, toms, snares = snapshot
        self._recent = deque(recent, maxlen=_RECENT_STEPS)
        self._recent_toms = deque(toms, maxlen=_RECENT_STEPS)
        self._recent_snares = deque(snares, maxlen=_RECENT_STEPS)


def hits_factor(density: float) -> float:
    """How many times the hits of the typical groove are wanted at a density of 0..1.

    Examples
    --------
    >>> hits_factor(0.0), hits_factor(0.5), hits_factor(1.0)
    (0.6, 1.0, 1.5)
    """
    span = 1 - _FEWEST if density < 0.5 else _MOST - 1
    return 1 + 2 * (density - 0.5) * span


def _weight(mask: int) -> float:
    """How many hits a mask counts for."""
    struck = (name for drum, name in enumerate(DRUM_CLASSES) if mask >> drum & 1)
    return sum(_HIT_WEIGHTS.get(name, 1.0) for name in struck)


def _fill_nats(mask: int) -> float:
    """How much likelier a mask is in a fill of middling strength."""
    if not mask:
        return _EMPTY_FILL_NATS
    struck = (name for drum, name in enumerate(DRUM_CLASSES) if mask >> drum & 1)
    kind = max(_FILL_NATS.get(name, 0.0) for name in struck)
    return kind + _FILL_NATS_PER_HIT * mask.bit_count()
