"""A controller's faders or wheels: calmer and bolder by hand, over a MIDI input.

The modulation wheel (controller 1) on a bot's own channel moves that bot's fader, on any other
channel the band's. The middle of the controller, 64, is 0: the music as learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mido

from director.inputs.midi import MidiInput
from musebots.messages import Fader

__all__ = ["CONTROLLER", "fader_of", "open_faders"]

CONTROLLER = 1
MIDDLE, HIGHEST = 64, 127


def fader_of(message: mido.Message, channels: Mapping[str, int]) -> Fader | None:
    """What a MIDI message moves; None for one that moves no fader.

    Parameters
    ----------
    message : mido.Message
    channels : mapping of str to int
        Each bot's channel, 0..15.

    Examples
    --------
    >>> wheel = mido.Message("control_change", channel=2, control=1, value=127)
    >>> fader_of(wheel, {"bass": 2}).bot_id, fader_of(wheel, {"bass": 1}).value
    ('bass', 1.0)
    """
    if message.type != "control_change" or message.control != CONTROLLER:
        return None
    away = message.value - MIDDLE
    value = away / (HIGHEST - MIDDLE) if away > 0 else away / MIDDLE
    bot_id = next((bot for bot, channel in channels.items() if channel == message.channel), "")
    return Fader(bot_id, value)


def open_faders(
    port: str | None,
    channels: Callable[[], Mapping[str, int]],
    move: Callable[[Fader], None],
    *,
    backend: str | None = None,
) -> MidiInput:
    """Have a controller move faders, until the port that is returned is closed.

    Parameters
    ----------
    port : str or None
        Part of the input's name; None: the only one; ``virtual``: one of our own.
    channels : callable
        Each bot's channel, as it is now.
    move : callable
        Hears each move, on the event loop.
    backend : str, optional
        Name of a mido backend.

    Raises
    ------
    OutputUnavailable
        If there is no such port.
    """

    def hear(message: mido.Message, seconds: float) -> None:
        moved = fader_of(message, channels())
        if moved is not None:
            move(moved)

    return MidiInput(port, hear, backend=backend)
