"""What steering never breaks, however far it goes: key and density. Pure.

Range, metre and who may be silent are locked for everybody (`musebots.rnn.limits`). Here is what a
network keeps to by itself as long as nobody steers it. *Key*: a note outside the key and the chord
gets no likelier, against all that is inside, than the network has it unsteered. *Density*: a voice
that has begun notes on three of four steps of the last two bars begins none until it has calmed
down.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.exact import Float64Array, exp, nearest_on_grid
from musebots.rnn.memory import Memory
from musebots.rnn.vocabulary import FIRST_NOTE, PitchVocabulary, Vocabulary

__all__ = ["MOST_ONSETS", "is_outside", "locked"]

MOST_ONSETS = 24
"""Of the last 32 steps; real melodies and basses hardly ever come near."""
NEVER = -64.0

BoolArray = npt.NDArray[np.bool_]


def locked(
    steered: Float64Array,
    plain: Float64Array,
    vocabulary: Vocabulary,
    context: StepContext,
    memory: Memory,
) -> Float64Array:
    """The steered logits, (n_tokens,), with what they must not do taken out; a new array.

    Drums have neither key nor density of this kind: their words are strokes that drummers play.
    """
    if not isinstance(vocabulary, PitchVocabulary):
        return steered
    outside = is_outside(vocabulary, context.key, context.chord)
    most = nearest_on_grid(_excess(np.stack([steered, plain])[:, ~outside]))
    kept = np.where(outside, np.minimum(steered, plain + most), steered)
    if sum(memory.recent) >= MOST_ONSETS:
        kept[FIRST_NOTE:] = np.minimum(kept[FIRST_NOTE:], kept[:FIRST_NOTE].max() + NEVER)
    return kept


def _excess(logits: Float64Array) -> float:
    """By how much the first row's logarithm of the sum of exponentials exceeds the second's."""
    highest = logits.max(axis=1, keepdims=True)
    steered, plain = (math.log(math.fsum(row)) for row in exp(logits - highest).tolist())
    return float(highest[0, 0]) + steered - (float(highest[1, 0]) + plain)


@lru_cache(maxsize=4096)
def is_outside(vocabulary: PitchVocabulary, key: Key, chord: Chord) -> BoolArray:
    """Which tokens are notes neither in the key nor in the chord, (n_tokens,)."""
    inside = {*key.scale, *chord.pitch_classes}
    outside = np.zeros(vocabulary.n_tokens, dtype=np.bool_)
    for token in range(FIRST_NOTE, vocabulary.n_tokens):
        outside[token] = vocabulary.pitch_of(token, key, chord) % 12 not in inside
    outside.flags.writeable = False
    return outside
