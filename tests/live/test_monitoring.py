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
