"""Levels, pan and keys as MIDI says them; shared by the file and the port. Pure."""

from __future__ import annotations

import math

from musebots.harmony import Key

__all__ = [
    "ALL_NOTES_OFF",
    "MAX_CONTROLLER",
    "PAN",
    "SUSTAIN",
    "VOLUME",
    "gain_from_db",
    "key_signature_name",
    "pan_controller",
    "volume_controller",
]

VOLUME, PAN, SUSTAIN, ALL_NOTES_OFF = 7, 10, 64, 123
MAX_CONTROLLER = 127
CENTRE = 64

_MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


def gain_from_db(gain_db: float) -> float:
    """Linear gain of a level in dB; -inf is silence.

    Examples
    --------
    >>> gain_from_db(0.0)
    1.0
    """
    return math.pow(10.0, gain_db / 20.0)


def volume_controller(gain: float) -> int:
    """The controller 7 value that realises a linear gain.

    Parameters
    ----------
    gain : float
        Linear, 0 (silent) .. 1 (unchanged); above 1 is held at 127, for controller 7 cannot raise.

    Returns
    -------
    int
        0..127.

    Notes
    -----
    ``gain_db = 40 log10(cc / 127)``, the volume response of the General MIDI Level 2
    specification, hence ``cc = 127 sqrt(gain)``.

    Examples
    --------
    >>> [volume_controller(gain) for gain in (0.0, 0.25, 1.0, 4.0)]
    [0, 64, 127, 127]
    """
    return round(MAX_CONTROLLER * math.sqrt(min(1.0, max(0.0, gain))))


def pan_controller(pan: float) -> int:
    """The controller 10 value of a pan position -1 (left) .. 1 (right); 64 is the centre.

    Examples
    --------
    >>> [pan_controller(pan) for pan in (-1.0, 0.0, 1.0)]
    [0, 64, 127]
    """
    width = CENTRE if pan < 0 else MAX_CONTROLLER - CENTRE
    return CENTRE + round(width * min(1.0, max(-1.0, pan)))


def key_signature_name(key: Key) -> str:
    """The key as a MIDI key signature spells it: ``Bb``, ``F#m``."""
    if key.mode == "major":
        return _MAJOR_NAMES[key.tonic_pc]
    return _MINOR_NAMES[key.tonic_pc] + "m"
