"""Call and response. Twelve calls made up by chance, seeded with 0."""

import numpy as np
import pytest

from musebots.generators import StepContext
from musebots.notes import Note
from musebots.offline import run_offline
from musebots.responder import Responder
from musebots.rnn.generator import load_generator
from musebots.testing import rehearse

SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)
N_CALLS = 12


def a_call(rng):
    """Four bars of a rhythm of two bars, twice, with a tune by chance."""
    steps = np.sort(rng.choice(np.arange(0, 32), size=9, replace=False))
    notes, place = [], 4
    for half in range(2):
        for step, following in zip(steps, [*steps[1:], 32], strict=True):
            place = int(np.clip(place + rng.integers(-2, 3), 0, len(SCALE) - 1))
            length = min(4, following - step) / 4
            notes.append(Note(half * 8 + step / 4, SCALE[place], length, 80))
    return notes


def steps_of(notes, start):
    return {round((note.onset - start) * 4) for note in notes if start <= note.onset < start + 16}


def alike(a, b):
    return len(a & b) / max(1, len(a | b))


@pytest.fixture(scope="module")
def trades():
    """(call, answer) pairs: four bars each, the answer's moved to begin at 0."""
    rng, pairs = np.random.default_rng(0), []
    for _ in range(N_CALLS):
        call = a_call(rng)
        notes = rehearse(Responder, bars=9, others=call, others_role="melody")
        pairs.append((call, [n for n in notes if 16 <= n.onset < 32]))
    return pairs


def test_it_is_silent_while_it_listens_and_answers_for_as_long():
    notes = rehearse(
        Responder, bars=17, others=a_call(np.random.default_rng(0)), others_role="melody"
    )
    bars = {int(note.onset // 4) for note in notes}
    assert not bars & {0, 1, 2, 3, 8, 9, 10, 11}
    assert {4, 5, 6} <= bars
    assert bars & {12, 13, 14, 15}


def test_an_answer_has_the_rhythm_of_its_call_and_not_of_another(trades):
    own = [alike(steps_of(call, 0), steps_of(answer, 16)) for call, answer in trades]
    other = [
        alike(steps_of(call, 0), steps_of(answer, 16))
        for index, (call, _) in enumerate(trades)
        for answer in [trades[(index + 1) % N_CALLS][1]]
    ]
    # If calls meant nothing, own and other would be alike; a sign test over 12 pairs: 10 of them
    # or more by chance in 2 % of cases.
    assert sum(a > b for a, b in zip(own, other, strict=True)) >= 10
    assert np.mean(own) > np.mean(other) + 0.2


def test_an_answer_is_no_copy(trades):
    same = [
        {(round(n.onset * 4), n.pitch) for n in call}
        == {(round((n.onset - 16) * 4), n.pitch) for n in answer}
        for call, answer in trades
    ]
    assert sum(same) <= 2


def test_its_turn_may_be_two_bars():
    notes = rehearse(Responder, bars=9, settings={"bars": 2})
    assert {int(note.onset // 4) for note in notes} <= {2, 3, 6, 7, 8}


def test_a_network_that_has_heard_a_note_goes_on_from_it():
    def surprise_of(pitch):
        generator = load_generator("melody", rng=np.random.default_rng(0))
        for step in range(16):
            generator.hear(StepContext(step), pitch if step % 4 == 0 else None, is_hold=True)
        generator.hear(StepContext(0), 72, is_hold=False)
        return generator.surprise

    assert surprise_of(72) < surprise_of(60) - 1.0


def test_drums_do_not_go_on_from_a_voice():
    generator = load_generator("drums", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="only a voice"):
        generator.hear(StepContext(0), 60, is_hold=False)


def test_with_a_person_it_is_the_person_that_is_answered():
    from tests.musebots.hearing.players import accompanied, played  # a band, and who plays

    call = a_call(np.random.default_rng(3))
    notes, _ = run_offline(accompanied(played(call), bars=9, bots=("responder", "bass")))
    answer = [n for n in notes["responder"] if 16 <= n.onset < 32]
    assert alike(steps_of(call, 0), steps_of(answer, 16)) > 0.5
