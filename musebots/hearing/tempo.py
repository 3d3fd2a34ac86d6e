"""The tempo of somebody who plays along, from when their notes begin. Pure."""

from __future__ import annotations

from musebots.beattracker import BeatTracker

__all__ = ["TempoEar"]

GRID_BEATS = 0.5  # notes are taken to be meant for these places of the beat
NEAR_BEATS = 0.12  # of such a place; further off it is a triplet, a sixteenth, a slip
PAUSE_BEATS = 6.0
N_SURE = 4
JITTER_SECONDS = 0.015  # of good players; see `tests/musebots/hearing`
DRIFT = 0.001
UNSURE_BEAT_SECONDS = 0.02


class TempoEar:
    """Keeps with one player.

    The player joins the band's beat and may then pull it along; after a pause it is the band's
    beat again that counts.

    Attributes
    ----------
    last_beat, last_seconds : float
        Where the player was last, smoothed: this beat fell at this time.
    """

    def __init__(self) -> None:
        self._tracker = BeatTracker(
            jitter_seconds=JITTER_SECONDS, drift=DRIFT, unsure_seconds=UNSURE_BEAT_SECONDS
        )
        self.last_beat = 0.0
        self.last_seconds = 0.0
        self._n_heard = 0

    @property
    def is_sure(self) -> bool:
        """Whether enough has been heard to follow."""
        return self._n_heard >= N_SURE

    @property
    def bpm(self) -> float:
        """The player's tempo."""
        return self._tracker.bpm

    def hear(self, seconds: float, band_beat: float, bpm: float) -> None:
        """A note begins at `seconds`, at `band_beat` of the band's clock, which goes at `bpm`."""
        if self._n_heard and self._tracker.beat_at(seconds) - self.last_beat > PAUSE_BEATS:
            self._n_heard = 0
        beat = self._tracker.beat_at(seconds) if self._n_heard else band_beat
        place = round(beat / GRID_BEATS) * GRID_BEATS
        if abs(beat - place) > NEAR_BEATS or (self._n_heard and place <= self.last_beat):
            return
        if not self._n_heard:
            self._tracker.begin(bpm)
        self._tracker.hear(place, seconds)
        self._n_heard += 1
        self.last_beat, self.last_seconds = place, self._tracker.seconds_at(place)
