"""Sound for browsers: who gets what, and the clock that is followed."""

import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_to

from ensembles.web import audio
from ensembles.web.audio import MAX_LISTENERS, sound_routes
from ensembles.web.listening import STREAM_VARIABLE, environment_of

from .senders import sound_process

STATIC = Path(audio.__file__).parent / "static"
SOAK = Path(__file__).with_name("soak.mjs")
PACKET = b"MBP1" + bytes(2076)


def playing(packet=PACKET, *, stream=None):
    """A sound process that sends the same packet again and again; gives its address."""

    def send(sender, ending):
        while not ending.wait(0.01):
            sender.hear(time.monotonic())
            sender.send(packet)

    return sound_process(send, stream=stream)


@contextmanager
def serving(*routes):
    """Serve routes from a thread, with the settings of the real page; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            Starlette(routes=list(routes)), ws="websockets-sansio", ws_per_message_deflate=False,
            lifespan="off", log_level="error", timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def connected(monkeypatch):
    """Connect listeners to a sound process, or to none."""
    with ExitStack() as stack:

        def connect(stream, n=1):
            monkeypatch.delenv(STREAM_VARIABLE, raising=False)
            for name, value in environment_of(stream).items():
                monkeypatch.setenv(name, value)
            address = stack.enter_context(serving(*sound_routes(None)))
            return [stack.enter_context(connect_to(f"ws://{address}/audio")) for _ in range(n)]

        yield connect


def next_of(kind, connection):
    """The next message that is a text, or bytes."""
    while not isinstance(message := connection.recv(timeout=10.0), kind):
        pass
    return message


@pytest.mark.live
def test_eight_who_listen_get_every_packet_as_it_came_and_a_ninth_is_told_why_not(connected):
    with playing() as stream:
        *listeners, one_too_many = connected(stream, MAX_LISTENERS + 1)
        for _ in range(20):
            assert all(next_of(bytes, listener) == PACKET for listener in listeners)
        with pytest.raises(ConnectionClosed, match="8 listen already"):
            one_too_many.recv(timeout=10.0)


@pytest.mark.live
def test_a_listener_may_ask_what_time_it_is_and_nothing_else(connected):
    with playing() as stream:
        (listener,) = connected(stream)
        before = time.monotonic()
        listener.send('{"ping": 12.5}')
        answer = json.loads(next_of(str, listener))
        assert answer["pong"] == 12.5
        assert before <= answer["now"] <= time.monotonic()
        listener.send("let me in")
        with pytest.raises(ConnectionClosed, match="only pings"):
            next_of(str, listener)


@pytest.mark.live
def test_where_the_band_does_not_sound_a_listener_is_told_so(connected):
    (listener,) = connected(None)
    with pytest.raises(ConnectionClosed, match="the band does not sound here"):
        listener.recv(timeout=10.0)


@pytest.mark.live
def test_a_sound_process_that_comes_back_is_heard_again_on_the_same_connection(connected):
    with playing() as stream:
        (listener,) = connected(stream)
        next_of(bytes, listener)
    with playing(b"another", stream=stream):
        while next_of(bytes, listener) != b"another":
            pass


def test_a_slow_listener_loses_the_oldest_packets_and_nobody_waits():
    listener = audio._Listener()
    for number in range(10_000):
        listener.take(b"%d" % number)
    assert len(listener._packets) == audio.QUEUED_PACKETS
    assert listener._packets[-1] == b"9999"


@pytest.fixture
def soak(tmp_path):
    """Run the listener's own code on a simulated clock."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the browser's code is tested by the browser only")
    for path in STATIC.glob("*.js"):
        shutil.copy(path, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(*, seconds, ppm, jitter_ms, output_rate_hz, lost=0.0):
        numbers = [str(value) for value in (seconds, ppm, jitter_ms, output_rate_hz, lost)]
        done = subprocess.run(
            [node, str(SOAK), str(tmp_path), *numbers], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run


@pytest.mark.soak
@pytest.mark.parametrize(("ppm", "output_rate_hz"), [(150, 44100), (-150, 48000)])
def test_half_an_hour_on_two_clocks_runs_neither_dry_nor_over_and_latency_stays(
    soak, ppm, output_rate_hz
):
    came = soak(seconds=1800, ppm=ppm, jitter_ms=8, output_rate_hz=output_rate_hz)
    assert came["packets"] == pytest.approx(1800 * 44100 / 512, rel=0.001)
    assert (came["underruns"], came["overruns"], came["gaps"]) == (0, 0, 0)
    assert came["speed"] == pytest.approx(1 + ppm * 1e-6, abs=5e-5)
    settled = came["minutes"][10:]
    # It comes down by 2 ms wherever it can; a clock that is not followed would run off by 171 ms.
    assert max(settled) - min(settled) < 0.01
    assert max(settled) < 0.1
    # A slip of a single sample would be a step several times that of the sine itself.
    assert came["largestStep"] < 1.02


def test_packets_that_are_lost_leave_soft_gaps_and_shift_nothing(soak):
    came = soak(seconds=60, ppm=0, jitter_ms=4, output_rate_hz=44100, lost=0.02)
    assert came["gaps"] > 50
    assert (came["underruns"], came["overruns"]) == (0, 0)
    assert came["largestStep"] < 1.5  # a hard edge would be up to 16 times the sine's own step


def test_a_connection_that_stutters_costs_latency_and_not_sound(soak):
    came = soak(seconds=300, ppm=0, jitter_ms=40, output_rate_hz=44100)
    assert came["underruns"] <= 3
    assert 0.1 < came["target"] < 0.3
