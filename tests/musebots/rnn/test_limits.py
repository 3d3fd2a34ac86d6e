"""What can be played, and the gentle leans."""

from __future__ import annotations

import numpy as np
import pytest

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.features import Memory
from musebots.rnn.limits import allowed_tokens, leaning
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
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


def test_few_notes_make_notes_likelier_and_many_less_likely() -> None:
    flat = np.zeros(MELODY.n_tokens)
    context = StepContext(4, density=0.5)
    after_holds = leaning(flat, MELODY, context, _played(MELODY, [30, *[HOLD] * 31]))
    after_notes = leaning(flat, MELODY, context, _played(MELODY, [30] * 32))
    assert after_holds[FIRST_NOTE] > 0 > after_notes[FIRST_NOTE]
    assert (after_holds[:FIRST_NOTE] == 0).all()
    assert leaning(flat, MELODY, context, Memory(MELODY))[FIRST_NOTE] == 0


def test_bass_leans_to_the_root_on_the_bar_line_and_away_from_what_clashes() -> None:
    flat, chord = np.zeros(BASS.n_tokens), Chord.parse("Dm7")
    root, third, raised = (BASS.token_of(pitch, Key(), chord) for pitch in (38, 41, 42))
    on_one = leaning(flat, BASS, StepContext(0, chord=chord), Memory(BASS))
    later = leaning(flat, BASS, StepContext(4, chord=chord), Memory(BASS))
    assert on_one[root] > on_one[third] == 0 > on_one[raised]
    assert later[root] == later[third] == 0 > later[raised]


def test_drums_do_not_lean() -> None:
    flat = np.zeros(DRUMS.n_tokens)
    assert leaning(flat, DRUMS, StepContext(0, density=1.0), Memory(DRUMS)) is flat
