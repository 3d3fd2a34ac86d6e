import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.outputs.audio.loudness import integrated_lufs, limited, master_gain

SAMPLE_RATE_HZ = 44100


def sine(hz, amplitude, seconds=3.0):
    wave = amplitude * np.sin(2 * np.pi * hz * np.arange(seconds * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
    return np.stack([wave, wave], axis=1)


def test_the_reference_tone_of_the_standard_reads_its_level():
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS reads -23 LUFS, within 0.1.
    assert integrated_lufs(sine(1000, 10 ** (-23 / 20)), SAMPLE_RATE_HZ) == pytest.approx(
        -23, abs=0.1
    )


@pytest.mark.parametrize(("hz", "weight_db"), [(100, -1.1), (1000, 0.7), (10000, 4.0)])
def test_frequencies_weigh_as_the_k_curve_says(hz, weight_db):
    lufs = integrated_lufs(sine(hz, 0.1), SAMPLE_RATE_HZ)
    assert lufs == pytest.approx(-20 - 0.691 + weight_db, abs=0.15)


def test_pauses_do_not_count():
    loud = sine(1000, 0.1, seconds=4.0)
    with_pause = np.concatenate([loud, np.zeros((6 * SAMPLE_RATE_HZ, 2))])
    assert integrated_lufs(with_pause, SAMPLE_RATE_HZ) == pytest.approx(
        integrated_lufs(loud, SAMPLE_RATE_HZ), abs=0.3
    )


def test_silence_has_no_loudness():
    assert integrated_lufs(np.zeros((SAMPLE_RATE_HZ, 2)), SAMPLE_RATE_HZ) == -math.inf
    assert integrated_lufs(np.zeros((10, 2)), SAMPLE_RATE_HZ) == -math.inf
    options = {"target_lufs": -16.0, "ceiling_db": -1.0, "max_limiting_db": 4.0}
    assert master_gain(-math.inf, 0.0, **options) == 1.0


def test_a_mix_is_brought_to_its_target_unless_its_peaks_forbid_it():
    options = {"target_lufs": -16.0, "ceiling_db": -1.0, "max_limiting_db": 4.0}
    assert master_gain(-22.0, 0.2, **options) == pytest.approx(10 ** (6 / 20))
    assert master_gain(-40.0, 0.9, **options) * 0.9 == pytest.approx(10 ** (3 / 20))


@given(
    st.integers(1, 3000),
    st.floats(0.05, 0.95),
    st.integers(0, 2**31),
)
def test_no_sample_ever_exceeds_the_ceiling(n_frames, ceiling, seed):
    rng = np.random.default_rng(seed)
    stereo = rng.normal(size=(n_frames, 2)) * rng.exponential(size=(n_frames, 1))
    assert np.abs(limited(stereo, SAMPLE_RATE_HZ, ceiling=ceiling)).max() <= ceiling


def test_the_limiter_lowers_a_peak_smoothly_on_both_sides_alike_and_leaves_the_rest():
    stereo = sine(441, 0.4, seconds=1.0)
    stereo[:, 1] *= 0.5
    stereo[22000:22010] *= 2.0
    result = limited(stereo, SAMPLE_RATE_HZ, ceiling=0.5)
    gain = result[:, 0] / np.where(np.abs(stereo[:, 0]) > 1e-3, stereo[:, 0], np.nan)
    other = result[:, 1] / np.where(np.abs(stereo[:, 1]) > 1e-3, stereo[:, 1], np.nan)
    both = np.isfinite(gain) & np.isfinite(other)
    assert np.allclose(gain[both], other[both])
    assert np.array_equal(result[:21000], stereo[:21000])
    assert np.array_equal(result[23000:], stereo[23000:])
    assert np.nanmax(np.abs(np.diff(gain))) < 0.02


def test_what_needs_no_limiting_is_left_alone():
    stereo = sine(441, 0.4, seconds=0.1)
    assert limited(stereo, SAMPLE_RATE_HZ, ceiling=0.5) is stereo
