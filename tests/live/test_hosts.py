"""Bots that the Director starts over ssh: a real server, here, on a port of its own."""

import asyncio
import os
import sys
import threading

import pytest

from ensembles.config import load_piece, parse_piece
from ensembles.rendering import render
from musebots.errors import ConfigError

from .processes import notes_of, play
from .test_lan import own_address

asyncssh = pytest.importorskip("asyncssh", reason="asyncssh is in the ssh extra")

PIECE = """
title = "Far"
[tempo]
bpm = 160
[[section]]
name = "A"
chords = "C | Am | F | G"
[[host]]
name = "pi"
ssh = "ana@{where}"
command = "{python} -m ensembles"
[[bot]]
role = "melody"
host = "pi"
[[bot]]
role = "bass"
"""


class Server:
    """An ssh server in a thread, which runs what it is asked to in the shell."""

    def __init__(self, host, folder):
        self.commands = []
        self._ready, self._stop = threading.Event(), None
        self._host, self._folder = host, folder
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(20)

    async def _serve(self):
        own, hers = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        ssh = self._folder / ".ssh"
        ssh.mkdir(mode=0o700)
        hers.write_private_key(str(ssh / "id_ed25519"))
        (ssh / "id_ed25519").chmod(0o600)
        (self._folder / "authorized").write_bytes(hers.export_public_key())
        server = await asyncssh.create_server(
            asyncssh.SSHServer, self._host, 0, server_host_keys=[own],
            authorized_client_keys=str(self._folder / "authorized"), process_factory=self._run,
        )  # fmt: skip
        self.port = server.get_port()
        public = own.export_public_key().decode().strip()
        (ssh / "known_hosts").write_text(f"[{self._host}]:{self.port} {public}\n")
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _run(self, process):
        self.commands.append(process.command)
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_shell(
            process.command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        child.stdin.write((await process.stdin.readline()).encode())
        async for line in child.stdout:
            process.stdout.write(line.decode())
        process.exit(await child.wait())

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def piece_at(where):
    return PIECE.format(where=where, python=sys.executable)


@pytest.mark.soak
def test_a_bot_that_is_started_over_ssh_plays_what_it_plays_here(tmp_path):
    host = own_address()
    server = Server(host, tmp_path)
    (tmp_path / "far.toml").write_text(piece_at(f"{host}:{server.port}"))
    try:
        band = play(
            "far.toml", "--port", "0", "--seed", "1", "-o", "live.mid", "--listen", host,
            "--key", "not-for-the-stage", cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
        output, _ = band.communicate(timeout=60)
    finally:
        server.close()
    assert band.returncode == 0, output
    (command,) = server.commands
    assert " join melody --id melody --director " in command
    assert "not-for-the-stage" not in command
    render(load_piece(str(tmp_path / "far.toml")), seed=1, midi_path=tmp_path / "offline.mid")
    assert notes_of(tmp_path / "live.mid") == notes_of(tmp_path / "offline.mid")


def test_a_host_that_cannot_be_reached_is_one_sentence(tmp_path):
    (tmp_path / "far.toml").write_text(piece_at("127.0.0.1:9"))
    band = play("far.toml", "--port", "0", "--listen", "0.0.0.0", cwd=tmp_path)
    output, _ = band.communicate(timeout=60)
    assert band.returncode == 2
    assert "melody cannot play on pi (ana@127.0.0.1:9): " in output
    assert "Traceback" not in output


def test_without_listen_a_piece_with_hosts_says_what_is_missing(tmp_path):
    (tmp_path / "far.toml").write_text(piece_at("127.0.0.1:9"))
    band = play("far.toml", "--port", "0", cwd=tmp_path)
    output, _ = band.communicate(timeout=60)
    assert band.returncode == 2
    assert "melody plays on pi: say where that reaches this machine, --listen ADDRESS" in output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('host = "pi"', 'host = "po"'), "no host is called 'po'; there is pi"),
        (('role = "bass"', 'id = "b"\nfolder = "."\nhost = "pi"'), "a folder lies on this machine"),
        (('name = "pi"', 'name = "pi"\n[[host]]\nname = "pi"'), "'pi' is taken by host[1]"),
    ],
)
def test_a_mistake_about_hosts_is_told(change, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.py").write_text("from musebots import Musebot\nclass B(Musebot): pass\n")
    with pytest.raises(ConfigError) as caught:
        parse_piece(piece_at("x").replace(*change))
    assert sentence in str(caught.value)
