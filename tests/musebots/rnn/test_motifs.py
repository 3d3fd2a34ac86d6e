import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.motifs import MotifMemory, moved
from musebots.rnn.vocabulary import FIRST_NOTE, HOLD, REST, MelodyVocabulary

WORDS = MelodyVocabulary(("folk",), "folk")
C, F = Chord(0), Chord(5)


def token(pitch, key=Key()):
    return WORDS.token_of(pitch, key, C)


def context(step, **more):
    return StepContext(step, steps_per_bar=4, **more)


def remembered(*bars):
    """A memory that heard these bars of four steps, over C, in a section that then closed."""
    memory = MotifMemory(WORDS)
    for number, bar in enumerate(bars):
        place = "closing" if number == len(bars) - 1 else "opening" if number < 2 else "inside"
        for step, said in enumerate(bar):
            memory.observe(context(step, chord=C, place_in_section=place), said)
    return memory


A = (token(64), HOLD, token(65), REST)
LOGITS = np.zeros(WORDS.n_tokens)


def test_over_another_chord_what_was_played_in_the_last_a_is_proposed_again():
    memory = remembered(A, (token(60),) * 4)
    proposed = []
    for step in range(4):
        here = context(step, chord=F, recall_bars=2)
        said, nats = memory.proposal(here)
        proposed.append(said)
        assert nats > 1
        assert memory.lean(LOGITS, here).argmax() == said
        memory.observe(here, said)
    assert tuple(proposed) == (token(69), HOLD, token(71), REST)


def test_over_the_same_chord_a_return_is_held_back_the_more_the_later_so_that_it_varies():
    memory = remembered(A, A, A, A)
    leant = [
        memory.lean(LOGITS, context(0, chord=C, recall_bars=4, bar_in_phrase=bar))
        for bar in range(4)
    ]
    on_motif = [float(lean[token(64)]) for lean in leant]
    assert on_motif == sorted(on_motif, reverse=True)
    assert on_motif[0] == 0 > on_motif[-1]
    for lean in leant:
        lean[token(64)] = 0
        assert not lean.any()


def test_over_another_chord_the_motif_moves_along_the_scale():
    memory = remembered(A, (token(60),) * 4)
    said, _ = memory.proposal(context(0, chord=F, recall_bars=2))
    assert WORDS.pitch_of(said, Key(), F) == 69


def test_a_return_calls_less_towards_the_end_of_its_phrase():
    memory = remembered(A, A, A, A)
    nats = [
        memory.proposal(context(0, chord=F, recall_bars=4, bar_in_phrase=bar))[1]
        for bar in range(4)
    ]
    assert nats == sorted(nats, reverse=True)
    assert nats[0] > nats[-1] > 0


def test_nothing_is_proposed_where_nothing_was_or_the_piece_ends():
    memory = remembered(A)
    assert memory.proposal(context(0, recall_bars=5))[0] == -1
    assert memory.proposal(context(0, recall_bars=0))[0] == -1
    assert memory.proposal(context(0, recall_bars=1, place_in_section="final"))[0] == -1


def test_a_new_section_avoids_what_was_just_played_elsewhere():
    bars = [(token(60 + n), HOLD, HOLD, HOLD) for n in range(8)]
    memory = remembered(*bars)
    here = context(0, place_in_section="opening")
    assert memory.avoided(here) == sorted({token(60), token(64)})
    leant = memory.lean(LOGITS, here)
    assert leant[token(60)] < leant[token(61)] == 0
    back = context(0, place_in_section="opening", recall_bars=8, chord=C)
    assert memory.avoided(back) == [token(64)]
    assert memory.avoided(context(0)) == []


def test_within_its_own_section_a_melody_may_come_back_to_what_it_said():
    memory = remembered(A, A)
    for bar in range(4):
        for step in range(4):
            place = "opening" if bar < 2 else "inside"
            memory.observe(context(step, place_in_section=place), token(70))
    assert token(70) not in memory.avoided(context(0, place_in_section="inside"))


def test_after_many_copies_the_memory_keeps_quiet():
    memory = remembered(*[(token(64),) * 4] * 2)
    here = context(0, recall_bars=1, bar_in_phrase=3, chord=C)
    assert memory.lean(LOGITS, here)[token(64)] < 0
    for step in range(80):
        memory.observe(context(step % 4, recall_bars=1, chord=C), token(64))
    assert not memory.lean(LOGITS, here).any()


def test_a_snapshot_brings_everything_back():
    memory = remembered(A, A)
    kept = memory.snapshot()
    before = memory.proposal(context(0, recall_bars=1))
    for step in range(4):
        memory.observe(context(step), token(70))
    memory.restore(kept)
    assert memory.proposal(context(0, recall_bars=1)) == before
    assert memory.snapshot() == kept


@pytest.mark.parametrize(
    ("pitch", "root", "to", "key", "expected"),
    [
        (64, 0, 5, "C major", 69),
        (67, 0, 2, "C major", 69),
        (64, 0, 7, "C major", 59),
        (66, 0, 2, "C major", 67 + 1),
        (72, 9, 5, "A minor", 69),
    ],
)
def test_moving_with_the_chord_counts_steps_of_the_scale(pitch, root, to, key, expected):
    assert moved(pitch, root, to, Key.parse(key)) == expected


@given(
    pitch=st.integers(40, 90),
    root=st.integers(0, 11),
    to=st.integers(0, 11),
    key=st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"])),
)
def test_a_motif_never_moves_by_more_than_half_an_octave(pitch, root, to, key):
    assert abs(moved(pitch, root, to, key) - pitch) <= 7
    assert moved(pitch, root, root, key) == pitch
    if pitch % 12 in key.scale:
        assert moved(pitch, root, to, key) % 12 in key.scale


def test_leans_stay_on_the_grid_and_never_touch_what_they_are_given():
    memory = remembered(A, A)
    logits = np.zeros(WORDS.n_tokens)
    leant = memory.lean(logits, context(0, chord=F, recall_bars=1))
    assert not logits.any()
    assert leant[FIRST_NOTE:].min() > 0
