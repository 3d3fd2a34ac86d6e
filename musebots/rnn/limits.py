"""Which tokens a musician can play: the range of the instrument, and what makes sense now. Pure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.exact import Float64Array
from musebots.rnn.features import Memory
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    REST,
    DrumVocabulary,
    PitchVocabulary,
    Role,
    Vocabulary,
)

__all__ = ["RANGES", "allowed_tokens", "leaning", "pitch_range"]

RANGES: dict[Role, tuple[int, int]] = {"melody": (55, 84), "bass": (28, 55)}
"""Lowest and highest MIDI pitch when the register knob is at rest."""

_REGISTER_SHIFTS: dict[Role, int] = {"melody": 7, "bass": 0}
_LONGEST_HOLD = 32
_NOTES_PER_16_STEPS: dict[Role, tuple[float, float]] = {"melody": (1.5, 7.5), "bass": (1.5, 8.5)}
_DENSITY_LEAN = 2.0
_LARGEST_LEAN = 2.0
_INTENSITY_LEAN = 0.6
_ROOT_LEAN = 1.0
_OUTSIDE_LEAN = -3.0

BoolArray = npt.NDArray[np.bool_]


def pitch_range(role: Role, register: float) -> tuple[int, int]:
    """Lowest and highest MIDI pitch at a setting (0..1) of the register knob.

    Examples
    --------
    >>> pitch_range("melody", 1.0), pitch_range("bass", 1.0)
    ((62, 91), (28, 55))
    """
    low, high = RANGES[role]
    shift = round((register - 0.5) * 2 * _REGISTER_SHIFTS[role])
    return low + shift, high + shift


def allowed_tokens(vocabulary: Vocabulary, context: StepContext, memory: Memory) -> BoolArray:
    """Which tokens may be chosen at this step, (n_tokens,).

    A pitch must lie in the range; only a note that sounds, and has not sounded for two bars of
    4/4, can be held; and who begins to play, or was silent for a bar, comes in on the bar line.
    When to be silent for longer is for the form to say, not for chance.
    """
    allowed = np.ones(vocabulary.n_tokens, dtype=np.bool_)
    silence = REST
    if isinstance(vocabulary, PitchVocabulary):
        low, high = pitch_range(vocabulary.role, context.register)
        allowed = _in_range(vocabulary, context.key, context.chord.root_pc, low, high).copy()
        allowed[HOLD] = memory.sounding is not None and memory.held < _LONGEST_HOLD
    elif isinstance(vocabulary, DrumVocabulary):
        silence = vocabulary.token_of(0)
    has_waited = memory.silence >= context.steps_per_bar or not memory.previous
    if context.step_in_bar == 0 and has_waited:
        allowed[silence] = False
    return allowed


@lru_cache(maxsize=4096)
def _in_range(
    vocabulary: PitchVocabulary, key: Key, root_pc: int, low: int, high: int
) -> BoolArray:
    chord = Chord(root_pc)
    allowed = np.ones(vocabulary.n_tokens, dtype=np.bool_)
    for token in range(FIRST_NOTE, vocabulary.n_tokens):
        allowed[token] = low <= vocabulary.pitch_of(token, key, chord) <= high
    allowed.flags.writeable = False
    return allowed


def leaning(
    logits: Float64Array, vocabulary: Vocabulary, context: StepContext, memory: Memory
) -> Float64Array:
    """The logits of a melody or bass with a gentle lean to what the network cannot see to.

    *Density.* A network that hears its own last bars can lock into them, ever longer notes or
    16ths without end. So notes get likelier while fewer have started in the last two bars than
    the density knob asks for, and the reverse; intensity adds a little.

    *Harmony.* A bass avoids notes that are neither in the chord nor in the key, and leans to the
    root (or the bass note) of the chord on the bar line. The chords that it learned from are
    estimates, and so it trusts a chord less than a band has to.
    """
    if not isinstance(vocabulary, PitchVocabulary):
        return logits
    leant = logits.copy()
    leant[FIRST_NOTE:] += _density_lean(vocabulary.role, context.density, memory)
    leant[FIRST_NOTE:] += _INTENSITY_LEAN * (context.intensity - 0.5)
    if vocabulary.role == "bass":
        is_start = context.step_in_bar == 0
        leant += _bass_lean(vocabulary, context.key, context.chord, is_start)
    return leant


def _density_lean(role: Role, knob: float, memory: Memory) -> float:
    """What to add to the logits of notes."""
    if not memory.recent:
        return 0.0
    few, many = _NOTES_PER_16_STEPS[role]
    wanted = few + (many - few) * knob
    played = 16 * sum(memory.recent) / len(memory.recent)
    weight = len(memory.recent) / (memory.recent.maxlen or 1)
    lean = _DENSITY_LEAN * weight * (wanted - played) / wanted
    return max(-_LARGEST_LEAN, min(lean, _LARGEST_LEAN))


@lru_cache(maxsize=1024)
def _bass_lean(vocabulary: PitchVocabulary, key: Key, chord: Chord, is_start: bool) -> Float64Array:
    lean = np.zeros(vocabulary.n_tokens)
    for token in range(FIRST_NOTE, vocabulary.n_tokens):
        pitch_class = vocabulary.pitch_of(token, key, chord) % 12
        if pitch_class in (chord.root_pc, chord.bass_pc):
            lean[token] = _ROOT_LEAN if is_start else 0.0
        elif pitch_class not in chord.pitch_classes and pitch_class not in key.scale:
            lean[token] = _OUTSIDE_LEAN
    lean.flags.writeable = False
    return lean
