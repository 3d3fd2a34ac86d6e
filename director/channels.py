"""MIDI channels of a large band: counted on from port to port, sixteen of each.

Channels 0..15 are those of the first port, 16..31 of the second, and so on. A MIDI file says in
each track which port it is for; a band of up to sixteen needs only the first. Pure.
"""

from __future__ import annotations

from collections.abc import Container

__all__ = [
    "CHANNELS_PER_PORT",
    "MAX_CHANNELS",
    "PERCUSSION_CHANNEL",
    "channel_on_port",
    "free_channel",
    "port_of",
]

CHANNELS_PER_PORT = 16
MAX_CHANNELS = 8 * CHANNELS_PER_PORT
PERCUSSION_CHANNEL = 9
"""General MIDI's drum kit; of the first port, since a band has one kit."""


def port_of(channel: int) -> int:
    """Which port a channel belongs to, from 0."""
    return channel // CHANNELS_PER_PORT


def channel_on_port(channel: int) -> int:
    """What a channel is called on its port, 0..15."""
    return channel % CHANNELS_PER_PORT


def free_channel(taken: Container[int], *, is_drums: bool = False) -> int | None:
    """The first free channel for a bot; None when all are taken.

    The tenth of each port is a drum kit: drums take the first port's, others keep off all of them.

    Examples
    --------
    >>> free_channel({0, 1}), free_channel({0, 1}, is_drums=True), free_channel(range(16))
    (2, 9, 16)
    """
    if is_drums and PERCUSSION_CHANNEL not in taken:
        return PERCUSSION_CHANNEL
    pitched = (n for n in range(MAX_CHANNELS) if channel_on_port(n) != PERCUSSION_CHANNEL)
    return next((channel for channel in pitched if channel not in taken), None)
