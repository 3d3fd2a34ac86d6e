"""What the tests of sound share."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from director.outputs.audio.jobs import encode_cue, encode_strips
from director.outputs.audio.render import WORKER, last_words

PLAYERS = Path(__file__).with_name("pyo_players.py")


@pytest.fixture(scope="session")
def pyo():
    """Skip where pyo cannot be imported."""
    checked = subprocess.run([*WORKER, "check"], capture_output=True, check=False)
    if checked.returncode != 0:
        pytest.skip(f"pyo cannot be imported here: {last_words(checked.stderr)}")


@pytest.fixture
def heard(pyo):
    """What a player of pyo_players.py reports; pyo lives in a process of its own."""

    def play(player, strips, cues=(), end_seconds=1.0):
        job = b"".join([
            json.dumps({"end_seconds": end_seconds, "tail_seconds": 0.0}).encode() + b"\n",
            encode_strips(strips), *map(encode_cue, cues),
        ])  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(PLAYERS), player], input=job, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout.splitlines()[-1])  # pyo may have talked before

    return play
