"""Faders and policies over real sockets: bots as processes, a hand as another program."""

import socket
import sys
from pathlib import Path

import pytest

from ensembles.logbook import read_logbook
from ensembles.rendering import render
from musebots.messages import Fader, Policy, encode

from .processes import notes_of, play, until_line

sys.path.insert(0, str(Path(__file__).parent.parent / "ensembles"))
from steered import checkpoints, steered_piece

PIECE = """
title = "Steered"
bars = {bars}
tempo = {{ bpm = 150, ritardando = false }}
{steering}
[[section]]
name = "A"
chords = "C | Am | F | G"
[[bot]]
role = "melody"
settings = {{ checkpoint = "melody.safetensors" }}
[[bot]]
role = "bass"
settings = {{ checkpoint = "bass.safetensors" }}
[[bot]]
role = "drums"
settings = {{ checkpoint = "drums.safetensors" }}
"""


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.soak
def test_live_a_piece_with_faders_is_the_music_that_it_is_offline(tmp_path):
    checkpoints(tmp_path)
    text = PIECE.format(bars=8, steering="steering = { fader = { melody = 0.8, drums = -0.5 } }")
    (tmp_path / "piece.toml").write_text(text)
    process = play("piece.toml", "--port", "0", "-o", "live.mid", cwd=tmp_path)
    words, _ = process.communicate(timeout=90)
    assert process.returncode == 0, words
    steering = "steering = { fader = { melody = 0.8, drums = -0.5 } }"
    piece = steered_piece(tmp_path, bars=8, steering=steering)
    render(piece, midi_path=tmp_path / "offline.mid", bpm=150)
    assert notes_of(tmp_path / "live.mid") == notes_of(tmp_path / "offline.mid")


def test_live_a_hand_moves_a_fader_and_chooses_a_policy(tmp_path):
    checkpoints(tmp_path)
    (tmp_path / "piece.toml").write_text(PIECE.format(bars=12, steering=""))
    port = free_port()
    process = play("piece.toml", "--port", str(port), "-o", "live.mid", cwd=tmp_path)
    lines = until_line(process, "bar 3")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(encode(Fader("melody", 1.0)), ("127.0.0.1", port))
        sock.sendto(encode(Policy("nudge", 0.9)), ("127.0.0.1", port))
    words, _ = process.communicate(timeout=90)
    assert process.returncode == 0, [*lines, words]
    log = read_logbook(tmp_path / "live.jsonl")
    told = [line for line in log if line["event"] == "steered" and line["bot_id"] == "melody"]
    assert told[0]["value"] > 0
    assert [line["mode"] for line in log if line["event"] == "policy"] == ["nudge"]
    notes_of(tmp_path / "live.mid")  # none hangs, whatever was taken back
