"""Onsets, pitch and loudness of sound that is made here. Seed 0."""

import wave

import mido
import numpy as np
import pytest

from ensembles.config import parse_piece
from ensembles.rendering import render
from musebots.errors import ConfigError
from musebots.hearing.sound import SoundEar, pitch_of, read_wav, velocity_of

RATE_HZ = 22_050


def tone(pitch, seconds, *, gain=0.3, rate_hz=RATE_HZ, is_plucked=True):
    """Five partials, with a quick attack, that die away or are let go."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    wave_ = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 6)) / 1.6
    fade = np.exp(-3.0 * t) if is_plucked else np.clip((seconds - t) / 0.02, 0.0, 1.0)
    return gain * wave_ * np.minimum(t / 0.005, 1.0) * fade


def sound_of(notes, *, rate_hz=RATE_HZ, noise=1e-3, is_plucked=True):
    """(seconds, pitch, length) rows as sound, over a little noise."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0.0, noise, int((notes[-1][0] + notes[-1][2] + 0.5) * rate_hz))
    for seconds, pitch, length in notes:
        part = tone(pitch, length, rate_hz=rate_hz, is_plucked=is_plucked)
        start = int(seconds * rate_hz)
        samples[start : start + len(part)] += part
    return samples


def tune(n_notes, is_plucked):
    rng = np.random.default_rng(0)
    gaps = rng.choice([0.25, 0.375, 0.5], n_notes)
    times = 0.2 + np.cumsum(gaps) - gaps
    share = 1.0 if is_plucked else 0.85
    rows = zip(times, rng.integers(45, 84, n_notes), gaps * share, strict=True)
    return [(float(t), int(p), float(g)) for t, p, g in rows]


def write_wav(path, samples, rate_hz=RATE_HZ, width=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        whole = np.round(np.clip(samples, -1, 1) * (2 ** (8 * width - 1) - 1)).astype("<i4")
        file.writeframes(b"".join(int(v).to_bytes(width, "little", signed=True) for v in whole))


@pytest.mark.parametrize("is_plucked", [True, False])
@pytest.mark.parametrize("rate_hz", [22_050, 44_100])
def test_every_note_is_heard_at_its_time_and_pitch_and_none_that_is_not_there(is_plucked, rate_hz):
    notes = tune(40, is_plucked)
    heard = SoundEar(rate_hz).hear(sound_of(notes, rate_hz=rate_hz, is_plucked=is_plucked))
    begun = [note for note in heard if note.end_seconds is None]
    assert [note.pitch for note in begun] == [pitch for _, pitch, _ in notes]
    off = np.array([n.seconds for n in begun]) - [t for t, _, _ in notes]
    assert np.abs(off).max() < 0.02


def test_it_hears_the_same_in_pieces_of_any_size():
    samples = sound_of(tune(20, True))
    whole = SoundEar(RATE_HZ).hear(samples)
    for size in (97, 500, 4096):
        ear = SoundEar(RATE_HZ)
        parts = [n for i in range(0, len(samples), size) for n in ear.hear(samples[i : i + size])]
        assert parts == whole


def test_loud_notes_are_loud():
    ear = SoundEar(RATE_HZ)
    gap = np.zeros(4000)
    parts = [gap, tone(60, 0.5, gain=0.5), gap, tone(60, 0.5, gain=0.05), gap]
    first, second = (n for n in ear.hear(np.concatenate(parts)) if n.pitch)
    assert first.loudness_db - second.loudness_db == pytest.approx(20.0, abs=2.0)
    assert velocity_of(first.loudness_db) > velocity_of(second.loudness_db) + 40


def test_noise_has_no_pitch_and_silence_no_notes():
    assert pitch_of(np.random.default_rng(0).normal(0.0, 0.3, 2048), 44_100) is None
    assert SoundEar(RATE_HZ).hear(np.zeros(RATE_HZ)) == []


@pytest.mark.parametrize("width", [2, 3, 4])
def test_wav_files_are_read_whatever_their_width(tmp_path, width):
    samples = sound_of(tune(3, True))
    write_wav(tmp_path / "x.wav", samples, width=width)
    read, rate_hz = read_wav(tmp_path / "x.wav")
    assert rate_hz == RATE_HZ
    assert np.abs(read - samples).max() < 2e-4


def test_what_is_no_wav_file_is_said(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError, match=r"cannot read .*x\.wav as a WAV file"):
        read_wav(tmp_path / "x.wav")


PIECE = """
title = "Heard"
key = "C major"
harmony = "follow"
bars = 8
[tempo]
bpm = 120
ritardando = false
[[section]]
name = "A"
chords = "C"
bars = 8
[[bot]]
id = "ears"
class = "listener"
settings = { wav = "line.wav" }
[[bot]]
role = "bass"
"""


def test_a_band_hears_a_wav_file_the_same_way_every_time(tmp_path):
    bars = [(45, 57, 60, 64), (41, 53, 57, 60)]  # Am and F, a bar each, in eighths
    rows = [(0.25 * i, bars[i // 8 % 2][i % 4], 0.24) for i in range(60)]
    write_wav(tmp_path / "line.wav", sound_of(rows))
    piece = parse_piece(PIECE, folder=tmp_path)
    first, second = (render(piece, midi_path=tmp_path / f"{n}.mid") for n in "ab")
    assert first.sha256 == second.sha256
    assert first.notes_per_bot["ears"] == 0
    midi, roots, tick = mido.MidiFile(tmp_path / "a.mid"), {}, 0
    track = next(t for t in midi.tracks if t.name == "bass")
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            roots.setdefault(tick // (4 * midi.ticks_per_beat), []).append(message.note % 12)
    count_in = min(roots)
    late = [(bar - count_in, pcs) for bar, pcs in roots.items() if 4 <= bar - count_in < 7]
    for bar, pcs in late:
        assert (9 if bar % 2 == 0 else 5) in pcs, late
