"""Tokens say what was played, in every key and over every chord."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.harmony import QUALITIES, Chord, Key
from musebots.rnn.vocabulary import (
    DRUM_CLASSES,
    DRUM_PITCHES,
    FIRST_NOTE,
    BassVocabulary,
    DrumVocabulary,
    Groove,
    MelodyVocabulary,
    Vocabulary,
    vocabulary_from_json,
)

MELODY = MelodyVocabulary(("folk", "standard"), "folk")
BASS = BassVocabulary(("game", "rock"), "game")
GROOVES = (Groove("jazz", False, (2, 0) * 8), Groove("rock", False, (1, 0) * 6))
DRUMS = DrumVocabulary(("jazz", "rock"), "rock", (0, 0b1, 0b101, 0b110), GROOVES)

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"]))
chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(QUALITIES)))


@given(key=keys, token=st.integers(FIRST_NOTE, MELODY.n_tokens - 1))
def test_every_melody_token_is_the_token_of_its_pitch(key: Key, token: int) -> None:
    pitch = MELODY.pitch_of(token, key, Chord(0))
    assert MELODY.token_of(pitch, key, Chord(0)) == token


@given(key=keys, pitch=st.integers(0, 127))
def test_melody_pitch_keeps_its_pitch_class_and_in_range_its_octave(key: Key, pitch: int) -> None:
    back = MELODY.pitch_of(MELODY.token_of(pitch, key, Chord(0)), key, Chord(0))
    assert (back - pitch) % 12 == 0
    if 49 <= pitch <= 86:
        assert back == pitch


@given(key=keys)
def test_tonic_of_relative_major_is_the_same_token_in_all_keys(key: Key) -> None:
    token = MELODY.token_of(60, Key(0), Chord(0))
    assert MELODY.pitch_of(token, key, Chord(0)) % 12 == key.relative_major_pc


@given(chord=chords, token=st.integers(FIRST_NOTE, BASS.n_tokens - 1))
def test_every_bass_token_is_the_token_of_its_pitch(chord: Chord, token: int) -> None:
    pitch = BASS.pitch_of(token, Key(), chord)
    assert 24 <= pitch <= 71
    assert BASS.token_of(pitch, Key(), chord) == token


@given(chord=chords, pitch=st.integers(0, 127))
def test_bass_pitch_keeps_its_interval_above_the_root(chord: Chord, pitch: int) -> None:
    token = BASS.token_of(pitch, Key(), chord)
    assert (token - FIRST_NOTE) % 12 == (pitch - chord.root_pc) % 12


def test_unknown_mask_is_played_as_the_nearest_known_one() -> None:
    assert DRUMS.mask_of(DRUMS.token_of(0b111)) == 0b101  # as near as 110, but more frequent
    assert DRUMS.mask_of(DRUMS.token_of(0b100000001)) == 0b1
    assert all(DRUMS.mask_of(DRUMS.token_of(mask)) == mask for mask in DRUMS.masks)


def test_a_drum_token_names_its_drums() -> None:
    assert [DRUM_CLASSES[c] for c in DRUMS.classes_of(2)] == ["kick", "closed hat"]
    assert len(DRUM_PITCHES) == len(DRUM_CLASSES) == len(set(DRUM_PITCHES))


@pytest.mark.parametrize("vocabulary", [MELODY, BASS, DRUMS], ids=lambda v: v.role)
def test_vocabulary_survives_json(vocabulary: Vocabulary) -> None:
    assert vocabulary_from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


@pytest.mark.parametrize(
    "plain", [{}, {"role": "kazoo", "default": "a", "styles": ["a"]},
              {"role": "bass", "default": "b", "styles": ["a"]}],
)  # fmt: skip
def test_malformed_vocabulary_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"vocabulary|role|default_style"):
        vocabulary_from_json(plain)


def test_unknown_style_means_the_default() -> None:
    assert BASS.style_index("polka") == BASS.style_index("") == BASS.style_index("game") == 0
    assert BASS.style_index("rock") == 1


def test_groove_is_the_styles_own_or_the_default_ones_or_none() -> None:
    assert DRUMS.groove("jazz", 16, False) == GROOVES[0]
    assert DRUMS.groove("jazz", 12, False) == GROOVES[1]
    assert DRUMS.groove("polka", 12, False) == GROOVES[1]
    assert DRUMS.groove("rock", 16, False) is None
    assert DRUMS.groove("rock", 12, True) is None


def test_groove_of_unknown_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="grooves"):
        DrumVocabulary(("rock",), "rock", (0, 1), (Groove("rock", False, (0, 7)),))


def test_masks_without_silence_are_refused() -> None:
    with pytest.raises(ValueError, match="silence"):
        DrumVocabulary(("rock",), "rock", (1, 2))
