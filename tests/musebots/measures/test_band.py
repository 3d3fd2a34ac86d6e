"""How parts go together."""

import math

import pytest

from musebots.measures import band
from musebots.measures.part import Part

from .parts import kit, line

BASS = line((0, 36, 2), (2, 43, 1), n_bars=1)
MELODY = line((0, 64), (1, 60), (2, 66), (3, 60), n_bars=1)
NOTHING = Part.from_rows([], n_bars=1)


def test_onsets_together():
    assert band.onset_coincidence(BASS, MELODY) == 1.0
    assert band.onset_coincidence(MELODY, BASS) == 0.5
    assert band.onset_jaccard(MELODY, BASS) == 0.5


def test_the_bass_locks_to_the_kick_and_the_kick_to_the_bass():
    drums = kit(kick=(0, 6, 8, 10), snare=(4, 12))
    assert band.onset_on_kick_rate(BASS, drums) == 1.0
    assert band.kick_on_bass_rate(BASS, drums) == 0.5
    assert math.isnan(band.kick_on_bass_rate(NOTHING, drums))  # no bar in which it plays


def test_consonance_clash_and_unison_against_the_sounding_bass():
    # 64 and 60 over 36: third, unison; 66 over 43: major seventh; 60 over silence
    assert band.melody_bass_consonance(MELODY, BASS) == pytest.approx(2 / 3)
    assert band.clash_rate(MELODY, BASS) == pytest.approx(1 / 3)
    assert band.unison_rate(MELODY, BASS) == pytest.approx(1 / 3)


def test_a_clash_off_the_beat_is_a_passing_note():
    assert band.clash_rate(line((0, 64), (0.5, 61), n_bars=1), BASS) == 0.0


def test_pitch_classes_are_compared_by_their_angle():
    assert band.pitch_class_cosine(line((0, 60)), line((0, 48))) == 1.0
    assert band.pitch_class_cosine(line((0, 60)), line((0, 49))) == 0.0
    assert math.isnan(band.pitch_class_cosine(line((0, 60)), NOTHING))


def test_taking_turns_is_complementary_and_moving_together_is_not():
    dense_first = line((0, 60), (1, 60), (2, 60), (4, 60), n_bars=2)
    dense_last = line((0, 60), (4, 60), (5, 60), n_bars=2)
    assert band.density_complementarity(dense_first, dense_last) == pytest.approx(1.0)
    assert band.density_complementarity(dense_first, dense_first) == pytest.approx(-1.0)
    assert math.isnan(band.density_complementarity(dense_first, line((0, 60), (4, 60))))


def test_bars_with_so_many_playing():
    parts = [line((0, 60), n_bars=2), line((0, 60), (4, 60)), line((4, 60), n_bars=2)]
    assert band.bars_with_at_least(parts, 2) == 1.0
    assert band.bars_with_at_least(parts, 3) == 0.0
