import numpy as np
import pytest

from director.outputs.audio.sampleclock import SampleClock

BLOCK_SECONDS = 128 / 44100


def test_bursts_of_a_sound_card_are_smoothed_away():
    # The card asks for eight blocks at once, then waits for eight blocks.
    clock, errors = SampleClock(BLOCK_SECONDS), []
    for block in range(8000):
        asked = (block // 8) * 8 * BLOCK_SECONDS
        errors.append(clock.block_start(asked) - block * BLOCK_SECONDS)
    settled = np.array(errors[4000:])
    assert np.ptp(settled) < 0.05 * 8 * BLOCK_SECONDS
    assert np.abs(np.diff(settled)).max() < 0.0002


def test_a_card_that_runs_slow_is_followed():
    clock, drift = SampleClock(BLOCK_SECONDS), 1.0001
    for block in range(20_000):
        error = clock.block_start(block * BLOCK_SECONDS * drift) - block * BLOCK_SECONDS * drift
    assert abs(error) < 0.0001


def test_after_a_gap_it_starts_anew():
    clock = SampleClock(BLOCK_SECONDS)
    clock.block_start(0.0)
    assert clock.block_start(60.0) == pytest.approx(60.0)
