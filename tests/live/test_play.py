"""The command itself: processes, sockets, signals, files."""

import os
import signal
import socket

import pytest

from ensembles.config import load_piece
from ensembles.rendering import render

from .processes import bot_processes, is_running, notes_of, play, until_line, wait_for

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")


def test_a_session_ends_by_itself_and_its_recording_is_the_rendered_music(tmp_path):
    process = play(
        "trio", "--bars", "4", "--bpm", "160", "--seed", "1", "--port", "0", "-o", "live.mid",
        cwd=tmp_path,
    )  # fmt: skip
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "late" not in output
    assert "gone" not in output  # of nobody who is not wanted
    render(load_piece("trio"), bars=4, bpm=160.0, seed=1, midi_path=tmp_path / "offline.mid")
    assert notes_of(tmp_path / "live.mid") == notes_of(tmp_path / "offline.mid")


@POSIX
def test_ctrl_c_ends_everything_in_silence(tmp_path):
    process = play("trio", "--bpm", "200", "--port", "0", "-o", "cut.mid", cwd=tmp_path,
                   start_new_session=True)  # fmt: skip
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("bar 3"):
            break
    bots = bot_processes(process.pid)
    assert len(bots) == 3, lines
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert "stopped after" in output
    assert not any(is_running(pid) for pid in bots)
    assert notes_of(tmp_path / "cut.mid")


STUCK = """
import time
from musebots import Musebot

class Stuck(Musebot):
    async def play(self):
        await self.clock.until(0.0)
        time.sleep(1000)
"""


@POSIX
def test_bots_leave_at_once_when_the_director_is_killed_also_one_that_hangs(tmp_path):
    (tmp_path / "stuck.py").write_text(STUCK)
    (tmp_path / "piece.toml").write_text(
        'title = "x"\n[[section]]\nname = "A"\nchords = "C"\n[[bot]]\nclass = "melody"\n'
        '[[bot]]\nid = "stuck"\nclass = "stuck.py"\nrole = "x"\n'
    )
    process = play("piece.toml", "--port", "0", cwd=tmp_path, start_new_session=True)
    until_line(process, "bar 1")
    bots = bot_processes(process.pid)
    assert len(bots) == 2
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not any(is_running(pid) for pid in bots), seconds=4.5)


@POSIX
@pytest.mark.soak
def test_a_killed_bot_is_reported_and_the_others_play_to_the_end(tmp_path):
    process = play(
        "trio", "--bars", "8", "--bpm", "240", "--port", "0", "-o", "x.mid", cwd=tmp_path
    )
    bots = []
    lines = []
    with process:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("bar 3") and not bots:
                bots = bot_processes(process.pid)
                os.kill(bots[1], signal.SIGKILL)
    assert process.returncode == 0
    text = "".join(lines)
    assert "bass has died" in text
    assert set(notes_of(tmp_path / "x.mid")) == {"melody", "bass", "drums"}


def test_a_taken_port_ends_with_two_and_one_sentence(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        process = play("trio", "--port", str(taken.getsockname()[1]), cwd=tmp_path)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "cannot open UDP port" in output
    assert "Traceback" not in output


def test_a_mistake_in_a_bots_settings_stops_the_session_before_it_starts(tmp_path):
    (tmp_path / "wrong.toml").write_text(
        'title = "x"\n[[section]]\nname = "A"\nchords = "C"\n'
        '[[bot]]\nid = "bass"\nclass = "bass"\nsettings = { temperature = "hot" }\n'
    )
    process = play("wrong.toml", "--port", "0", cwd=tmp_path)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2, output
    assert "bot 'bass': setting temperature must be a number, got 'hot'" in output
    assert "Traceback" not in output
    assert not list(tmp_path.glob("sessions/**/*.mid"))


CHATTERBOX = """
import sys
from musebots import Musebot, Note

class Chatterbox(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            sys.stderr.write("x" * 100_000)
            self.send(Note(onset=beat, pitch=60, duration=0.5))
"""


def test_a_bot_that_never_ends_its_line_plays_on(tmp_path):
    (tmp_path / "bot.py").write_text(CHATTERBOX)
    process = play("bot.py", "--bars", "4", "--bpm", "240", "--port", "0", "-o", "x.mid",
                   cwd=tmp_path)  # fmt: skip
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert len(notes_of(tmp_path / "x.mid")["bot"]) == 32
