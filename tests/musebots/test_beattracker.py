"""Where the beats of a noisy clock fall. Seed 0."""

import numpy as np
import pytest

from musebots.beattracker import BeatTracker


def clocks(bpm, n_beats, start=0.0):
    """True times of 24 clocks a beat; `bpm` is a number or a function of the beat."""
    beats = np.arange(n_beats * 24) / 24
    tempo = np.array([bpm(beat) if callable(bpm) else bpm for beat in beats])
    return beats, start + np.concatenate([[0.0], np.cumsum(60.0 / tempo / 24)[:-1]])


def heard(beats, seconds, *, jitter=0.002, ahead=6):
    """How far off it expects each clock `ahead` clocks before it comes, in seconds."""
    rng, tracker, off = np.random.default_rng(0), BeatTracker(100.0), []
    for index, (beat, when) in enumerate(zip(beats, seconds, strict=True)):
        tracker.hear(beat, when + rng.normal(0.0, jitter))
        if index + ahead < len(beats):
            off.append(tracker.seconds_at(beats[index + ahead]) - seconds[index + ahead])
    return np.array(off), tracker


def test_a_quarter_beat_ahead_it_is_within_a_millisecond_rms_in_spite_of_two_of_jitter():
    off, tracker = heard(*clocks(120.0, 64))
    assert np.sqrt(np.mean(off[96:] ** 2)) < 0.001
    assert tracker.bpm == pytest.approx(120.0, rel=0.01)


def test_a_ramp_is_followed_without_lagging_behind():
    off, _ = heard(*clocks(lambda beat: float(np.interp(beat, [32, 96], [90, 140])), 128))
    assert np.sqrt(np.mean(off[96:] ** 2)) < 0.0015
    assert abs(off[40 * 24 : 90 * 24].mean()) < 0.0003


def test_a_jump_is_found_within_half_a_beat():
    off, _ = heard(*clocks(lambda beat: 90.0 if beat < 32 else 140.0, 64))
    assert np.abs(off[32 * 24 + 12 :]).max() < 0.02
    assert np.sqrt(np.mean(off[34 * 24 :] ** 2)) < 0.0015


def test_a_single_stray_moves_nothing():
    beats, seconds = clocks(120.0, 32)
    plain, stray = BeatTracker(120.0), BeatTracker(120.0)
    for index, (beat, when) in enumerate(zip(beats, seconds, strict=True)):
        plain.hear(beat, when)
        stray.hear(beat, when + (0.1 if index == 400 else 0.0))
    assert stray.seconds_at(40.0) == pytest.approx(plain.seconds_at(40.0), abs=1e-6)


def test_beats_and_seconds_are_inverse_to_each_other():
    _, tracker = heard(*clocks(lambda beat: 90.0 + beat, 40))
    for beat in (38.0, 40.0, 42.5):
        assert tracker.beat_at(tracker.seconds_at(beat)) == pytest.approx(beat, abs=1e-9)
