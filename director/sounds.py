"""The instruments that the band can sound like, by name; what a strip sounds like. Pure.

The synthesiser (`director.outputs.audio`) makes them; pieces and controllers choose among them.
"""

from __future__ import annotations

from dataclasses import dataclass

from director.channels import PERCUSSION_CHANNEL, channel_on_port
from director.score import Strip

__all__ = ["SOUNDS", "Sound", "family_of", "program_of", "sound_of", "sounds_for"]


@dataclass(frozen=True, slots=True)
class Sound:
    """One instrument.

    Parameters
    ----------
    name : str
        As a piece or a controller calls it.
    family : str
        ``"drums"``, ``"bass"``, or ``"melody"`` for whatever else has a pitch.
    words : str
        For people.
    programs : tuple of int
        The General MIDI programs (0..127) that it stands for; of drums, the kits.
    reverb : float
        How much of it goes into the room unless somebody says otherwise, 0..1.
    """

    name: str
    family: str
    words: str
    programs: tuple[int, ...]
    reverb: float


def _range(*spans: tuple[int, int]) -> tuple[int, ...]:
    return tuple(number for first, last in spans for number in range(first, last + 1))


SOUNDS = (
    Sound("e-piano", "melody", "tines, struck and amplified", (4, 5), 0.26),
    Sound("piano", "melody", "felt on strings", _range((0, 3)), 0.22),
    Sound("vibraphone", "melody", "metal bars with a motor", _range((8, 11), (14, 14), (108, 114)),
          0.3),
    Sound("marimba", "melody", "wooden bars", _range((12, 13), (115, 115)), 0.24),
    Sound("guitar", "melody", "nylon strings", _range((6, 7), (15, 15), (24, 31), (45, 46),
          (104, 107)), 0.24),
    Sound("accordion", "melody", "two reeds, a little apart", _range((16, 23)), 0.22),
    Sound("clarinet", "melody", "a single reed", _range((56, 71), (109, 109), (111, 111)), 0.26),
    Sound("flute", "melody", "breath across an edge", _range((72, 79)), 0.3),
    Sound("strings", "melody", "three bows", _range((40, 44), (48, 54), (110, 110)), 0.32),
    Sound("pad", "melody", "soft keys for the background", _range((88, 103)), 0.3),
    Sound("finger", "bass", "an electric bass, plucked", (33, 34, 36, 37), 0.0),
    Sound("upright", "bass", "a double bass, plucked", (32, 43), 0.05),
    Sound("fretless", "bass", "an electric bass that slides", (35,), 0.03),
    Sound("synth-bass", "bass", "a filtered saw over a sine", (38, 39), 0.0),
    Sound("studio", "drums", "a dry kit", (0, 8, 16), 0.09),
    Sound("jazz", "drums", "an open kit, brushes on the snare", (32, 40, 48), 0.16),
    Sound("machine", "drums", "a drum computer", (24, 25), 0.06),
)  # fmt: skip
"""Every instrument; the first of a family is what it sounds like where nothing else is said."""

_BY_NAME = {sound.name: sound for sound in SOUNDS}
_BY_PROGRAM = {
    (sound.family, program): sound for sound in reversed(SOUNDS) for program in sound.programs
}
_USUAL = {sound.family: sound for sound in reversed(SOUNDS)}


def family_of(role: str, channel: int = 0) -> str:
    """Which instruments a role may have; percussion goes by its channel (from 0), whoever plays.

    Examples
    --------
    >>> family_of("theremin"), family_of("bass"), family_of("theremin", 9)
    ('melody', 'bass', 'drums')
    """
    if channel_on_port(channel) == PERCUSSION_CHANNEL or role == "drums":
        return "drums"
    return "bass" if role == "bass" else "melody"


def sounds_for(role: str, channel: int = 0) -> tuple[str, ...]:
    """The names of the instruments that a role may have, the usual one first."""
    family = family_of(role, channel)
    return tuple(sound.name for sound in SOUNDS if sound.family == family)


def program_of(name: str) -> int:
    """The General MIDI program that is nearest to an instrument."""
    return _BY_NAME[name].programs[0]


def sound_of(strip: Strip) -> Sound:
    """What a strip sounds like: as it says, else as its program does, else as is usual.

    Examples
    --------
    >>> sound_of(Strip("x", "melody", 0, program=11)).name
    'vibraphone'
    """
    family = family_of(strip.role, strip.channel)
    named = _BY_NAME.get(strip.instrument)
    if named is not None and named.family == family:
        return named
    return _BY_PROGRAM.get((family, strip.program), _USUAL[family])
