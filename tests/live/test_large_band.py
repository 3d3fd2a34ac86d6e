"""Fifty bots, each a process, on one Director: nobody is late, nothing is lost."""

import socket
import threading
import time

import mido
import pytest

from musebots import messages as m

from .processes import notes_of, play

N_BOTS, N_BARS = 50, 30  # a minute at 120 bpm
PIECE = """
title = "Fifty"
[tempo]
bpm = 120
ritardando = false
[[section]]
name = "A"
chords = "C | Am | F | G"
"""


class Listener:
    """A classic musebot that plays nothing and counts the pulses."""

    def __init__(self, director):
        self.pulses = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._director = director
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        told = 0.0
        while not self._is_over.is_set():
            if time.monotonic() - told > 0.5:
                told = time.monotonic()
                self._socket.sendto(m.encode(m.Alive("counter")), self._director)
            try:
                message = m.decode(self._socket.recv(8192))
            except (OSError, ValueError):
                continue
            if isinstance(message, m.Time):
                self.pulses.append(message.pulse)
            elif isinstance(message, m.Off):
                return

    def close(self):
        self._is_over.set()
        self._thread.join()
        self._socket.close()


def a_free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.soak
def test_fifty_bots_on_one_director_miss_no_pulse_and_lose_no_note(tmp_path):
    bots = "".join(f'[[bot]]\nid = "b{n}"\nclass = "hello"\n' for n in range(N_BOTS))
    (tmp_path / "fifty.toml").write_text(PIECE + bots)
    port = a_free_port()
    process = play("fifty.toml", "--bars", str(N_BARS), "--port", str(port), "-o", "x.mid",
                   cwd=tmp_path)  # fmt: skip
    listener = Listener(("127.0.0.1", port))
    try:
        output, _ = process.communicate(timeout=110)
    finally:
        listener.close()
    assert process.returncode == 0, output
    assert "late" not in output
    assert "lost" not in output
    notes = notes_of(tmp_path / "x.mid")
    onsets = [480 * beat for beat in range(4 * N_BARS)]
    assert len(notes) == N_BOTS
    assert all([tick for tick, is_on, _ in rows if is_on] == onsets for rows in notes.values())
    assert len(mido.MidiFile(tmp_path / "x.mid").tracks) == 1 + N_BOTS
    assert listener.pulses == list(range((1 + N_BARS) * 4 * 16))
