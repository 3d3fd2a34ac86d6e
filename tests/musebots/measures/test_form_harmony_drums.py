"""What returns, what fits the chords, what drums do."""

import math

import pytest

from musebots.harmony import Harmony, Key, parse_chords, spans_from
from musebots.measures import drums, form, harmony
from musebots.measures.part import Part

from .parts import kit, line

CHORDS = Harmony(Key(), spans_from(parse_chords("C | F | F G | C", beats_per_bar=4), 0))


def test_similarity_is_what_two_bars_share_over_what_they_have():
    part = line((0, 60), (1, 62), (4, 60), (5, 64), (8, 60), (9, 62))
    assert form.bar_similarity(part, 1) == pytest.approx(1 / 3)
    assert form.bar_similarity(part, 2) == 1.0
    assert form.bar_similarity(part, 1, "rhythm") == 1.0


def test_empty_bars_are_not_compared():
    part = line((0, 60), (8, 60), n_bars=3)
    assert math.isnan(form.bar_similarity(part, 1))
    assert form.bar_similarity(part, 2) == 1.0
    assert math.isnan(form.bar_similarity(part, 5))
    with pytest.raises(ValueError, match="lag must be >= 1"):
        form.bar_similarity(part, 0)


def test_a_bar_that_came_before_is_a_repeat_wherever_it_was():
    part = line((0, 60), (4, 62), (8, 60), (16, 60), n_bars=6)
    assert form.exact_bar_repeat_rate(part) == 0.5  # two of the four that are not empty
    assert form.distinct_bar_rate(part) == 0.5


def test_chord_tones_are_counted_against_the_chord_in_force():
    part = line((0, 64), (1.5, 62), (4, 65), (8, 64), (10, 67), (11, 72))
    assert harmony.chord_tone_rate(part, CHORDS) == pytest.approx(3 / 6)
    assert harmony.chord_tone_rate_on_beats(part, CHORDS) == pytest.approx(3 / 5)
    assert harmony.chord_tone_rate_on_strong_beats(part, CHORDS) == pytest.approx(3 / 4)


def test_strong_beats_of_three_four_are_the_bar_lines():
    part = line((0, 64), (2, 62), (3, 64), meter="3/4")
    assert harmony.chord_tone_rate_on_strong_beats(part, CHORDS) == 1.0


def test_roots_are_asked_for_where_the_chord_changes_and_something_is_played():
    part = line((0, 48), (4, 45), (8, 41), (10, 43), n_bars=4)  # C, A under F, (same F), G, nothing
    assert harmony.root_at_change_rate(part, CHORDS) == pytest.approx(2 / 3)
    assert harmony.chords_per_bar(part, CHORDS) == 1.0  # C, F, G, C


def test_the_lowest_of_several_notes_is_the_bass():
    assert harmony.root_at_change_rate(line((0, 64), (0, 48)), CHORDS) == 1.0


def test_without_notes_or_chords_nothing_is_said():
    assert math.isnan(harmony.chord_tone_rate(Part.from_rows([], n_bars=1), CHORDS))
    assert math.isnan(harmony.root_at_change_rate(line((1, 60)), CHORDS))


def test_a_plain_beat():
    part = kit(kick=(0, 8), snare=(4, 12), closed_hat=range(0, 16, 2))
    assert drums.onset_steps_per_bar(part) == 8
    assert drums.polyphony(part) == 12 / 8
    assert drums.n_drums(part) == 3
    assert drums.hits_per_bar_of(part, "closed hat") == 8
    assert drums.kick_on_one_rate(part) == 1
    assert drums.backbeat_rate(part) == 1
    assert drums.silent_step_rate(part) == 0.5
    # silence 8, hat alone 4, kick and hat 2, snare and hat 2, of 16
    assert drums.token_entropy(part) == pytest.approx(0.5 + 0.25 * 2 + 2 * 0.125 * 3)
    assert drums.step_tokens(part)[:5].tolist() == [0b101, 0, 0b100, 0, 0b110]
    assert drums.kick_snare_syncopation(part) == 0


def test_a_kick_before_the_beat_is_a_syncopation_whatever_the_hat_does():
    part = kit(kick=(0, 7), snare=(4, 12), closed_hat=range(16))
    assert drums.kick_snare_syncopation(part) == 3  # -1 against -4


def test_other_percussion_is_no_drum_of_the_nine():
    part = line((0, 56))
    assert drums.n_drums(part) == 0
    assert math.isnan(drums.polyphony(part))


def test_a_waltz_has_no_backbeat():
    with pytest.raises(ValueError, match="four beats"):
        drums.backbeat_rate(line((0, 36), meter="3/4"))
