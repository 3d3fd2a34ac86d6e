"""Bots of other machines: real processes and sockets, a network in between that loses and delays.

The other machine is this one by another address; a relay stands for the network.
"""

import heapq
import os
import random
import socket
import subprocess
import sys
import threading
import time

import pytest

from ensembles.config import load_piece
from ensembles.rendering import render
from musebots import messages as m

from .processes import notes_of, play, until_line

KEY = "not-for-the-stage"

BOT = """
from pathlib import Path
from musebots import Musebot, Note

class Steady(Musebot):
    async def play(self):
        off = []
        async for beat in self.clock.beats(lead=1.0):
            self.send(Note(onset=beat, pitch=60, duration=0.5))
            off.append(str(self.exchange.offset_ns))
        Path("offsets").write_text(" ".join(off))
"""


def own_address():
    """An address of this machine that is not loopback, or a reason to skip."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.254", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine is on no network")
        return sock.getsockname()[0]


class Relay:
    """Passes datagrams on between one bot and a Director, late, doubled, or not at all."""

    def __init__(self, host, director, *, delay, jitter, loss, seed=1):
        self._random = random.Random(seed)
        self._delay, self._jitter, self._loss = delay, jitter, loss
        self._director, self._bot = director, None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.address = self._socket.getsockname()
        self.n_lost, self.n_passed = 0, 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        waiting, n = [], 0
        while not self._is_over.is_set():
            wait = waiting[0][0] - time.monotonic() if waiting else 0.1
            self._socket.settimeout(max(0.0001, min(wait, 0.1)))
            try:
                datagram, source = self._socket.recvfrom(65536)
            except OSError:
                datagram = None
            if datagram is not None:
                if source != self._director:
                    self._bot = source
                to = self._bot if source == self._director else self._director
                if self._random.random() < self._loss:
                    self.n_lost += 1
                elif to is not None:
                    late = self._delay + self._random.uniform(-self._jitter, self._jitter)
                    n += 1
                    heapq.heappush(waiting, (time.monotonic() + late, n, datagram, to))
            while waiting and waiting[0][0] <= time.monotonic():
                *_, datagram, to = heapq.heappop(waiting)
                self.n_passed += 1
                self._socket.sendto(datagram, to)

    def close(self):
        self._is_over.set()
        self._thread.join()
        self._socket.close()


def join(bot, *arguments, cwd, key=KEY):
    return subprocess.Popen(
        [sys.executable, "-m", "ensembles", "join", bot, *arguments],
        cwd=cwd, env={**os.environ, "MUSEBOTS_KEY": key},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def started(tmp_path, host, *arguments):
    """A band that listens there, and the address at which it does."""
    process = play(
        *arguments, "--port", "0", "-o", "live.mid", "--listen", host, "--key", KEY, cwd=tmp_path
    )
    line = until_line(process, "musebots: other machines join with")[-1]
    where = line.split("--director ")[1].split()[0]
    return process, (where.partition(":")[0], int(where.partition(":")[2]))


def test_a_stock_bot_from_elsewhere_plays_what_it_plays_at_home_and_nobody_without_key(tmp_path):
    host = own_address()
    band, address = started(
        tmp_path, host, "trio", "--bars", "4", "--bpm", "160", "--seed", "1",
        "--elsewhere", "melody",
    )  # fmt: skip
    where = ("--director", f"{host}:{address[1]}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(m.encode(m.Sealed(bytes(80), bytes(16))), address)
    intruder = join("hello", *where, cwd=tmp_path, key="guessed-wrongly")
    bot = join("melody", *where, cwd=tmp_path)
    output, _ = band.communicate(timeout=60)
    said, _ = bot.communicate(timeout=20)
    complaint, _ = intruder.communicate(timeout=20)
    assert (band.returncode, bot.returncode, intruder.returncode) == (0, 0, 2), output + said
    assert "late" not in output
    assert "not signed with the key of this band" in output
    assert f"no Director answers at {host}:{address[1]}; it plays with --listen" in complaint
    assert "0 lost" in output
    render(load_piece("trio"), bars=4, bpm=160.0, seed=1, midi_path=tmp_path / "offline.mid")
    assert notes_of(tmp_path / "live.mid") == notes_of(tmp_path / "offline.mid")


def test_over_a_bad_network_a_guest_loses_no_note_and_keeps_time(tmp_path):
    host = own_address()
    (tmp_path / "steady.py").write_text(BOT)
    band, address = started(tmp_path, host, "trio", "--bars", "5", "--bpm", "150")
    relay = Relay(host, address, delay=0.02, jitter=0.01, loss=0.05)
    try:
        bot = join("steady.py", "--director", f"{host}:{relay.address[1]}", cwd=tmp_path)
        output, _ = band.communicate(timeout=60)
        said, _ = bot.communicate(timeout=20)
    finally:
        relay.close()
    assert (band.returncode, bot.returncode) == (0, 0), output + said
    assert relay.n_lost > 5
    assert "steady joins the band" in output
    assert "0 lost" in output
    onsets = [tick for tick, is_on, _ in notes_of(tmp_path / "live.mid")["steady"] if is_on]
    assert onsets == list(range(onsets[0], 5 * 1920, 480))
    assert len(onsets) >= 12
    offsets_ms = [abs(int(ns)) / 1e6 for ns in (tmp_path / "offsets").read_text().split()]
    assert max(offsets_ms[6:]) < 2.0  # the clocks are one: what is left is the estimate's error


async def test_a_session_that_is_announced_is_found_by_its_piece_and_address():
    pytest.importorskip("zeroconf", reason="zeroconf is in the lan extra")
    from ensembles.discovery import announced, found_sessions

    host, port = own_address(), free_port()
    async with announced("nightfall", host, port):
        found = await found_sessions(2.0, [host])
    ours = [session for session in found if session.address == (host, port)]
    assert [(session.piece, session.name.split()[:2]) for session in ours] == [
        ("nightfall", ["musebots", "nightfall"])
    ]


def test_when_the_director_is_killed_bots_fall_silent_in_two_seconds_and_go_on_with_it(tmp_path):
    host, port = own_address(), free_port()
    (tmp_path / "steady.py").write_text(BOT)
    (tmp_path / "piece.toml").write_text(
        'title = "Cut off"\nbars = 6\n[tempo]\nbpm = 200\nritardando = false\n'
        '[[section]]\nname = "A"\nchords = "C"\n[[bot]]\nid = "steady"\nclass = "hello"\n'
        '[[bot]]\nclass = "hello"\n'
    )
    where = ("--port", str(port), "-o", "live.mid", "--key", KEY)
    band = play("piece.toml", "--elsewhere", "steady", "--listen", host, *where, cwd=tmp_path)
    until_line(band, "musebots: other machines join with")
    bot = join("steady.py", "--director", f"{host}:{port}", cwd=tmp_path)
    by_hand = subprocess.Popen(
        [sys.executable, "-m", "musebots.run", "--bot", "hello", "--id", "by-hand",
         "--director", f"127.0.0.1:{port}"], cwd=tmp_path,
    )  # fmt: skip
    until_line(band, "bar 3")
    band.kill()
    killed = time.monotonic()
    band.communicate()
    until_line(bot, "musebots: steady is silent")
    silent_seconds = time.monotonic() - killed
    by_hand.wait(timeout=10)
    gone_seconds = time.monotonic() - killed
    assert silent_seconds < 2.0
    assert gone_seconds < 2.3  # silent within two, and the process has ended
    resumed = play("--resume", *where, cwd=tmp_path)
    output, _ = resumed.communicate(timeout=60)
    said, _ = bot.communicate(timeout=20)
    assert (resumed.returncode, bot.returncode) == (0, 0), output + said
    onsets = {tick for tick, is_on, _ in notes_of(tmp_path / "live.mid")["steady"] if is_on}
    assert onsets == set(range(0, 6 * 1920, 480)), output + said


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        return sock.getsockname()[1]


def test_a_key_that_is_missing_or_too_short_and_an_address_that_is_none_are_told(tmp_path):
    for key, sentence in (("", "the band's key is needed"), ("short", "at least 12 characters")):
        bot = join("hello", "--director", "127.0.0.1:9", cwd=tmp_path, key=key)
        said, _ = bot.communicate(timeout=20)
        assert (bot.returncode, sentence in said) == (2, True), said
    band = play("trio", "--listen", "no.such.machine.invalid", cwd=tmp_path)
    output, _ = band.communicate(timeout=30)
    assert band.returncode == 2
    assert "no machine is called 'no.such.machine.invalid'" in output
