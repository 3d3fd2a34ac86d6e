"""The sound goes on: no instrument ever gives a sample that is not finite, and no second of music
is silent. What needs pyo is skipped, with the reason, where it cannot be imported."""

import sys
from pathlib import Path

import numpy as np
import pytest

from director.outputs.audio import WavOutput
from director.outputs.audio.jobs import Cue
from director.score import Strip
from musebots.errors import OutputUnavailable

PLAYERS = Path(__file__).with_name("pyo_players.py")
MELODY = (Strip("mel", "melody", 0),)
BAND = (Strip("mel", "melody", 0), Strip("low", "bass", 1), Strip("kit", "drums", 9),
        Strip("pad", "keys", 2))  # fmt: skip

# The shortest parts of rendered pieces (seconds, pitch) after which pyo's FM, which the lead once
# was made of, gave a sample that is not a number; each ends at the second given.
ONCE_FATAL = {
    "waltz, seed 4": ([(2.0454545454545454, 81)], 2.7),
    "nightfall, seed 1": ([(19.0, 57)], 27.1),
}


@pytest.mark.parametrize("name", ONCE_FATAL)
def test_the_notes_that_once_ended_all_sound_no_longer_do(heard, name):
    notes, end_seconds = ONCE_FATAL[name]
    cues = [Cue(seconds, "on", "mel", pitch, 100) for seconds, pitch in notes]
    assert heard("render", MELODY, cues, end_seconds)["is_finite"]


def random_cues(*, n_seconds, notes_per_second, seed):
    """Notes of every pitch and velocity, that overlap, on every strip; a hard evening."""
    rng = np.random.default_rng(seed)
    cues = []
    for _ in range(n_seconds * notes_per_second):
        begin, length = rng.uniform(0, n_seconds), rng.exponential(0.5)
        bot_id = BAND[rng.integers(len(BAND))].bot_id
        pitch, velocity = int(rng.integers(0, 128)), int(rng.integers(1, 128))
        cues += [
            Cue(begin, "on", bot_id, pitch, velocity),
            Cue(begin + length, "off", bot_id, pitch),
        ]
    return cues


def test_any_pitch_at_any_velocity_gives_finite_samples_within_full_scale(heard):
    cues = random_cues(n_seconds=40, notes_per_second=25, seed=0)
    report = heard("render", BAND, cues, 40.0)
    assert report["is_finite"]
    assert report["peak"] <= 2.0
    assert min(report["rms_by_second"]) > 1e-3


def test_every_pitch_of_every_instrument_is_finite(heard):
    cues = []
    for pitch in range(128):
        for strip in BAND:
            cues.append(Cue(pitch * 0.15, "on", strip.bot_id, pitch, 127))
            cues.append(Cue(pitch * 0.15 + 0.14, "off", strip.bot_id, pitch))
    assert heard("render", BAND, cues, 20.0)["is_finite"]


def test_no_second_of_a_long_piece_with_notes_is_silent(heard):
    # 64 bars of 4/4 at 120 a minute: 128 s, one note a beat, the bass alone in every other bar.
    cues = []
    for beat in range(256):
        begin, pitch = beat * 0.5, 60 + (7 * beat) % 24
        bot_id = "low" if beat // 4 % 2 else "mel"
        pitch = pitch - 24 if bot_id == "low" else pitch
        cues += [Cue(begin, "on", bot_id, pitch, 90), Cue(begin + 0.4, "off", bot_id, pitch)]
    report = heard("render", BAND[:2], cues, 128.0)
    assert report["is_finite"]
    assert len(report["rms_by_second"]) == 128
    assert min(report["rms_by_second"]) > 0.005


async def test_a_sample_that_is_not_finite_is_an_error_and_no_file(
    pyo, tmp_path, make_score, played, two_bars
):
    worker = (sys.executable, str(PLAYERS), "broken")
    score, output = make_score(n_bars=2), WavOutput(tmp_path / "x.wav", worker=worker)
    await output.open(score)
    output.start(0.0)
    for event in played(score, two_bars):
        output.send(event)
    with pytest.raises(OutputUnavailable, match=r"the synthesiser failed before .* s") as caught:
        await output.close()
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_lost_signal_is_back_within_one_look_with_its_faders_and_nothing_is_left_over(heard):
    report = heard("lose_and_revive", BAND)
    assert report["before"]["peak"] > 0.05
    assert not report["before"]["was_revived"]
    for lost, revived in report["rounds"]:
        assert lost["peak"] == 0.0
        assert revived["was_revived"]
        assert revived["peak"] > 0.05
        assert revived["is_finite"]
        assert revived["n_streams"] == report["before"]["n_streams"]
        assert revived["muted_peak"] < 0.02 * revived["peak"]
        assert list(revived["levels"]) == ["", *(strip.bot_id for strip in BAND)]
        assert revived["levels"]["pad"] > 0.05
        assert revived["levels"]["mel"] < 1e-3  # it is muted
