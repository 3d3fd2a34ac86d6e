"""The sound itself. What needs pyo is skipped, with the reason, where it cannot be imported."""

import asyncio
import math
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from director.outputs.audio import WavOutput
from director.outputs.audio.loudness import integrated_lufs
from director.outputs.base import Level, NoteOn
from director.score import Strip
from musebots.errors import ConfigError, OutputUnavailable
from musebots.notes import Note

FAKE = str(Path(__file__).with_name("fake_worker.py"))
TAIL_SECONDS = 3.0


@pytest.fixture
def rendered(pyo, tmp_path, make_score, played):
    """Render notes by bot; float samples of shape (n_frames, 2) and the sample rate."""

    async def render(notes, *, name="x.wav", extra=(), **score_parts):
        score = make_score(**{"n_bars": 1, **score_parts})
        output = WavOutput(tmp_path / name)
        await output.open(score)
        output.start(0.0)
        for event in [*extra, *played(score, notes)]:
            output.send(event)
        await output.close()
        with wave.open(str(tmp_path / name)) as reader:
            assert (reader.getnchannels(), reader.getsampwidth()) == (2, 2)
            frames = reader.readframes(reader.getnframes())
            samples = np.frombuffer(frames, "<i2").reshape(-1, 2) / 32768
            return samples, reader.getframerate()

    return render


def band_share(samples, sample_rate_hz, low_hz, high_hz):
    """Share of the energy that lies in a band."""
    power = np.abs(np.fft.rfft(samples.sum(axis=1))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / sample_rate_hz)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


def rms(samples):
    return float(np.sqrt(np.mean(samples**2)))


