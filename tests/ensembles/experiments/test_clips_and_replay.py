"""Recordings made alike, and real pieces played by a bot."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest

from ensembles.experiments.clips import level
from ensembles.experiments.replay import Replay, write_notes
from musebots.errors import BotFailed
from musebots.measures import Part
from musebots.notes import Note
from musebots.testing import rehearse

RATE = 44_100


def _tone(path, *, seconds, amplitude, silence=0.0):
    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.concatenate([np.zeros(round(silence * RATE)), amplitude * np.sin(2764.6 * t)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        frames = np.repeat(np.round(sound * 32767).astype("<i2")[:, None], 2, axis=1)
        file.writeframes(frames.tobytes())
    return path


def test_soft_and_loud_become_equally_loud_and_long(tmp_path):
    soft = level(
        _tone(tmp_path / "s.wav", seconds=6, amplitude=0.05, silence=1),
        tmp_path / "a.wav",
        seconds=4,
    )
    loud = level(_tone(tmp_path / "l.wav", seconds=6, amplitude=0.9), tmp_path / "b.wav", seconds=4)
    assert soft.lufs == pytest.approx(-20, abs=0.1)
    assert loud.lufs == pytest.approx(-20, abs=0.1)
    assert soft.seconds == loud.seconds == 4
    assert (tmp_path / "a.wav").stat().st_size == (tmp_path / "b.wav").stat().st_size


def test_what_is_too_short_is_filled_with_silence(tmp_path):
    made = level(_tone(tmp_path / "s.wav", seconds=1, amplitude=0.5), tmp_path / "a.wav", seconds=2)
    assert made.seconds == 2


def test_silence_stays_silence(tmp_path):
    made = level(_tone(tmp_path / "s.wav", seconds=1, amplitude=0), tmp_path / "a.wav", seconds=1)
    assert made.peak == 0


def test_a_part_is_played_as_it_is_written(tmp_path):
    notes = [Note(0, 36, 0.5, 100), Note(1.5, 38, 0.25, 60), Note(4, 36, 0.5, 90)]
    write_notes(Part.of(notes), tmp_path / "notes.json")
    played = rehearse(Replay, bars=2, settings={"file": str(tmp_path / "notes.json")})
    assert played == notes


@pytest.mark.parametrize("text", ["{", "[[1]]", '[["a", 2, 3, 4]]'])
def test_a_file_that_holds_no_notes_is_refused(tmp_path, text):
    (tmp_path / "notes.json").write_text(text)
    with pytest.raises(BotFailed, match="holds no notes"):
        rehearse(Replay, settings={"file": str(tmp_path / "notes.json")})


def test_replay_asks_for_its_file():
    with pytest.raises(BotFailed, match="setting file"):
        rehearse(Replay)


def test_notes_are_written_as_json(tmp_path):
    write_notes(Part.of([Note(1, 60, 2, 70)]), tmp_path / "n.json")
    assert json.loads((tmp_path / "n.json").read_text()) == [[480, 60, 960, 70]]
