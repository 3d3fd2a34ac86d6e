"""How busy, loud and high somebody plays, and what a band makes of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from musebots.notes import Note

__all__ = ["Habits"]

STEPS_PER_BEAT = 4
HOLD = 0.5  # of what was before, a bar
USUAL_DENSITY = 0.25
USUAL_VELOCITY = 76.0
USUAL_PITCH = 60.0
VELOCITY_RANGE = 100.0
PITCH_RANGE = 60.0
LOWEST, HIGHEST = 0.2, 0.8


class Habits:
    """Keeps the averages of the last bars.

    Attributes
    ----------
    density : float
        0..1, share of the 16ths on which something begins.
    velocity, pitch : float
        Their means, 1..127 and 0..127; as usual until something is heard.
    """

    def __init__(self) -> None:
        self.density = USUAL_DENSITY
        self.velocity = USUAL_VELOCITY
        self.pitch = USUAL_PITCH

    def hear(self, notes: Sequence[Note], *, n_beats: float) -> None:
        """Take in the notes that began in a bar."""
        steps = {round(note.onset * STEPS_PER_BEAT) for note in notes}
        share = len(steps) / max(1.0, n_beats * STEPS_PER_BEAT)
        self.density = HOLD * self.density + (1.0 - HOLD) * min(1.0, share)
        if notes:
            velocity = sum(note.velocity for note in notes) / len(notes)
            pitch = sum(note.pitch for note in notes) / len(notes)
            self.velocity = HOLD * self.velocity + (1.0 - HOLD) * velocity
            self.pitch = HOLD * self.pitch + (1.0 - HOLD) * pitch

    @property
    def arousal(self) -> float:
        """How lively it is, 0..1: busy and loud; 0.5 is usual."""
        lively = (self.density - USUAL_DENSITY) + (self.velocity - USUAL_VELOCITY) / VELOCITY_RANGE
        return min(1.0, max(0.0, 0.5 + lively))

    @property
    def knobs(self) -> dict[str, float]:
        """Where the band's knobs go: as loud, as busy, and where there is room.

        Who plays high leaves the low to the band, and the other way round.
        """
        wishes = {
            "intensity": 0.5 + (self.velocity - USUAL_VELOCITY) / VELOCITY_RANGE,
            "density": 0.5 + (self.density - USUAL_DENSITY),
            "register": 0.5 + (USUAL_PITCH - self.pitch) / PITCH_RANGE,
        }
        return {name: min(HIGHEST, max(LOWEST, value)) for name, value in wishes.items()}
