"""The chords and the key of somebody who plays, as they come, and the chord that comes next. Pure.

A *cell* is half a bar where the bar has two like halves, else a bar. Its chord is estimated anew as
its notes come in; the chord of the next cell is what followed the last time when as much of the
past was the same, and else the chord that holds now.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musebots.harmony import Chord, Key
from musebots.hearing.estimate import CHORDS, chord_fits, chroma_of, estimate_key, key_fit
from musebots.notes import Note
from musebots.timebase import PPQ, MeterMap

__all__ = ["ChordEar", "cell_of", "predicted"]

ONSET_BEATS = 0.5  # a short note counts for its chord as much as if it lasted so long
BASS_BONUS = 0.06
STAY_BONUS = 0.05  # in favour of the chord before: a passing note changes nothing
CERTAIN = 0.6
FORGETTING = 0.93  # a cell, for the key
KEY_STAY = 0.06
MIN_SAME_CELLS = 3
MAX_SAME_CELLS = 16
MAX_CELLS = 512


def predicted(history: Sequence[Chord]) -> Chord | None:
    """What came after the longest stretch of the past that is like the present; None for nothing.

    Examples
    --------
    >>> c, f, g = Chord.parse("C"), Chord.parse("F"), Chord.parse("G")
    >>> str(predicted([c, f, g, c, c, f, g]))
    'C'
    """
    n = len(history)
    for length in range(min(MAX_SAME_CELLS, n - 1), MIN_SAME_CELLS - 1, -1):
        present = list(history[n - length :])
        for end in range(n - 1, length - 1, -1):
            if list(history[end - length : end]) == present:
                return history[end]
    return None


class ChordEar:
    """Listens to one player.

    Parameters
    ----------
    key : Key
        Until another is heard.

    Attributes
    ----------
    key : Key
        As far as is known.
    chord : Chord or None
        Of the cell that was listened to last, or of the last one that had any; None at first.
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self.chord: Chord | None = None
        self._before: Chord | None = None
        self._past: list[Chord] = []
        self._start_beat: float | None = None
        self._chroma = np.zeros(12)  # of this cell
        self._memory = np.zeros(12)  # of all before, for the key

    @property
    def next_chord(self) -> Chord | None:
        """The chord that is expected after this cell."""
        if self.chord is None:
            return None
        return predicted([*self._past, self.chord]) or self.chord

    def listen(self, start_beat: float, now_beat: float, notes: Sequence[Note]) -> None:
        """Estimate the chord of the cell that begins at `start_beat`, as far as it has come.

        Parameters
        ----------
        start_beat, now_beat : float
        notes : sequence of Note
            All that sound in the cell; one that is held lasts until `now_beat`.
        """
        if start_beat != self._start_beat:
            self._turn()
            self._start_beat = start_beat
        rows = [
            (note.onset, max(min(_end(note), now_beat) - note.onset, ONSET_BEATS), note.pitch)
            for note in notes
        ]
        edges = np.array([start_beat, max(now_beat, start_beat) + ONSET_BEATS])
        self._chroma = chroma_of(rows, edges)[0]
        if np.count_nonzero(self._chroma) < 2:
            return
        fits = chord_fits(self._chroma[None], self.key)[0]
        lowest = min(note.pitch for note in notes) % 12
        fits += [
            BASS_BONUS * (chord.root_pc == lowest) + STAY_BONUS * (chord == self._before)
            for chord in CHORDS
        ]
        if fits.max() >= CERTAIN:
            self.chord = CHORDS[int(fits.argmax())]

    def _turn(self) -> None:
        """A cell is over."""
        if self.chord is not None:
            self._past = [*self._past, self.chord][-MAX_CELLS:]
        self._before = self.chord
        self._memory = FORGETTING * self._memory + self._chroma
        found = estimate_key(self._memory)
        # Relative keys differ by little: another one must fit clearly better.
        if key_fit(self._memory, found) > key_fit(self._memory, self.key) + KEY_STAY:
            self.key = found


def _end(note: Note) -> float:
    return note.onset + note.duration


def cell_of(tick: int, meters: MeterMap) -> tuple[int, int]:
    """First and end tick of the cell that `tick` lies in.

    Examples
    --------
    >>> from musebots.timebase import TimeSignature
    >>> cell_of(1000, MeterMap()), cell_of(1500, MeterMap.constant(TimeSignature(3, 4)))
    ((960, 1920), (1440, 2880))
    """
    bar = meters.bar_at(tick)
    start, end = meters.bar_tick(bar), meters.bar_tick(bar + 1)
    signature = meters.time_signature_at(bar)
    if signature.numerator % 2 or signature.bar_ticks <= 2 * PPQ:
        return start, end
    half = start + (end - start) // 2
    return (start, half) if tick < half else (half, end)