async def test_a_full_mix_is_loud_enough_never_clips_and_dies_away(rendered, two_bars):
    samples, sample_rate_hz = await rendered(two_bars, n_bars=2)
    assert sample_rate_hz == 44100
    assert len(samples) == pytest.approx((4.0 + TAIL_SECONDS) * sample_rate_hz, abs=64)
    assert np.abs(samples).max() <= 10 ** (-1 / 20)
    assert np.abs(samples.mean(axis=0)).max() < 1e-4
    assert integrated_lufs(samples, sample_rate_hz) == pytest.approx(-16, abs=1.5)
    assert np.abs(samples[-sample_rate_hz // 5 :]).max() < 10 ** (-60 / 20)


async def test_two_renders_are_equal_byte_for_byte(rendered, two_bars, tmp_path):
    await rendered(two_bars, name="a.wav", n_bars=2)
    await rendered(two_bars, name="b.wav", n_bars=2)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


async def test_bass_is_low_hats_are_high_and_the_melody_between(rendered):
    bass = await rendered({"low": [Note(n, 36 + 2 * n, 0.9) for n in range(4)]})
    hats = await rendered({"kit": [Note(n / 2, 42, 0.1) for n in range(8)]})
    melody = await rendered({"mel": [Note(n, 69 + 2 * n, 0.9) for n in range(4)]})
    assert band_share(*bass, 30, 400) > 0.8
    assert band_share(*hats, 4000, 20000) > 0.9
    assert band_share(*melody, 400, 4000) > 0.8


async def test_a_note_has_the_frequency_of_its_pitch(rendered):
    samples, sample_rate_hz = await rendered({"mel": [Note(0, 69, 4.0)]})
    steady = samples[sample_rate_hz // 2 : sample_rate_hz * 3 // 2].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    assert np.argmax(spectrum) == pytest.approx(440, abs=2)


async def test_panning_moves_a_strip_to_its_side(rendered):
    def strip(pan):
        return (Strip("mel", "melody", 0, pan=pan),)

    notes = {"mel": [Note(n, 72, 0.9) for n in range(4)]}
    balances_db = []
    for pan in (-1.0, 0.0, 1.0):
        samples, _ = await rendered(notes, strips=strip(pan))
        balances_db.append(20 * math.log10(rms(samples[:, 1]) / rms(samples[:, 0])))
    left, centre, right = balances_db
    assert left < -6 < centre < 6 < right


async def test_a_fader_that_closes_silences_its_strip_and_no_other(rendered, two_bars):
    closed = [Level(0, 0.0, bot_id, 0, 0.0, 0.0) for bot_id in ("mel", "kit")]
    samples, sample_rate_hz = await rendered(two_bars, extra=closed, n_bars=2)
    assert band_share(samples, sample_rate_hz, 4000, 20000) < 0.001
    assert rms(samples) > 0.01


async def test_louder_notes_are_louder_and_brighter(rendered):
    strong, rate = await rendered({"mel": [Note(0, 60, 1.5, 120), Note(2, 60, 1.5, 30)]})
    loud, soft = strong[: rate // 2], strong[rate : 3 * rate // 2]
    assert rms(loud) > 4 * rms(soft)
    assert band_share(loud, rate, 700, 8000) > 1.5 * band_share(soft, rate, 700, 8000)


async def test_a_closed_hat_chokes_an_open_one(rendered):
    strips = (Strip("kit", "drums", 9),)
    open_hat = Note(0, 46, 0.1, 110)
    ringing, rate = await rendered({"kit": [open_hat]}, strips=strips)
    choked, _ = await rendered({"kit": [open_hat, Note(0.25, 42, 0.1, 1)]}, strips=strips)
    after = slice(round(0.2 * rate), round(0.4 * rate))  # the closed hat falls at 0.125 s
    assert rms(choked[after]) < 0.2 * rms(ringing[after])


async def test_every_drum_of_the_kit_can_be_heard_at_its_time(rendered):
    pitches = (36, 38, 37, 39, 42, 46, 41, 45, 48, 51, 49)
    notes = {"kit": [Note(8 * n, pitch, 0.1, 100) for n, pitch in enumerate(pitches)]}
    samples, rate = await rendered(notes, n_bars=22, strips=(Strip("kit", "drums", 9),))
    for n, pitch in enumerate(pitches):
        begin = round(4.0 * n * rate)
        assert np.abs(samples[begin + 64 : begin + round(0.05 * rate)]).max() > 0.02, pitch
        if n:
            assert np.abs(samples[begin - 2000 : begin - 64]).max() < 0.01, pitch


@pytest.mark.parametrize("name", ["pad", "vibraphone", "clarinet", "e-piano"])
async def test_stealing_and_ending_notes_does_not_click(rendered, name):
    # More notes than voices, all held: from the ninth on each one steals.
    strips = (Strip("pad", "keys", 0, instrument=name),)
    notes = {"pad": [Note(n / 4, 50 + n, 8.0, 100) for n in range(24)]}
    samples, rate = await rendered(notes, n_bars=2, strips=strips)
    print(name, band_share(samples, rate, 16500, 22050))
    assert band_share(samples, rate, 16500, 22050) < 1e-6


async def test_a_role_that_nobody_knows_still_sounds(rendered):
    samples, _ = await rendered({"x": [Note(0, 60)]}, strips=(Strip("x", "theremin", 3),))
    assert rms(samples) > 0.005


async def test_a_session_without_a_note_is_a_silent_file(rendered):
    samples, _ = await rendered({})
    assert np.abs(samples).max() < 1e-4


async def test_progress_goes_from_nothing_to_all(pyo, tmp_path, make_score):
    heard = []
    output = WavOutput(tmp_path / "x.wav", progress=heard.append)
    await output.open(make_score(n_bars=2))
    output.start(0.0)
    output.send(NoteOn(0, 0.0, "mel", 0, 60, 90))
    await output.close()
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 4


def fake_output(tmp_path, mode):
    return WavOutput(
        tmp_path / "x.wav", worker=(sys.executable, FAKE, mode, str(tmp_path / "notes"))
    )


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("render_fails", "out of luck$"), ("render_crashes", "ended by signal 6|status")],
)
async def test_a_rendering_process_that_fails_is_one_error_and_leaves_nothing(
    tmp_path, make_score, mode, sentence
):
    output = fake_output(tmp_path, mode)
    await output.open(make_score())
    with pytest.raises(OutputUnavailable, match=sentence) as caught:
        await output.close()
    assert caught.value.exit_code == 3
    assert os.listdir(tmp_path) == []


async def test_cancelling_a_render_kills_its_process_and_leaves_no_half_file(tmp_path, make_score):
    output = fake_output(tmp_path, "render_hangs")
    await output.open(make_score())
    closing = asyncio.create_task(output.close())
    for _ in range(2000):
        await asyncio.sleep(0.01)
        if (tmp_path / "notes").exists() and (tmp_path / "notes").read_text():
            break
    pid = int((tmp_path / "notes").read_text())
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert os.listdir(tmp_path) == ["notes"]


async def test_a_wav_that_cannot_be_written_is_refused_before_the_music(tmp_path, make_score):
    with pytest.raises(ConfigError, match="the folder .* does not exist"):
        await WavOutput(tmp_path / "missing" / "x.wav").open(make_score())


async def test_without_pyo_the_sentence_says_how_to_get_it(tmp_path, make_score, monkeypatch):
    (tmp_path / "pyo.py").write_text("raise ImportError('no pyo for this machine')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.getcwd()]))
    with pytest.raises(OutputUnavailable, match=r"no pyo for this machine.*pip install pyo"):
        await WavOutput(tmp_path / "x.wav").open(make_score())


def test_the_directors_process_never_imports_pyo():
    script = (
        "import sys; import director.outputs.audio, director.outputs.audio.worker; "
        "sys.exit('pyo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
