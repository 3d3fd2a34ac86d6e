"""However a session ends: silence, nobody left behind, and the recording on disk."""

import os
import signal
import subprocess
import sys
import time

import pytest

from .processes import bot_processes, is_running, notes_of, play, until_line, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")

TRIO = ("trio", "--bpm", "240", "--port", "0", "-o", "x.mid")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_again_and_again_ends_it_once_and_in_order(name, tmp_path):
    process = play(*TRIO, cwd=tmp_path, start_new_session=True)
    until_line(process, "bar 2")
    bots = bot_processes(process.pid)
    for _ in range(4):
        process.send_signal(getattr(signal, name))
        time.sleep(0.03)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert "stopped after" in output
    assert notes_of(tmp_path / "x.mid")
    assert not any(is_running(pid) for pid in bots)


def test_a_signal_just_as_the_piece_ends_loses_nothing(tmp_path):
    process = play(*TRIO, "--bars", "2", cwd=tmp_path, start_new_session=True)
    until_line(process, "bar 2")
    bots = bot_processes(process.pid)
    wait_for(lambda: not any(is_running(pid) for pid in bots))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert notes_of(tmp_path / "x.mid")


def test_the_music_does_not_depend_on_anybody_reading_what_it_says(tmp_path):
    process = play(*TRIO, "--bars", "6", cwd=tmp_path)
    until_line(process, "bar 1")
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert set(notes_of(tmp_path / "x.mid")) == {"melody", "bass", "drums"}


def test_when_every_bot_is_gone_it_ends_with_one_and_says_why(tmp_path):
    (tmp_path / "bot.py").write_text(
        "from musebots import Musebot\n\n\n"
        "class Doomed(Musebot):\n"
        "    async def prepare(self):\n"
        "        self.sned(1)\n"
    )
    process = play("bot.py", "--port", "0", cwd=tmp_path)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1, output
    assert "'Doomed' object has no attribute 'sned'" in output
    assert "bot.py, line 6" in output
    assert "no bot is left" in output
    assert "the others play on" not in output


def test_a_bot_that_was_stopped_is_ended_and_comes_back(tmp_path):
    process = play("trio", "--bars", "24", "--bpm", "400", "--port", "0", "-o", "x.mid",
                   cwd=tmp_path)  # fmt: skip
    until_line(process, "bar 2")
    (_, bass, _) = bot_processes(process.pid)
    os.kill(bass, signal.SIGSTOP)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert not is_running(bass)
    assert "brought back: bass 1" in output
    late_half = [tick for tick, is_on, _ in notes_of(tmp_path / "x.mid")["bass"] if is_on]
    assert max(late_half) > 20 * 1920


def test_a_file_named_like_a_library_does_no_harm(tmp_path):
    for name in ("random", "json", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)\n")
    command = [sys.executable, "-P", "-m", "ensembles", "play", *TRIO, "--bars", "2",
               "--audio", "none"]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "died" not in done.stderr
