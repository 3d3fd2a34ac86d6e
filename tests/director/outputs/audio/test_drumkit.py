import numpy as np
import pytest

from director.outputs.audio.drumkit import DRUMS, drum_at, drum_waveform

SAMPLE_RATE_HZ = 44100


def stroke(name, seed=0):
    return drum_waveform(
        name, sample_rate_hz=SAMPLE_RATE_HZ, rng=np.random.default_rng(seed)
    ).astype(np.float64)


def centroid_hz(wave):
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float(np.sum(power * np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE_HZ)) / np.sum(power))


def ring_seconds(wave):
    """How long until it stays below -30 dB."""
    return np.nonzero(np.abs(wave) > 10 ** (-30 / 20))[0][-1] / SAMPLE_RATE_HZ


@pytest.mark.parametrize("drum", DRUMS, ids=lambda drum: drum.name)
def test_every_stroke_begins_and_ends_in_silence_without_offset(drum):
    wave = stroke(drum.name)
    assert np.abs(wave).max() == pytest.approx(1.0)
    assert abs(wave.mean()) < 1e-3
    assert abs(wave[0]) < 1e-6
    assert abs(wave[-1]) < 1e-6


@pytest.mark.parametrize("drum", DRUMS, ids=lambda drum: drum.name)
def test_a_stroke_is_the_same_for_the_same_seed(drum):
    assert np.array_equal(stroke(drum.name), stroke(drum.name))


def test_each_drum_lies_where_its_name_says():
    centroids = {drum.name: centroid_hz(stroke(drum.name)) for drum in DRUMS}
    ascending = ["kick", "low_tom", "mid_tom", "high_tom", "snare", "ride", "closed_hat"]
    assert sorted(ascending, key=centroids.__getitem__) == ascending
    assert centroids["kick"] < 150
    assert 800 < centroids["snare"] < 3000
    assert centroids["closed_hat"] > 7000
    assert centroids["crash"] > 3000


def test_cymbals_ring_longer_than_hats_and_an_open_hat_longer_than_a_closed_one():
    rings = {drum.name: ring_seconds(stroke(drum.name)) for drum in DRUMS}
    assert rings["crash"] > rings["ride"] > rings["open_hat"] > 3 * rings["closed_hat"]


def test_the_kit_answers_every_pitch_and_general_midi_by_name():
    assert all(drum_at(pitch) in DRUMS for pitch in range(128))
    named = {
        35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 42: "closed_hat",
        44: "closed_hat", 46: "open_hat", 41: "low_tom", 45: "mid_tom", 50: "high_tom",
        49: "crash", 57: "crash", 51: "ride", 59: "ride",
    }  # fmt: skip
    assert {pitch: drum_at(pitch).name for pitch in named} == named


def test_only_the_hats_choke_each_other():
    choking = {drum.name for drum in DRUMS if drum.choke_group}
    assert choking == {"closed_hat", "open_hat"}
