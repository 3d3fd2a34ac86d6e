"""What can be played at all."""

from __future__ import annotations

import numpy as np
import pytest

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.limits import allowed_tokens
from musebots.rnn.memory import Memory
from musebots.rnn.vocabulary import (
    HOLD,
    REST,
    BassVocabulary,
    DrumVocabulary,
    MelodyVocabulary,
)

MELODY = MelodyVocabulary(("folk",), "folk")
BASS = BassVocabulary(("rock",), "rock")
DRUMS = DrumVocabulary(("rock",), "rock", (0, 1, 5))


def _played(vocabulary: MelodyVocabulary | BassVocabulary, tokens: list[int]) -> Memory:
    memory = Memory(vocabulary)
    for index, token in enumerate(tokens):
        memory.observe(StepContext(index % 16), token)
    return memory


def test_who_begins_comes_in_on_the_bar_line() -> None:
    assert not allowed_tokens(MELODY, StepContext(0), Memory(MELODY))[[REST, HOLD]].any()
    assert allowed_tokens(MELODY, StepContext(3), Memory(MELODY))[REST]
    assert not allowed_tokens(DRUMS, StepContext(0), Memory(DRUMS))[0]


def test_who_was_silent_for_a_bar_comes_in_on_the_next_bar_line() -> None:
    memory = _played(BASS, [20, *[REST] * 15])
    assert allowed_tokens(BASS, StepContext(0), memory)[REST]
    memory.observe(StepContext(0), REST)
    assert allowed_tokens(BASS, StepContext(1), memory)[REST]
    assert not allowed_tokens(BASS, StepContext(0), memory)[REST]


def test_a_note_is_held_for_two_bars_at_most() -> None:
    memory = _played(BASS, [20, *[HOLD] * 30])
    assert allowed_tokens(BASS, StepContext(15), memory)[HOLD]
    memory.observe(StepContext(15), HOLD)
    assert not allowed_tokens(BASS, StepContext(0), memory)[HOLD]


@pytest.mark.parametrize("register", [0.0, 0.5, 1.0])
def test_range_holds_in_every_key(register: float) -> None:
    for tonic in range(12):
        context = StepContext(4, key=Key(tonic), chord=Chord(tonic), register=register)
        allowed = np.flatnonzero(allowed_tokens(MELODY, context, Memory(MELODY)))
        pitches = [MELODY.pitch_of(int(t), context.key, context.chord) for t in allowed[1:]]
        shift = round((register - 0.5) * 14)
        assert min(pitches) >= 55 + shift
        assert max(pitches) <= 84 + shift
        assert len(pitches) >= 20
