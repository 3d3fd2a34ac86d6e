"""A note: the one thing that every musebot plays."""

from __future__ import annotations

import math
from dataclasses import dataclass

from musebots.timebase import beats_from_ticks, ticks_from_beats

__all__ = ["MAX_PITCH", "MAX_VELOCITY", "Note"]

MAX_PITCH = 127
MAX_VELOCITY = 127
MAX_BEATS = 2**22  # in ticks, an int32 on the wire


def _is_real(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note in musical time.

    A note knows nothing of channels or sounds: the Director maps the bot that plays it to a mixer
    strip, a MIDI channel and a program.

    Parameters
    ----------
    onset : float
        Beats (quarter notes) since the first downbeat of the piece.
    pitch : int
        MIDI key number, 0..127; 60 is middle C. Drums use the General MIDI percussion map.
    duration : float
        Beats, greater than 0. At least one tick (1/480 beat) once on the wire.
    velocity : int
        1..127.

    Raises
    ------
    ValueError
        If a value is out of range or not finite.

    Examples
    --------
    >>> Note(onset=4, pitch=60, duration=0.5).onset_ticks
    1920
    """

    onset: float
    pitch: int
    duration: float = 1.0
    velocity: int = 90

    def __post_init__(self) -> None:
        if not (_is_real(self.onset) and abs(self.onset) <= MAX_BEATS):
            raise ValueError(
                f"onset must be a finite number of beats up to {MAX_BEATS}, got {self.onset!r}"
            )
        for name in ("pitch", "velocity"):
            value = getattr(self, name)
            if not isinstance(value, int):
                raise ValueError(f"{name} must be a whole number, got {value!r}")
        if not 0 <= self.pitch <= MAX_PITCH:
            raise ValueError(f"pitch must be in 0..{MAX_PITCH}, got {self.pitch}")
        if not (_is_real(self.duration) and 0 < self.duration <= MAX_BEATS):
            raise ValueError(
                f"duration must be a positive number of beats up to {MAX_BEATS}, "
                f"got {self.duration!r}"
            )
        if not 1 <= self.velocity <= MAX_VELOCITY:
            raise ValueError(f"velocity must be in 1..{MAX_VELOCITY}, got {self.velocity}")

    @property
    def onset_ticks(self) -> int:
        """Onset in ticks (1/480 beat), rounded to the nearest."""
        return ticks_from_beats(self.onset)

    @property
    def duration_ticks(self) -> int:
        """Duration in ticks (1/480 beat), at least 1."""
        return max(1, ticks_from_beats(self.duration))

    @classmethod
    def from_ticks(
        cls, onset_ticks: int, pitch: int, duration_ticks: int, velocity: int = 90
    ) -> Note:
        """Build a note from integer ticks (1/480 beat)."""
        return cls(
            onset=beats_from_ticks(onset_ticks),
            pitch=pitch,
            duration=beats_from_ticks(duration_ticks),
            velocity=velocity,
        )
