"""The gentle leans of melody, bass and drums, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musebots.drumkit import DRUM_CLASSES
from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.drum_taste import DrumTaste
from musebots.rnn.exact import GRID, Float64Array
from musebots.rnn.memory import Memory
from musebots.rnn.taste import BassTaste, MelodyTaste, Taste, taste_of
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    REST,
    BassVocabulary,
    DrumVocabulary,
    Groove,
    MelodyVocabulary,
    PitchVocabulary,
    Vocabulary,
)

MELODY = MelodyVocabulary(("folk", "standard"), "folk")
BASS = BassVocabulary(("rock",), "rock")
SILENCE, KICK, SNARE, KICK_HAT, TOM = range(5)
GROOVE = Groove("rock", False, (KICK_HAT, SILENCE) * 8)
DRUMS = DrumVocabulary(("rock",), "rock", (0, 1, 2, 5, 16), (GROOVE,))


class Player:
    """Taste and memory of who has played these tokens from the bar line on."""

    def __init__(self, vocabulary: Vocabulary, tokens: list[int], chord: Chord = Chord(0)) -> None:
        self.vocabulary = vocabulary
        self.memory, self.taste = Memory(vocabulary), taste_of(vocabulary)
        for index, token in enumerate(tokens):
            context = StepContext(index % 16, chord=chord)
            self.taste.observe(context, self.memory, token)
            self.memory.observe(context, token)

    def lean(self, context: StepContext) -> Float64Array:
        """What is added to the logits."""
        return self.taste.lean(np.zeros(self.vocabulary.n_tokens), context, self.memory)


def notes(vocabulary: PitchVocabulary, *pitches: int) -> list[int]:
    """One token a step."""
    return [vocabulary.token_of(pitch, Key(), Chord(0)) for pitch in pitches]


def test_each_role_has_its_taste() -> None:
    assert isinstance(taste_of(MELODY), MelodyTaste)
    assert isinstance(taste_of(BASS), BassTaste)
    assert isinstance(taste_of(DRUMS), DrumTaste)
    with pytest.raises(TypeError):
        taste_of(Vocabulary(("a",), "a"))


def test_few_notes_make_notes_likelier_and_many_less_likely() -> None:
    context = StepContext(5, density=0.5)  # between the beats: on them, chord tones gain
    after_holds = Player(MELODY, [30, *[HOLD] * 31]).lean(context)
    after_notes = Player(MELODY, [30, 32] * 16).lean(context)
    assert after_holds[30] > 0 > after_notes[32]
    assert (after_holds[:FIRST_NOTE] == 0).all()
    assert Player(MELODY, []).lean(context)[FIRST_NOTE] == 0


@pytest.mark.parametrize("style", ["folk", "standard"])
def test_melody_leans_to_silence_in_the_last_beat_of_four_bars_only(style: str) -> None:
    player = Player(MELODY, [30, HOLD])
    for bar in range(4):
        for step in range(16):
            context = StepContext(step, bar_in_phrase=bar, style=style)
            assert (player.lean(context)[REST] > 1.5) == (bar == 3 and step >= 12)
    assert player.lean(StepContext(8, 12, 3))[REST] > 1.5, "3/4 has its last beat too"


def test_melody_does_not_cut_a_note_that_has_only_begun() -> None:
    at_the_end = StepContext(13, bar_in_phrase=3)
    assert Player(MELODY, [30]).lean(at_the_end)[REST] == 0
    assert Player(MELODY, [30, HOLD]).lean(at_the_end)[REST] > 0
    assert Player(MELODY, [30, REST]).lean(at_the_end)[REST] > 0


@pytest.mark.parametrize(("vocabulary", "centre"), [(MELODY, 72), (BASS, 40)])
def test_register_knob_leans_up_or_down_from_the_last_note(
    vocabulary: PitchVocabulary, centre: int
) -> None:
    middle, above, below = notes(vocabulary, centre, centre + 5, centre - 5)
    player = Player(vocabulary, [middle])
    leans = [player.lean(StepContext(5, register=knob)) for knob in (0.0, 0.4, 0.5, 0.6, 1.0)]
    lifts = [lean[above] - lean[below] for lean in leans]
    assert lifts[2] == 0
    assert sorted(set(lifts)) == lifts, "strictly growing with the knob"
    assert lifts[4] < 3, "gentle"
    assert all(lean[middle] == leans[2][middle] for lean in leans)
    high = Player(vocabulary, [above]).lean(StepContext(5))
    assert high[middle] > high[above], "back to the centre"


@pytest.mark.parametrize(("vocabulary", "centre"), [(MELODY, 72), (BASS, 40)])
def test_a_fourth_equal_pitch_is_less_likely_and_a_fifth_still_less(
    vocabulary: PitchVocabulary, centre: int
) -> None:
    same, other = notes(vocabulary, centre, centre + 1)
    context = StepContext(5)
    costs = []
    for n_equal in range(2, 6):
        lean = Player(vocabulary, [other, *[same] * n_equal]).lean(context)
        costs.append(lean[other] - lean[same])
    assert costs[0] <= 0 < costs[1] < costs[2] < costs[3]
    spread = Player(vocabulary, [same, HOLD, REST, same, same]).lean(context)
    assert spread[other] > spread[same], "holds and rests between do not matter"
    broken = Player(vocabulary, [same, same, other, same]).lean(context)
    assert broken[other] <= broken[same]


def test_bass_may_repeat_its_note_where_a_chord_begins() -> None:
    (low,) = notes(BASS, 36)
    player = Player(BASS, [low] * 6)
    free, again = StepContext(6), StepContext(6, chord=Chord(0, "min7"))
    assert player.lean(free)[low] < player.lean(again)[low]


def test_melody_leans_away_from_eight_bars_before_once_it_copies_them() -> None:
    tune = notes(MELODY, *([60, 62, 64, 65, 67, 65, 64, 62] * 16))
    other = notes(MELODY, *([67, 69, 71, 72, 74, 72, 71, 69] * 16))
    here = StepContext(0)
    copied = Player(MELODY, tune + tune).lean(here)
    varied = Player(MELODY, other + tune).lean(here)
    assert copied[tune[0]] < varied[tune[0]]
    assert copied[other[0]] == varied[other[0]]


def test_bass_leans_to_the_root_on_the_bar_line_and_away_from_what_clashes() -> None:
    chord = Chord.parse("Dm7")
    root, third, raised = (BASS.token_of(pitch, Key(), chord) for pitch in (38, 41, 42))
    on_one = Player(BASS, []).lean(StepContext(0, chord=chord))
    later = Player(BASS, []).lean(StepContext(4, chord=chord))
    assert on_one[root] > on_one[third] == 0 > on_one[raised]
    assert later[root] == later[third] == 0 > later[raised]


def test_bass_leans_to_the_root_where_the_chord_changes_within_the_bar() -> None:
    chord, before = Chord.parse("F"), Chord.parse("C")
    root, third = (BASS.token_of(pitch, Key(), chord) for pitch in (41, 45))
    changed = Player(BASS, [20] * 8, before).lean(StepContext(8, chord=chord))
    unchanged = Player(BASS, [20] * 8, chord).lean(StepContext(8, chord=chord))
    assert changed[root] - changed[third] > unchanged[root] - unchanged[third] + 1


def test_bass_leads_to_the_next_root_in_the_last_eighth() -> None:
    at = StepContext(13, next_chord=Chord.parse("A"), steps_to_next=3)
    next_to_it, far = notes(BASS, 43, 41)  # G and F over C, before A
    player = Player(BASS, [])
    assert player.lean(at)[next_to_it] == player.lean(at)[far]
    for steps in (2, 1):
        lean = player.lean(replace(at, step_in_bar=16 - steps, steps_to_next=steps))
        assert lean[next_to_it] > lean[far]


def test_drum_hits_follow_the_density_knob() -> None:
    lifts = []
    for density in (0.0, 0.25, 0.5, 0.75, 1.0):
        lean = Player(DRUMS, list(GROOVE.tokens) * 2).lean(StepContext(4, density=density))
        lifts.append(lean[KICK_HAT] - lean[SILENCE])
        assert lean[KICK_HAT] == pytest.approx(lean[KICK] * 1.7 / 0.7, abs=1e-5)
    assert lifts[2] == 0, "the typical groove at a neutral density is as it should be"
    assert sorted(set(lifts)) == lifts


def test_a_bar_of_drums_is_not_empty() -> None:
    waiting, struck = Player(DRUMS, [SILENCE] * 12), Player(DRUMS, [KICK, *[SILENCE] * 11])
    assert waiting.lean(StepContext(12))[SILENCE] < -10
    assert waiting.lean(StepContext(11))[SILENCE] == struck.lean(StepContext(12))[SILENCE] == 0


def test_toms_outside_fills_stay_few() -> None:
    at = StepContext(4, style="rock")
    ridden, rare = Player(DRUMS, [TOM, SILENCE] * 16), Player(DRUMS, [TOM, *[SILENCE] * 31])
    assert ridden.lean(at)[TOM] - ridden.lean(at)[KICK] < -2
    assert rare.lean(at)[TOM] >= rare.lean(at)[KICK]
    in_a_fill = replace(at, is_fill=True)
    assert ridden.lean(in_a_fill)[TOM] > ridden.lean(in_a_fill)[KICK]


def test_the_snare_is_not_rolled_for_ever() -> None:
    at = StepContext(4, style="rock")
    rolled, usual = Player(DRUMS, [SNARE] * 32), Player(DRUMS, [KICK_HAT, KICK, SNARE, KICK] * 8)
    assert rolled.lean(at)[SNARE] < rolled.lean(at)[KICK] - 2
    assert usual.lean(at)[SNARE] > usual.lean(at)[KICK] - 1
    latin = DrumVocabulary(("latin",), "latin", (0, 1, 2, 5, 16), ())
    player = Player(latin, [SNARE] * 32)
    assert player.lean(replace(at, style="latin"))[SNARE] > rolled.lean(at)[SNARE] + 1


@pytest.mark.parametrize("style", ["funk", "hiphop", "afrobeat"])
def test_kick_and_snare_leave_the_middle_of_the_bar_in_syncopated_styles(style: str) -> None:
    words = DrumVocabulary(("rock", style), "rock", (0, 1, 2, 5, 16), (GROOVE,))
    player = Player(words, list(GROOVE.tokens) * 2)
    middle, square = (player.lean(StepContext(8, style=name)) for name in (style, "rock"))
    assert (middle[[KICK, SNARE, KICK_HAT]] < square[[KICK, SNARE, KICK_HAT]] - 0.5).all()
    assert middle[SILENCE] == square[SILENCE]


def test_bass_leans_to_the_kick_and_melody_away_from_the_bass() -> None:
    low, high = notes(BASS, 36)[0], notes(MELODY, 72)[0]
    bass, melody = Player(BASS, [low, HOLD]), Player(MELODY, [high, HOLD])
    at = StepContext(6)
    assert bass.lean(replace(at, has_kick=True))[low] > bass.lean(at)[low]
    assert melody.lean(replace(at, has_bass=True))[high] < melody.lean(at)[high]
    first = StepContext(0)
    assert (melody.lean(replace(first, has_bass=True)) == melody.lean(first)).all()


def test_melody_leans_to_the_chord_on_beats_and_most_on_strong_ones() -> None:
    player, (chord_tone, other) = Player(MELODY, []), notes(MELODY, 76, 74)
    gains = []
    for step in (0, 4, 8, 5):
        lean = player.lean(StepContext(step))
        gains.append(lean[chord_tone] - lean[other])
    strong, beat, middle, between = gains
    assert strong == middle > beat > between == 0
    three = [player.lean(StepContext(step, 12)) for step in (0, 4, 8)]
    gains = [lean[chord_tone] - lean[other] for lean in three]
    assert gains == [strong, beat, beat]


def test_bass_of_a_chorale_walks() -> None:
    words = BassVocabulary(("rock", "chorale"), "rock")
    here, near, octave = (words.token_of(p, Key(), Chord(0)) for p in (40, 41, 28))
    lean = Player(words, [here]).lean(StepContext(5, style="chorale", register=0.5))
    assert lean[near] > lean[here] > lean[octave]


def test_every_bar_of_a_chorale_or_folk_tune_has_a_note() -> None:
    for vocabulary, style in ((MELODY, "folk"), (BASS, "chorale")):
        (note,) = notes(vocabulary, 45 if vocabulary is BASS else 72)
        held = Player(vocabulary, [note, *[HOLD] * 27])
        begun = Player(vocabulary, [note, *[HOLD] * 15, note, *[HOLD] * 11])
        at = StepContext(12, style=style)
        assert held.lean(at)[note] > begun.lean(at)[note] + 9
        assert held.lean(replace(at, style="other"))[note] < held.lean(at)[note] - 9


def test_bass_of_rock_goes_on_as_it_did_but_does_not_drum_on_a_note() -> None:
    low, fourth, fifth = notes(BASS, 36, 41, 43)
    bar = [low, HOLD, fifth, HOLD] * 4
    at = StepContext(0, style="rock")
    goes_on = Player(BASS, bar).lean(replace(at, step_in_bar=2))
    assert goes_on[fifth] > Player(BASS, bar).lean(StepContext(2))[fifth]
    drumming = Player(BASS, [low] * 16)
    leans = [drumming.lean(StepContext(2, style=style)) for style in ("rock", "other")]
    assert leans[0][low] - leans[0][fourth] == leans[1][low] - leans[1][fourth]


def test_too_few_hits_make_hits_likelier_and_too_many_less() -> None:
    sparse, busy = Player(DRUMS, [KICK, *[SILENCE] * 7] * 4), Player(DRUMS, [KICK_HAT] * 32)
    assert sparse.lean(StepContext(4))[KICK] > 0 > busy.lean(StepContext(4))[KICK]


def test_fill_leans_to_toms_and_snare_and_away_from_silence_with_intensity() -> None:
    player = Player(DRUMS, list(GROOVE.tokens) * 2)
    calm, wild = (
        player.lean(StepContext(12, is_fill=True, intensity=intensity)) for intensity in (0.1, 0.9)
    )
    assert calm[TOM] > calm[SNARE] > calm[KICK] > 0 > calm[SILENCE]
    assert wild[TOM] > calm[TOM]
    assert wild[SILENCE] < calm[SILENCE]
    assert (player.lean(StepContext(12)) == 0).all()


@pytest.mark.parametrize("vocabulary", [MELODY, BASS, DRUMS])
def test_every_lean_is_on_the_grid(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(0)
    tokens = [int(token) for token in rng.integers(0, vocabulary.n_tokens, 200)]
    player = Player(vocabulary, [*tokens, *tokens, *[vocabulary.n_tokens - 1] * 6])
    for step in range(16):
        density, intensity, register = (float(value) for value in rng.random(3))
        context = StepContext(
            step, 16, 3, next_chord=Chord(7), steps_to_next=16 - step, is_fill=step > 7,
            density=density, intensity=intensity, register=register,
        )  # fmt: skip
        lean = player.lean(context)
        assert lean.any()
        assert (lean / GRID == np.rint(lean / GRID)).all()


@pytest.mark.parametrize("vocabulary", [MELODY, BASS, DRUMS])
def test_restored_taste_leans_as_before(vocabulary: Vocabulary) -> None:
    player = Player(vocabulary, [3] * 40)
    kept, context = player.taste.snapshot(), StepContext(4, chord=Chord(5), density=0.7)
    before = player.lean(context)
    for token in (4, 4, 1, 2, 4, 4, 4, 4):
        player.taste.observe(context, player.memory, token)
    assert not np.array_equal(player.lean(context), before)
    player.taste.restore(kept)
    assert np.array_equal(player.lean(context), before)
    assert isinstance(player.taste, Taste | DrumTaste)


def test_a_crash_is_unlikely_right_after_another() -> None:
    hat, crash = 1, 2
    drums = DrumVocabulary(("rock",), "rock", (0, 4, 1 << DRUM_CLASSES.index("crash")), ())
    context = StepContext(0)

    def crash_lean(tokens: list[int]) -> float:
        leant = Player(drums, tokens).lean(context)
        return float(leant[crash] - leant[hat])

    assert crash_lean([crash]) == -5.0
    assert crash_lean([crash, *[hat] * 16]) == -2.5
    assert crash_lean([crash, *[hat] * 32]) == 0.0
    assert crash_lean([hat] * 8) == 0.0


@pytest.mark.parametrize("vocabulary", [MELODY, BASS, DRUMS])
def test_room_that_the_others_leave_is_taken(vocabulary: Vocabulary) -> None:
    player = Player(vocabulary, [3, 1, 1, 1] * 8)
    busy, unknown, quiet = (
        float(player.lean(StepContext(4, others_density=density))[3])
        for density in (1.0, None, 0.1)
    )
    assert busy < unknown < quiet


def test_repetition_sets_how_hard_equal_pitches_are_held() -> None:
    context = StepContext(4)
    token = MELODY.token_of(60, context.key, context.chord)
    costs = []
    for repetition in (0.0, 0.5, 1.0):
        taste, memory = taste_of(MELODY, repetition), Memory(MELODY)
        for _ in range(5):
            taste.observe(context, memory, token)
        leant = taste.lean(np.zeros(MELODY.n_tokens), context, memory)
        costs.append(float(leant[token + 1] - leant[token]))
    free = costs[2]
    assert costs[0] - free == pytest.approx(2 * (costs[1] - free))
    assert costs[1] > free
