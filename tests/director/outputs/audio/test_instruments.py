"""Each instrument by itself, and the way to the ear. Skipped, with the reason, without pyo."""

import numpy as np
import pytest

from director.outputs.audio.blown import HELD, harmonic_levels, one_period
from director.outputs.audio.drumkit import KITS
from director.outputs.audio.jobs import Cue
from director.outputs.audio.struck import STRUCK, note_waveform
from director.score import Strip
from director.sounds import SOUNDS

BAND = (Strip("mel", "melody", 0, instrument="guitar", pan=0.5), Strip("low", "bass", 1),
        Strip("kit", "drums", 9, instrument="jazz", reverb=0.4))  # fmt: skip


def phrase(family):
    """Eight seconds of it, at four velocities."""
    cues = []
    for beat in range(16):
        begin, velocity = 0.1 + beat / 2, (60, 80, 100, 90)[beat % 4]
        pitch = {"bass": 33, "melody": 60}.get(family, 0) + (0, 4, 7, 12, 9, 5, 2, 0)[beat % 8]
        if family == "drums":
            pitch = (36, 42, 38, 42)[beat % 4]
        cues += [Cue(begin, "on", "x", pitch, velocity), Cue(begin + 0.45, "off", "x", pitch)]
    return cues


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_instruments_of_a_family_are_equally_loud(heard):
    lufs = {}
    for sound in SOUNDS:
        strip = Strip("x", sound.family, 9 if sound.family == "drums" else 0,
                      instrument=sound.name, reverb=0.0)  # fmt: skip
        came = heard("loudness", (strip,), phrase(sound.family), 8.5)
        lufs.setdefault(sound.family, {})[sound.name] = came
    for family, of_family in lufs.items():
        assert np.ptp(list(of_family.values())) < 2.5, (family, of_family)


def band_cues():
    cues = []
    for family, bot_id in (("melody", "mel"), ("bass", "low"), ("drums", "kit")):
        cues += [Cue(c.seconds, c.kind, bot_id, c.a, c.b) for c in phrase(family)]
    return cues


def test_stems_add_up_to_the_mix_before_the_master(heard):
    came = heard("measure", BAND, band_cues(), 8.5)
    assert came["peak"] > 0.1
    assert came["difference"] < 1e-5 * came["peak"]
    left, right = came["side"][:2]
    assert left < 0.9 * right  # the melody is panned, in its stem as well


def test_the_master_is_near_its_loudness_and_holds_true_peaks(heard):
    loud = heard("measure", BAND, band_cues(), 8.5)
    assert loud["lufs"]["master"] == pytest.approx(-16, abs=3)
    assert loud["true_peak_db"] <= -1.0
    too_loud = [Cue(0.0, "level", strip.bot_id, 3.9, 0.0) for strip in BAND]
    louder = heard("measure", BAND, [*too_loud, *band_cues()], 8.5)
    assert louder["peak"] > 1.5
    assert louder["true_peak_db"] <= -0.9


def test_every_instrument_can_be_changed_to_while_it_plays_and_nothing_is_left_over(heard):
    came = heard("change_instruments", BAND)
    assert {name for name, _ in came["peaks"]} == {sound.name for sound in SOUNDS}
    assert all(0.01 < peak < 1.0 for _, peak in came["peaks"])
    before, after = came["n_streams"]
    assert after == before
    assert came["tail"] < 1e-3


@pytest.mark.parametrize("name", STRUCK)
def test_a_struck_note_has_its_pitch_begins_and_ends_in_silence_and_dies_away(name):
    sound, rate = STRUCK[name], 44100
    for hz in (82.4, 220.0):
        wave = note_waveform(sound, hz, sample_rate_hz=rate, rng=np.random.default_rng(0))
        assert abs(wave[0]) < 1e-6
        assert abs(wave[-1]) < 1e-6
        spectrum = np.abs(np.fft.rfft(wave[: rate // 2] * np.hanning(min(rate // 2, wave.size))))
        hertz = np.fft.rfftfreq(min(rate // 2, wave.size), 1 / rate)
        partials = [spectrum[np.abs(hertz - hz * ratio) < 4].max() for ratio in (1.0, 2.0)]
        between = spectrum[np.abs(hertz - 1.5 * hz) < 4].max()
        assert max(partials) > 10 * between
        first, last = wave[: wave.size // 8], wave[-wave.size // 8 :]
        assert np.sqrt(np.mean(last**2)) < 0.05 * np.sqrt(np.mean(first**2))


def test_a_low_note_rings_longer_than_a_high_one_and_its_top_goes_first():
    sound, rate = STRUCK["piano"], 44100

    def note(hz):
        return note_waveform(sound, hz, sample_rate_hz=rate, rng=np.random.default_rng(0))

    def left_after_a_second(wave):
        return np.std(wave[rate : 2 * rate]) / np.std(wave[:rate])

    assert left_after_a_second(note(65.4)) > 2 * left_after_a_second(note(1046.5))
    wave = note(130.8)

    def centroid(part):
        power = np.abs(np.fft.rfft(part)) ** 2
        return np.sum(power * np.fft.rfftfreq(part.size, 1 / rate)) / np.sum(power)

    assert centroid(wave[rate : 2 * rate]) < 0.8 * centroid(wave[: rate // 4])


@pytest.mark.parametrize("name", HELD)
def test_a_held_note_folds_nothing_back_and_is_equally_strong_at_every_pitch(name):
    for hz in (65.4, 440.0, 1760.0):
        levels = harmonic_levels(HELD[name], hz)
        assert len(levels) * 1.26 * hz <= 22050
        period = one_period(levels, 4096)
        assert np.sqrt(np.mean(period**2)) == pytest.approx(2**-0.5, rel=1e-3)


def test_a_clarinet_lacks_its_even_harmonics_as_a_closed_pipe_does():
    levels = harmonic_levels(HELD["clarinet"], 220.0)
    assert levels[1] < 0.25 * levels[0]
    assert levels[2] > 2 * levels[1]


def test_every_kit_has_every_drum():
    assert all(set(kit.recipes) == set(KITS["studio"].recipes) for kit in KITS.values())
