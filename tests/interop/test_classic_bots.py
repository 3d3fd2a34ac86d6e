"""Classic musebots under our Director: real processes, folders and ensemble files."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ensembles.classic.exporting import export_bot

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.name != "posix", reason="classic bots are started by bash"),
]

STRICT = Path(__file__).with_name("strict_bot.py")

INFO = """## name
Strict
## instrumentation
one sine tone
## behaviour
hears everything
## messages
sends:
@notepool - two pitches
receives:
@hdensity - how dense
"""


def make_bot(musebots, name, *ways, script="run.command", background=False):
    folder = musebots / name
    folder.mkdir(parents=True)
    end = " &" if background else ""
    line = f'"{sys.executable}" "{STRICT}" "$PWD" {" ".join(ways)}{end}'
    (folder / script).write_text(f'#!/bin/bash\ncd "$(dirname "$0")"\n{line}\n')
    (folder / "config.txt").write_text("id old\noutput_channels 4\nwhat is this\n")
    (folder / "info.txt").write_text(INFO)
    return folder


def heard(folder):
    (log,) = folder.glob("heard-*.log")
    return log.read_text().splitlines()


def play(path, *options, cwd):
    command = [sys.executable, "-m", "ensembles", "play", str(path), "--port", "0", "-o", "x.mid",
               "--audio", "none", *options]  # fmt: skip
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def processes_in(folder):
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split(None, 1) for line in listing.splitlines()[1:]]
    return [int(pid) for pid, words in lines if str(folder) in words and "strict_bot" in words]


def test_a_classic_ensemble_plays_and_the_strictest_bots_survive_all_that_is_said(
    tmp_path,
):
    musebots, sets = tmp_path / "Musebots", tmp_path / "Ensembles"
    sets.mkdir()
    ways = {"Plain": (), "Nameless": ("nameless",), "Host": ("host",), "Port": ("port",),
            "Slow": ("slow",), "Chatty": ("chatty",)}  # fmt: skip
    folders = {name: make_bot(musebots, name, *how) for name, how in ways.items()}
    folders["Shell"] = make_bot(musebots, "Shell", "immortal", script="run.sh", background=True)
    folders["Late one"] = make_bot(musebots, "Late-one")
    export_bot("hello", musebots / "Exported")
    killed, stranger = make_bot(musebots, "Killed"), make_bot(tmp_path, "Stranger")
    port, own = free_port(), free_port()
    (stranger / "config.txt").write_text(
        f"id Stranger_{own}\nmc_hostname 127.0.0.1\nmc_listen_port {port}\n"
        f"my_listen_port {own}\noutput_channels 2\n"
    )
    (sets / "set.txt").write_text(
        "tempo 120 duration 7\nPlain gain 0.5\nNameless\nHost initialize 3\nPort\nSlow\n"
        "Chatty onoff 0.5 mood blue\nShell gain 0.25 odd\nLate-one delay 2 kill 4\n"
        "Exported\nKilled\nhello\n"
    )
    process = play(sets / "set.txt", "-v", "--port", str(port), cwd=tmp_path)
    lines, uninvited = [], None
    with process:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("bar 1") and uninvited is None:
                os.kill(processes_in(killed)[-1], signal.SIGKILL)
                uninvited = subprocess.Popen(["bash", str(stranger / "run.command")])
    output = "".join(lines)
    assert process.returncode == 0, output
    assert uninvited.wait(timeout=20) == 0
    assert heard(killed).count("started") == 2, output
    assert "Killed has died" in output
    strange = "\n".join(heard(stranger))
    assert "DIED" not in strange
    assert "/mc/time fi" in strange
    assert "left" in strange
    assert not processes_in(tmp_path), output
    for name, folder in folders.items():
        lines = heard(folder)
        text = "\n".join(lines)
        assert "DIED" not in text, name + text
        assert lines.count("started") == 1, output
        assert any(line.startswith("/mc/agentList ") and "Plain" in line for line in lines), name
        assert any(line.startswith("/agent/off") for line in lines), name + output
        pulses = [int(line.split(", ")[1].rstrip("]")) for line in lines if "/mc/time" in line]
        assert pulses == list(range(pulses[0], pulses[-1] + 1))
        assert "/broadcast/notepool sii ['Chatty', 60, 64]" in text
        assert "/broadcast/x sfi ['Chatty', 0.5, 1]" in text
        assert "huge" not in text
    assert "/agent/gain f [0.5]" in heard(folders["Plain"])
    assert "/agent/gain f [0.25]" in heard(folders["Shell"])
    assert "/mc/meter ii [4, 4]" in heard(folders["Plain"])
    assert "/broadcast/initialize si ['Conductor', 3]" in heard(folders["Host"])
    assert "/broadcast/onoff sf ['Conductor', 0.5]" in heard(folders["Chatty"])
    assert "/broadcast/mood ss ['Conductor', 'blue']" in heard(folders["Chatty"])
    late = [int(x.split(", ")[1].rstrip("]")) for x in heard(folders["Late one"]) if "time" in x]
    assert late[0] > 64 + 2 * 32
    assert late[-1] < 64 + 7 * 32
    config = (folders["Plain"] / "config.txt").read_bytes().decode()
    host, port, own = (config.split("\n")[row].split(" ")[1] for row in (1, 2, 3))
    assert config == (
        f"id Plain\nmc_hostname {host}\nmc_listen_port {port}\nmy_listen_port {own}\n"
        "output_channels 4\n"
    )
    assert host == "127.0.0.1"
    assert 7475 <= int(own) <= 15535
    assert "one sine tone; sends notepool; hears hdensity" in output
    assert "Exported joined" in output
    assert "Exported has died" not in output
    assert "hello ready" in output


def test_a_bot_that_is_not_there_is_named(tmp_path):
    (tmp_path / "set.txt").write_text("tempo 60 duration 10\nNobody gain 1\n")
    process = play(tmp_path / "set.txt", "--bots", str(tmp_path), cwd=tmp_path)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"there is no bot 'Nobody' in {tmp_path}; say where with --bots" in output
