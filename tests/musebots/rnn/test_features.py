"""What a network hears: in range for any context, and true to what was played."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from musebots.generators import StepContext
from musebots.harmony import QUALITIES, Chord, Key
from musebots.rnn.features import (
    FEATURES,
    PLACES,
    ROLE_FEATURES,
    TOKEN_TABLE,
    Memory,
    knob_level,
    others_level,
    read_features,
)
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    REST,
    BassVocabulary,
    DrumVocabulary,
    MelodyVocabulary,
    Vocabulary,
)

MELODY = MelodyVocabulary(("folk", "standard"), "folk")
BASS = BassVocabulary(("rock",), "rock")
DRUMS = DrumVocabulary(("rock",), "rock", (0, 1, 2, 4))

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(QUALITIES)))
knobs = st.floats(0, 1)
contexts = st.builds(
    StepContext,
    step_in_bar=st.integers(0, 40),
    steps_per_bar=st.sampled_from([8, 12, 16, 18, 40]),
    bar_in_phrase=st.integers(0, 7),
    key=st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"])),
    chord=chords,
    next_chord=st.none() | chords,
    steps_to_next=st.integers(0, 99),
    style=st.sampled_from(["", "folk", "polka"]),
    intensity=knobs,
    density=knobs,
    register=knobs,
    is_fill=st.booleans(),
    has_kick=st.booleans(),
    is_compound=st.booleans(),
    others_density=st.none() | knobs,
    place_in_section=st.sampled_from(PLACES),
    recall_bars=st.integers(0, 99),
)


@given(heard=st.lists(st.tuples(contexts, st.integers(0, 10**6)), min_size=1, max_size=40))
def test_every_feature_stays_in_its_range_whatever_happens(
    heard: list[tuple[StepContext, int]],
) -> None:
    for vocabulary in (MELODY, BASS, DRUMS):
        memory = Memory(vocabulary)
        for context, number in heard:
            for name, value in zip(
                FEATURES, read_features(FEATURES, vocabulary, context, memory), strict=True
            ):
                assert 0 <= value < FEATURES[name].size(vocabulary), name
            memory.observe(context, number % vocabulary.n_tokens)


def test_every_role_hears_only_features_that_exist() -> None:
    for names in ROLE_FEATURES.values():
        assert set(names) <= set(FEATURES)
        assert len(set(names)) == len(names)


def test_features_that_share_the_token_table_have_its_size() -> None:
    for vocabulary in (MELODY, BASS, DRUMS):
        shared = [feature for feature in FEATURES.values() if feature.table]
        assert {feature.table for feature in shared} == {TOKEN_TABLE}
        assert {feature.size(vocabulary) for feature in shared} == {vocabulary.n_tokens + 1}


def _play(memory: Memory, tokens: list[int], steps_per_bar: int = 16) -> None:
    for index, token in enumerate(tokens):
        memory.observe(StepContext(index % steps_per_bar, steps_per_bar), token)


def test_a_bar_ago_is_the_same_place_in_the_bar_before() -> None:
    memory = Memory(DRUMS)
    first, second = [1, 0, 2, 0] * 4, [0, 3, 0, 3] * 4
    _play(memory, first + second)
    for step in range(16):
        context = StepContext(step)
        assert memory.bars_ago(context, 1) == second[step] + 1
        assert memory.bars_ago(context, 2) == first[step] + 1
        assert memory.bars_ago(context, 4) == 0
        memory.observe(context, 0)


def test_the_sounding_bass_note_is_heard_over_the_new_chord() -> None:
    memory = Memory(BASS)
    c_chord, f_chord = Chord.parse("C"), Chord.parse("F")
    memory.observe(StepContext(0, chord=c_chord), BASS.token_of(36, Key(), c_chord))
    (over_c,) = read_features(["sounding"], BASS, StepContext(1, chord=c_chord), memory)
    (over_f,) = read_features(["sounding"], BASS, StepContext(1, chord=f_chord), memory)
    assert (over_c - 1 - FIRST_NOTE) % 12 == 0  # C is the root of C
    assert (over_f - 1 - FIRST_NOTE) % 12 == 7  # and the fifth of F


def test_a_rest_ends_the_note_and_a_hold_keeps_it() -> None:
    memory = Memory(MELODY)
    note = MELODY.token_of(60, Key(), Chord(0))
    _play(memory, [note, HOLD, HOLD])
    assert (memory.sounding, memory.held, memory.age) == (60, 3, 3)
    memory.observe(StepContext(3), REST)
    assert (memory.sounding, memory.held, memory.age) == (None, 0, 4)


def test_restored_memory_hears_the_same() -> None:
    memory = Memory(MELODY)
    note = MELODY.token_of(67, Key(), Chord(0))
    _play(memory, [note, HOLD, REST, note] * 8)
    kept = memory.snapshot()
    names = ROLE_FEATURES["melody"]
    before = read_features(names, MELODY, StepContext(0), memory)
    _play(memory, [REST] * 16)
    assert read_features(names, MELODY, StepContext(0), memory) != before
    memory.restore(kept)
    assert read_features(names, MELODY, StepContext(0), memory) == before


@given(low=knobs, high=knobs)
def test_knob_levels_rise_with_the_knob(low: float, high: float) -> None:
    assert (knob_level(0), knob_level(0.5), knob_level(1)) == (1, 4, 7)
    assert knob_level(min(low, high)) <= knob_level(max(low, high))


def test_transposed_music_sounds_the_same_to_melody_and_bass() -> None:
    vocabularies: list[Vocabulary] = [MELODY, BASS]
    for vocabulary, pitch in zip(vocabularies, (67, 43), strict=True):
        heard = []
        for shift in (0, 1):
            memory = Memory(vocabulary)
            key, chord = Key(shift), Chord(7 + shift)
            context = StepContext(0, key=key, chord=chord, next_chord=Chord(shift))
            assert isinstance(vocabulary, MelodyVocabulary | BassVocabulary)
            memory.observe(context, vocabulary.token_of(pitch + shift, key, chord))
            heard.append(read_features(ROLE_FEATURES[vocabulary.role], vocabulary, context, memory))
        assert heard[0] == heard[1]


def test_the_recalled_bar_is_heard_at_its_place_up_to_64_bars_back() -> None:
    memory = Memory(MELODY)
    _play(memory, [2 + index // 16 % 40 for index in range(66 * 16)])
    for n_bars in (1, 8, 64):
        context = StepContext(0, recall_bars=n_bars)
        (heard,) = read_features(["recall"], MELODY, context, memory)
        assert heard - 1 == 2 + (66 - n_bars) % 40
    for forgotten in (0, 66, 1000):
        context = StepContext(0, recall_bars=forgotten)
        assert read_features(["recall"], MELODY, context, memory) == [0]


def test_a_snapshot_is_not_touched_by_what_is_played_after_it() -> None:
    memory = Memory(MELODY)
    _play(memory, [3] * 40)
    kept, later = memory.snapshot(), StepContext(9)
    for _ in range(2):
        memory.restore(kept)
        assert (memory.bars_ago(later, 1), memory.bars_ago(StepContext(7), 0)) == (4, 4)
        memory.observe(later, 5, loudness=3)
        assert (memory.bars_ago(later, 0), memory.loudness) == (6, 3)
        memory.observe(StepContext(7), 6)


def test_the_loudness_of_the_last_note_and_a_bar_ago_is_remembered() -> None:
    memory = Memory(MELODY)
    for step, (token, loudness) in enumerate([(9, 4), (HOLD, 0), (9, 7), (REST, 0)]):
        memory.observe(StepContext(step, 4), token, loudness)
    assert memory.loudness == 7
    assert [memory.loudness_one_bar_ago(StepContext(0, 4))] == [4]
    memory.observe(StepContext(0, 4), HOLD)
    heard = [memory.loudness_one_bar_ago(StepContext(step, 4)) for step in (1, 2, 3)]
    assert heard == [0, 7, 0]


def test_levels_of_the_others_rise_with_what_they_play() -> None:
    levels = [others_level(share) for share in (None, 0.0, 0.01, 0.2, 0.4, 0.6, 0.7, 1.0)]
    assert levels == sorted(set(levels))
