"""Sound on its way to whoever listens: datagrams of PCM, and who may have them.

A listener asks the sound process for packets by sending it the session's token, again and again; it
gets all packets until it has not asked for a while. Nobody waits for a listener: who is slow loses
packets, which their positions tell.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from dataclasses import dataclass

import numpy as np

from musebots.arrays import FloatArray
from musebots.errors import OutputUnavailable

__all__ = ["ASK_SECONDS", "HEADER", "MAGIC", "PACKET_FRAMES", "PacketSender", "StreamAddress",
           "encode_packet"]  # fmt: skip

MAGIC = 0x3150424D  # "MBP1" as bytes
HEADER = struct.Struct("<IIIIdd")
PACKET_FRAMES = 512
MAX_INT16 = 32767
ASK_SECONDS, FORGET_SECONDS = 0.25, 2.0
MAX_LISTENERS = 8
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where the sound process hears listeners, on this machine, and the word that lets them in."""

    port: int
    token: str

    @classmethod
    def choose(cls) -> StreamAddress:
        """A port that is free now, and a token that nobody can guess."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((HOST, 0))
            return cls(sock.getsockname()[1], secrets.token_hex(16))


def encode_packet(
    stereo: FloatArray, *, generation: int, sample_rate_hz: int, position: int, seconds: float
) -> bytes:
    """One packet.

    Parameters
    ----------
    stereo : FloatArray
        Shape (n_frames, 2), full scale 1.
    generation : int
        Another for every start of the sound process, below 2^32.
    position : int
        Of the first frame, counted from the start of the sound process.
    seconds : float
        When the first frame is to be heard, on the clock of `time.monotonic`.

    Returns
    -------
    bytes
        Little-endian: "MBP1", generation, sample rate, frames (uint32 each), position, seconds
        (float64 each), then the frames as int16, left and right in turn.
    """
    header = HEADER.pack(MAGIC, generation, sample_rate_hz, len(stereo), float(position), seconds)
    pcm = np.rint(np.clip(stereo, -1.0, 1.0) * MAX_INT16).astype("<i2")
    return header + pcm.tobytes()


class PacketSender:
    """Sends packets to those who have asked lately, and never waits.

    Raises
    ------
    OutputUnavailable
        When the port is taken.
    """

    def __init__(self, address: StreamAddress) -> None:
        self._token = address.token.encode()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind((HOST, address.port))
        except OSError as error:
            self._socket.close()
            raise OutputUnavailable(f"port {address.port} for sound is taken") from error
        self._asked_at: dict[tuple[str, int], float] = {}

    def hear(self, now_seconds: float) -> None:
        """Take in who asks; forget who no longer does."""
        for _ in range(2 * MAX_LISTENERS):  # a flood must not hold the sound up
            try:
                asked, source = self._socket.recvfrom(256)
            except OSError:
                break
            is_known = secrets.compare_digest(asked, self._token)
            if is_known and (source in self._asked_at or len(self._asked_at) < MAX_LISTENERS):
                self._asked_at[source] = now_seconds
        for source, asked_at in list(self._asked_at.items()):
            if now_seconds - asked_at > FORGET_SECONDS:
                del self._asked_at[source]

    @property
    def has_listeners(self) -> bool:
        """Whether anybody would get a packet."""
        return bool(self._asked_at)

    def send(self, packet: bytes) -> None:
        """To everybody; what the system does not take at once is lost."""
        for listener in self._asked_at:
            with contextlib.suppress(OSError):
                self._socket.sendto(packet, listener)

    def close(self) -> None:
        """Free the port."""
        self._socket.close()
