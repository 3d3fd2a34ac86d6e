"""The monitor as a process of its own, listening to bots that are processes."""

import json
import os
import signal
import subprocess

import pytest

from creativity.background import Setup, save_background
from ensembles.calibration import calibrate_piece
from ensembles.config import load_piece
from ensembles.logbook import read_logbook

from .processes import bot_processes, notes_of, play, wait_for

PIECE = """
title = "Heard"
[tempo]
bpm = 160
[monitor]
background = "heard.background"
[[section]]
name = "A"
chords = "C | Am | F | G"
"""


@pytest.fixture(scope="module")
def background():
    setup = Setup(window_steps=16, block_steps=32)
    return calibrate_piece(load_piece("trio"), n_runs=4, bars=4, setup=setup)


@pytest.fixture
def folder(background, tmp_path):
    (tmp_path / "heard.toml").write_text(PIECE)
    save_background(background, tmp_path / "heard.background")
    return tmp_path


def test_live_every_step_of_every_bot_is_scanned_or_accounted_for(folder):
    process = play(
        "heard.toml", "--bars", "6", "--seed", "1", "--port", "0", "-o", "live.mid", cwd=folder
    )
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 0, words
    lines = read_logbook(folder / "live.jsonl")
    heard = {line["bot_id"]: line for line in lines if line["event"] == "monitoring"}
    assert set(heard) == {"melody", "bass", "drums", ""}
    for line in heard.values():
        assert line["n_scanned"] + line["n_skipped"] == 6 * 16
        assert line["n_scanned"] > 40
        assert json.dumps(line["reasons"])
    assert "flags:" in words


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_a_monitor_that_is_killed_does_not_end_the_music(folder):
    process = play(
        "heard.toml", "--bars", "8", "--seed", "1", "--port", "0", "-o", "live.mid", cwd=folder
    )
    wait_for(lambda: len(bot_processes(process.pid)) == 4, 30)
    (victim,) = [pid for pid in bot_processes(process.pid) if "creativity.monitor" in args_of(pid)]
    os.kill(victim, signal.SIGKILL)
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "the monitor has died" in words
    assert set(notes_of(folder / "live.mid")) == {"melody", "bass", "drums"}


def args_of(pid):
    return subprocess.run(["ps", "-o", "args=", str(pid)], capture_output=True, text=True).stdout


BROKEN = '''
from dataclasses import replace

import numpy as np

from musebots.melody import Melody
from musebots.messages import Activations


class Wrong(Melody):
    """Plays as ever; from the third bar on its activations are wrong."""

    def spoilt(self, message):
        return message

    def tell(self, message):
        if isinstance(message, Activations) and message.first_tick >= 2 * 4 * 480:
            message = self.spoilt(message)
        super().tell(message)


class NotANumber(Wrong):
    def spoilt(self, message):
        return replace(message, values=np.full(message.rows.size, np.nan, ">f4").tobytes())


class TooNarrow(Wrong):
    def spoilt(self, message):
        narrow = message.rows[:, :-1]
        return replace(message, n_units=narrow.shape[1], values=narrow.astype(">f4").tobytes())
'''

WRONG_BAND = """
[[bot]]
id = "melody"
class = "broken:{melody}"
role = "melody"
[[bot]]
id = "bass"
class = "bass"
[[bot]]
id = "drums"
class = "drums"
"""


@pytest.mark.parametrize(
    ("melody", "told"),
    [
        ("NotANumber", "nan, not finite"),
        pytest.param("TooNarrow", "it sent 255 units", marks=pytest.mark.soak),
    ],
)
def test_live_wrong_activations_silence_one_ear_once_and_no_bot(folder, melody, told):
    (folder / "broken.py").write_text(BROKEN)
    (folder / "wrong.toml").write_text(PIECE + WRONG_BAND.format(melody=melody))
    process = play(
        "wrong.toml", "--bars", "6", "--seed", "1", "--port", "0", "-o", "live.mid", cwd=folder
    )
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 0, words
    assert set(notes_of(folder / "live.mid")) == {"melody", "bass", "drums"}
    lines = [line for line in read_logbook(folder / "live.jsonl") if line["event"] == "monitoring"]
    heard = {line["bot_id"]: line for line in lines}
    assert any(told in reason for reason in heard["melody"]["reasons"])
    assert heard["melody"]["n_scanned"] < heard["bass"]["n_scanned"] > 40
    assert heard["drums"]["n_scanned"] > 40
    assert words.count("melody is no longer monitored") <= 1
