"""A conductor's pulses, as jittered as the original's (sd 3.4 ms), and the clock made of them."""

import numpy as np
import pytest

from musebots.phaselock import PhaseLock

JITTER_SECONDS = 0.0034
BAR = 64


def grid(changes, n_pulses):
    """True times of pulses; `changes` are (pulse, bpm)."""
    times, now = [], 5.0
    bpms = dict(changes)
    bpm = bpms[0]
    for pulse in range(n_pulses):
        bpm = bpms.get(pulse, bpm)
        times.append((now, bpm))
        now += 60.0 / bpm / 16
    return times


def followed(times, rng, *, losing=0.0):
    """Each pulse heard; yields (pulse, lock) after it."""
    lock = PhaseLock()
    for pulse, (when, bpm) in enumerate(times):
        if rng.random() >= losing:
            lock.hear(pulse, bpm=bpm, seconds=when + rng.normal(0.0, JITTER_SECONDS))
        yield pulse, lock


@pytest.mark.parametrize("bpm", [60.0, 120.0, 200.0])
def test_after_four_bars_beats_are_within_a_millisecond_rms(bpm):
    errors = []
    for seed in range(20):
        times = grid([(0, bpm)], 20 * BAR)
        for pulse, lock in followed(times, np.random.default_rng(seed), losing=0.05):
            ahead = pulse + 16  # a beat ahead, as a bot has to know it
            if pulse >= 4 * BAR and ahead < len(times):
                errors.append(lock.seconds_at(ahead) - times[ahead][0])
    assert np.sqrt(np.mean(np.square(errors))) < 0.001


def test_a_conductor_that_is_off_its_own_tempo_is_followed_all_the_same():
    true = [(when * 1.001, 120.0) for when, _ in grid([(0, 120.0)], 12 * BAR)]
    errors = []
    for seed in range(10):
        for pulse, lock in followed(true, np.random.default_rng(seed)):
            if pulse >= 8 * BAR and pulse + 16 < len(true):
                errors.append(lock.seconds_at(pulse + 16) - true[pulse + 16][0])
    assert np.sqrt(np.mean(np.square(errors))) < 0.001


def test_a_jump_of_the_tempo_is_followed_within_a_beat():
    times = grid([(0, 90.0), (6 * BAR, 150.0), (9 * BAR, 70.0)], 12 * BAR)
    worst = 0.0
    for seed in range(10):
        for pulse, lock in followed(times, np.random.default_rng(seed)):
            if pulse >= 4 * BAR and pulse + 16 < len(times):
                is_before_jump = any(j - 16 < pulse < j for j in (6 * BAR, 9 * BAR))
                if not is_before_jump:
                    worst = max(worst, abs(lock.seconds_at(pulse + 16) - times[pulse + 16][0]))
    assert worst < 0.004


def test_a_conductor_that_stops_and_goes_on_elsewhere_is_found_again():
    lock = PhaseLock()
    for pulse in range(100):
        lock.hear(pulse, bpm=120.0, seconds=pulse / 32)
    changed = [lock.hear(pulse, bpm=120.0, seconds=pulse / 32 + 0.5) for pulse in range(100, 120)]
    assert any(changed)
    assert abs(lock.seconds_at(200) - (200 / 32 + 0.5)) < 0.001


def test_one_that_counts_anew_and_pulses_that_come_twice_or_make_no_sense():
    lock = PhaseLock()
    for pulse in range(500):
        lock.hear(pulse, bpm=120.0, seconds=pulse / 32)
        assert not lock.hear(pulse, bpm=120.0, seconds=pulse / 32 + 0.3)
    assert not lock.hear(501, bpm=float("nan"), seconds=500 / 32)
    assert abs(lock.seconds_at(600) - 600 / 32) < 1e-6
    assert lock.hear(0, bpm=60.0, seconds=20.0)
    assert abs(lock.seconds_at(16) - 21.0) < 1e-6
    assert abs(lock.pulse_at(21.0) - 16) < 1e-6
