"""How loud pieces come out, by a meter that shares nothing with the one that sets it."""

import subprocess
import wave

import numpy as np
import pytest

from director.outputs.audio.render import WORKER
from ensembles.config import load_piece
from ensembles.rendering import render

signal = pytest.importorskip("scipy.signal", reason="scipy is not installed")
RATE_HZ = 48000
# ITU-R BS.1770-4, tables 1 and 2: the two stages of the K filter at 48 kHz.
SHELF = (
    [1.53512485958697, -2.69169618940638, 1.19839281085285],
    [1.0, -1.69065929318241, 0.73248077421585],
)
HIGH_PASS = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])


def loudness_of(stereo):
    """Integrated loudness in LUFS: annex 1 of BS.1770-4, by its recursive filters."""
    heard = signal.lfilter(*HIGH_PASS, signal.lfilter(*SHELF, stereo, axis=0), axis=0)
    n_block, n_hop = RATE_HZ * 4 // 10, RATE_HZ // 10
    energy = np.concatenate([[0.0], np.cumsum((heard**2).sum(axis=1))])
    starts = np.arange(0, len(heard) - n_block + 1, n_hop)
    power = (energy[starts + n_block] - energy[starts]) / n_block
    power = power[lufs(power) > -70.0]
    return lufs(power[lufs(power) > lufs(power.mean()) - 10.0].mean())


def lufs(power):
    return -0.691 + 10.0 * np.log10(np.maximum(power, 1e-20))


def true_peak_db(stereo):
    """Annex 2: the highest value of four times as many samples."""
    return 20.0 * np.log10(np.abs(signal.resample_poly(stereo, 4, 1, axis=0)).max())


def samples_of(path):
    """A WAV file at 48 kHz; shape (n_frames, 2), full scale 1."""
    with wave.open(str(path)) as reader:
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
        return signal.resample_poly(pcm / 32768, 160, 147, axis=0), reader.getframerate()


def test_the_meter_reads_the_tone_of_the_standard():
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS reads -23 LUFS, within 0.1.
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE_HZ) / RATE_HZ)
    stereo = np.stack([tone, tone], axis=1)
    assert loudness_of(stereo) == pytest.approx(-23, abs=0.1)
    assert true_peak_db(stereo) == pytest.approx(-23, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["trio", "nightfall"])
def test_a_piece_is_as_loud_as_the_others_and_never_peaks_between_samples(name, tmp_path):
    checked = subprocess.run([*WORKER, "check"], capture_output=True, check=False)
    if checked.returncode != 0:
        pytest.skip("pyo cannot be imported here")
    path = tmp_path / "out.wav"
    render(load_piece(name), bars=4, wav_path=path)
    stereo, rate_hz = samples_of(path)
    assert rate_hz == 44100
    assert loudness_of(stereo) == pytest.approx(-16, abs=0.5)
    assert true_peak_db(stereo) <= -1.0
