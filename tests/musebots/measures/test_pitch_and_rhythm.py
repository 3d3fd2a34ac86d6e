"""Pitch and rhythm, to the last digit."""

import math

import pytest

from musebots.measures import pitch, rhythm
from musebots.measures.part import Part
from musebots.timebase import TimeSignature

from .parts import line, scale

NOTHING = Part.from_rows([], n_bars=2)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (pitch.pitch_entropy, 3.0),
        (pitch.pitch_class_entropy, 6 / 8 * 3 + 2 / 8 * 2),  # c twice, six others once
        (pitch.n_pitches, 8),
        (pitch.n_pitch_classes, 7),
        (pitch.pitch_range, 12),
        (pitch.mean_pitch, 66.25),
        (pitch.scale_consistency, 1.0),
        (pitch.mean_abs_interval, 12 / 7),
        (pitch.repeat_rate, 0.0),
        (pitch.step_rate, 1.0),
        (pitch.leap_rate, 0.0),
        (rhythm.notes_per_bar, 4.0),
        (rhythm.ioi_entropy, 0.0),
        (rhythm.groove_consistency, 1.0),
        (rhythm.syncopation, 0.0),
        (rhythm.empty_bar_rate, 0.0),
        (rhythm.empty_beat_rate, 0.0),
        (rhythm.rest_step_rate, 0.0),
    ],
)
def test_a_scale_in_quarter_notes(measure, value):
    assert measure(scale()) == pytest.approx(value, abs=1e-12)


def test_notes_outside_of_every_scale_lower_its_consistency():
    assert pitch.scale_consistency(line((0, 60), (1, 61), (2, 62), (3, 64))) == 0.75


def test_intervals_are_counted_by_size_up_or_down():
    part = line((0, 60), (1, 60), (2, 58), (3, 62), (4, 67), (5, 59), (6, 71))
    assert pitch.interval_histogram(part) == pytest.approx([1 / 6] * 6)
    assert pitch.repeat_rate(part) == pytest.approx(1 / 6)
    assert pitch.step_rate(part) == pytest.approx(1 / 6)
    assert pitch.leap_rate(part) == pytest.approx(2 / 6)
    assert pitch.mean_abs_interval(part) == pytest.approx((0 + 2 + 4 + 5 + 8 + 12) / 6)


def test_inter_onset_intervals_are_16ths():
    part = line((0, 60), (0.25, 60), (0.75, 60), (1.5, 60), (2.5, 60), (4, 60), (6, 60), (7.25, 60))
    assert rhythm.inter_onset_steps(part).tolist() == [1, 2, 3, 4, 6, 8, 5]
    assert rhythm.ioi_histogram(part) == pytest.approx([1 / 7] * 7)
    assert rhythm.ioi_entropy(part) == pytest.approx(math.log2(7))


def test_notes_together_are_one_onset():
    assert rhythm.inter_onset_steps(line((0, 60), (0, 64), (1, 60))).tolist() == [4]


def test_groove_consistency_counts_the_steps_that_differ():
    part = line((0, 60), (1, 60), (4, 60), (6, 60))  # beats 1 and 2, then 1 and 3
    assert rhythm.groove_consistency(part) == 1 - 2 / 16


def test_a_bar_is_empty_when_nothing_starts_in_it_but_silent_only_when_nothing_sounds():
    part = line((0, 60, 8), n_bars=4)
    assert rhythm.empty_bar_rate(part) == 0.75
    assert rhythm.silent_bar_rate(part) == 0.5
    assert rhythm.empty_beat_rate(part) == 0.5
    assert rhythm.rest_step_rate(part) == 0.5
    assert rhythm.notes_per_bar(part) == 0.25
    assert rhythm.notes_per_active_bar(part) == 1.0


@pytest.mark.parametrize(
    ("onsets", "value"),
    [
        ([0], 0),  # the downbeat held
        ([0, 1, 2, 3], 0),
        ([1], 1),  # beat 2 over beat 3: -1 against -2
        ([1.5], 2),  # the "and" of 2 over beat 3: -1 against -3
        ([3.5, 4], 0),  # an upbeat that is followed by its beat
        ([3.5], 3),  # and one that is not: 0 against -3, over two bars
        ([0.75], 3),  # the last 16th of beat 1, over beat 3: -1 against -4
        ([0.5, 1.5, 2.5, 3.5], 1 + 2 + 1 + 3),  # over 2, 3, 4 and the next bar
    ],
)
def test_syncopation_is_how_much_stronger_the_silence_is(onsets, value):
    n_bars = 2 if max(onsets) > 3 else 1
    part = line(*((onset, 60) for onset in onsets), n_bars=n_bars)
    assert rhythm.syncopation(part) == value / n_bars


def test_three_four_and_six_eight_have_other_strong_steps():
    assert rhythm.metrical_weights(TimeSignature(3, 4))[::4] == (0, -1, -1)
    assert rhythm.metrical_weights(TimeSignature(6, 8))[::2] == (0, -2, -2, -1, -2, -2)
    assert rhythm.metrical_weights(TimeSignature(2, 2))[::4] == (0, -2, -1, -2)


def test_beats_of_six_eight_are_two():
    assert rhythm.empty_beat_rate(line((0.5, 60, 0.5), meter="6/8", n_bars=1)) == 0.5


@pytest.mark.parametrize(
    "measure",
    [pitch.pitch_entropy, pitch.pitch_range, pitch.scale_consistency, pitch.mean_pitch,
     pitch.repeat_rate, rhythm.ioi_entropy, rhythm.notes_per_active_bar],
)  # fmt: skip
def test_nothing_has_no_value(measure):
    assert math.isnan(measure(NOTHING))


def test_silence_is_silent():
    assert rhythm.notes_per_bar(NOTHING) == 0
    assert rhythm.rest_step_rate(NOTHING) == 1
    assert rhythm.syncopation(NOTHING) == 0
    assert all(math.isnan(x) for x in pitch.interval_histogram(NOTHING))
    assert all(math.isnan(x) for x in rhythm.ioi_histogram(NOTHING))
