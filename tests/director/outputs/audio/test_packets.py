import socket

import numpy as np
import pytest

from director.outputs.audio.packets import (
    FORGET_SECONDS,
    HEADER,
    MAGIC,
    MAX_LISTENERS,
    PacketSender,
    StreamAddress,
    encode_packet,
)
from musebots.errors import OutputUnavailable


@pytest.fixture
def sender():
    sender = PacketSender(StreamAddress.choose())
    yield sender
    sender.close()


@pytest.fixture
def asking():
    """Open a socket that asks for packets with a word."""
    sockets = []

    def ask(sender, word=None):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(5.0)
        sock.sendto(sender._token if word is None else word, sender._socket.getsockname())
        sockets.append(sock)
        return sock

    yield ask
    for sock in sockets:
        sock.close()


def test_a_packet_says_whose_it_is_where_it_belongs_and_when():
    stereo = np.array([[0.0, 0.5], [-1.0, 2.0]], dtype=np.float32)
    packet = encode_packet(
        stereo, generation=7, sample_rate_hz=44100, position=10**10, seconds=12.5
    )
    assert packet.startswith(b"MBP1")
    assert HEADER.unpack(packet[:32]) == (MAGIC, 7, 44100, 2, 1e10, 12.5)
    assert np.frombuffer(packet[32:], "<i2").tolist() == [0, 16384, -32767, 32767]


def test_who_knows_the_token_gets_packets_and_nobody_else(sender, asking):
    friend, stranger = asking(sender), asking(sender, b"let me in")
    sender.hear(0.0)
    sender.send(b"packet")
    assert friend.recv(100) == b"packet"
    stranger.settimeout(0.05)
    with pytest.raises(TimeoutError):
        stranger.recv(100)


def test_who_no_longer_asks_is_forgotten(sender, asking):
    asking(sender)
    sender.hear(0.0)
    sender.hear(FORGET_SECONDS)
    assert sender.has_listeners
    sender.hear(FORGET_SECONDS + 0.01)
    assert not sender.has_listeners


def test_more_listeners_than_there_is_room_for_are_not_served(sender, asking):
    for _ in range(MAX_LISTENERS + 3):
        asking(sender)
    sender.hear(0.0)
    assert len(sender._asked_at) == MAX_LISTENERS


def test_a_listener_that_does_not_read_never_blocks_the_sender(sender, asking):
    asking(sender)
    sender.hear(0.0)
    for _ in range(5000):  # more than any buffer takes
        sender.send(b"x" * 2048)


def test_a_port_that_is_taken_is_one_sentence(sender):
    port = sender._socket.getsockname()[1]
    with pytest.raises(OutputUnavailable, match=f"^port {port} for sound is taken$"):
        PacketSender(StreamAddress(port, "x"))
