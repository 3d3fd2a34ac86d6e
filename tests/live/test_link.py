"""Two Directors on Ableton Link, in real time; their notes go to MIDI ports that are made up."""

import socket
import subprocess
import sys

import numpy as np
import pytest

from .midi_system import environment, log_of
from .processes import play, until_line

pytest.importorskip("aalink")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def band(folder, bpm, bars, port):
    folder.mkdir()
    return play(
        "hello", "--sync", "link", "--bpm", str(bpm), "--bars", str(bars), "--port", str(port),
        "--midi-out", "synth", "-o", "x.mid", cwd=folder, env=environment(folder, []),
    )  # fmt: skip


def onsets(folder):
    _, sent = log_of(folder)
    return np.array([when for when, m in sent if m.type == "note_on" and m.velocity])


@pytest.mark.soak
def test_two_directors_on_link_play_together_and_take_over_each_others_tempo(tmp_path):
    ports = free_port(), free_port()
    first = band(tmp_path / "a", 180, 12, ports[0])
    until_line(first, "bar 1 ")
    second = band(tmp_path / "b", 90, 6, ports[1])
    until_line(second, "bar 3 ")
    asked = ["tempo", "220", "--director", f"127.0.0.1:{ports[1]}"]
    subprocess.run([sys.executable, "-m", "ensembles", *asked], check=True, timeout=30)
    for process in (second, first):
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
    a, b = onsets(tmp_path / "a"), onsets(tmp_path / "b")
    assert len(b) == 24
    if not any(np.abs(a - when).min() < 0.1 for when in b[:4]):
        pytest.skip("the two have not found each other: no multicast here?")
    apart = np.array([np.abs(a - when).min() for when in b])
    assert np.median(apart) < 0.01
    assert np.median(np.diff(b)[:6]) == pytest.approx(60 / 180, abs=0.01)
    assert np.median(np.diff(b)[-4:]) == pytest.approx(60 / 220, abs=0.01)
    assert np.median(np.diff(a)[-4:]) == pytest.approx(60 / 220, abs=0.01)
