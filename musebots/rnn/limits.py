"""Which tokens a musician can play: the range of the instrument, and what makes sense now. Pure.

What is merely liked or disliked is for `musebots.rnn.taste`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.memory import Memory
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    REST,
    DrumVocabulary,
    PitchVocabulary,
    Role,
    Vocabulary,
)

__all__ = ["RANGES", "allowed_tokens", "pitch_range"]

RANGES: dict[Role, tuple[int, int]] = {"melody": (55, 84), "bass": (28, 55)}
"""Lowest and highest MIDI pitch when the register knob is at rest."""

_REGISTER_SHIFTS: dict[Role, int] = {"melody": 7, "bass": 0}
_LONGEST_HOLD = 32

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
