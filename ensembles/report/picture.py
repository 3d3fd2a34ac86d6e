"""A heat map as a PNG, by hand: two hues of sixteen shades, transparent where nothing is. Pure."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

__all__ = ["N_SHADES", "data_uri", "png"]

N_SHADES = 8
"""Shades of each hue; the index 0..7 is the first hue, 8..15 the second."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS = 4
_PALETTE = 3


def png(
    indices: npt.NDArray[np.uint8],
    first_hue: tuple[int, int, int],
    second_hue: tuple[int, int, int],
) -> bytes:
    """A picture of (height, width) indices 0..15; within a hue, opacity rises with the index.

    Notes
    -----
    Portable Network Graphics, 3rd edition (W3C 2025), colour type 3 with transparency.
    """
    height, width = indices.shape
    header = struct.pack(">IIBBBBB", width, height, _BITS, _PALETTE, 0, 0, 0)
    palette = bytes(first_hue) * N_SHADES + bytes(second_hue) * N_SHADES
    first = [round(255 * (i / (N_SHADES - 1)) ** 1.2) for i in range(N_SHADES)]
    second = [round(255 * (0.25 + 0.75 * i / (N_SHADES - 1))) for i in range(N_SHADES)]
    even = np.zeros((height, width + width % 2), np.uint8)
    even[:, :width] = indices
    packed = (even[:, 0::2] << 4) | even[:, 1::2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), packed], axis=1)  # filter: none
    return b"".join((
        _SIGNATURE,
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", palette),
        _chunk(b"tRNS", bytes(first + second)),
        _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
        _chunk(b"IEND", b""),
    ))  # fmt: skip


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def data_uri(picture: bytes) -> str:
    """The picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()
