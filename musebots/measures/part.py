"""One voice of a piece as arrays, on a grid of bars and 16ths. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from musebots.arrays import IntArray
from musebots.notes import Note
from musebots.timebase import PPQ, TimeSignature

__all__ = ["STEP_TICKS", "BoolArray", "Part"]

STEP_TICKS = PPQ // 4

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Part:
    """The notes of one voice, and the bars that it lies in.

    Parameters
    ----------
    onset_ticks, pitch, duration_ticks, velocity : int arrays
        Shape (n_notes,), sorted by onset, then pitch; ticks are 1/480 beat from a bar line.
    n_bars : int
        How long the piece is. Notes that begin after it, or before tick 0, are an error.
    time_signature : TimeSignature
        One for the whole part.

    Notes
    -----
    Measures of rhythm look at the nearest 16th of an onset, so a drummer's micro-timing, up to
    half a 16th early or late, does not count as another rhythm. A hit that is early for the first
    bar line belongs to it, and one that is so late that it falls to the end, to the last step.
    """

    onset_ticks: IntArray
    pitch: IntArray
    duration_ticks: IntArray
    velocity: IntArray
    n_bars: int
    time_signature: TimeSignature = field(default_factory=TimeSignature)

    def __post_init__(self) -> None:
        shapes = {
            len(a) for a in (self.onset_ticks, self.pitch, self.duration_ticks, self.velocity)
        }
        if len(shapes) != 1:
            raise ValueError("onsets, pitches, durations and velocities must be equally many")
        if self.n_bars < 1:
            raise ValueError(f"n_bars must be >= 1, got {self.n_bars}")
        if self.time_signature.bar_ticks % STEP_TICKS:
            raise ValueError(f"a bar of {self.time_signature} is not a whole number of 16ths")
        onsets = self.onset_ticks
        if len(onsets) and not (
            onsets[0] > -STEP_TICKS and onsets[-1] < self.n_bars * self.time_signature.bar_ticks
        ):
            raise ValueError(
                f"onsets must be in 0..{self.n_bars * self.time_signature.bar_ticks - 1}, "
                f"got {onsets[0]}..{onsets[-1]}"
            )

    @classmethod
    def of(
        cls,
        notes: Iterable[Note],
        *,
        n_bars: int | None = None,
        time_signature: TimeSignature | None = None,
    ) -> Part:
        """The part that these notes make.

        Parameters
        ----------
        notes : iterable of Note
        n_bars : int, optional
            By default up to the bar in which the last note begins.
        time_signature : TimeSignature, optional
            4/4 by default.

        Examples
        --------
        >>> Part.of([Note(0, 60), Note(5, 62)]).n_bars
        2
        """
        rows = [(n.onset_ticks, n.pitch, n.duration_ticks, n.velocity) for n in notes]
        return cls.from_rows(rows, n_bars=n_bars, time_signature=time_signature)

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[tuple[int, int, int, int]],
        *,
        n_bars: int | None = None,
        time_signature: TimeSignature | None = None,
    ) -> Part:
        """The part of (onset tick, pitch, duration in ticks, velocity) rows, in any order."""
        table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
        signature = time_signature or TimeSignature()
        if n_bars is None:
            last = int(table[-1, 0]) if len(table) else 0
            n_bars = max(1, last // signature.bar_ticks + 1)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3], n_bars, signature)

    def __len__(self) -> int:
        return len(self.onset_ticks)

    @property
    def steps_per_bar(self) -> int:
        """Length of a bar in 16ths."""
        return self.time_signature.bar_ticks // STEP_TICKS

    @property
    def n_steps(self) -> int:
        """Length in 16ths."""
        return self.n_bars * self.steps_per_bar

    @property
    def beat_ticks(self) -> int:
        """Length of a felt beat: a quarter note, or a dotted one in 6/8, 9/8 and 12/8."""
        signature = self.time_signature
        return 3 * signature.denominator_ticks if signature.is_compound else PPQ

    @cached_property
    def steps(self) -> IntArray:
        """The nearest 16th of every onset, (n_notes,), in 0..n_steps - 1."""
        nearest = (self.onset_ticks + STEP_TICKS // 2) // STEP_TICKS
        return np.clip(nearest, 0, self.n_steps - 1)

    @cached_property
    def onset_grid(self) -> BoolArray:
        """Where anything starts: (n_bars, steps_per_bar)."""
        grid = np.zeros(self.n_steps, dtype=bool)
        grid[self.steps] = True
        return grid.reshape(self.n_bars, self.steps_per_bar)

    @cached_property
    def sounding(self) -> BoolArray:
        """Where anything sounds: (n_steps,); a note covers at least the step that it starts on."""
        ends = self.onset_ticks + self.duration_ticks
        last = np.clip((ends + STEP_TICKS // 2) // STEP_TICKS, self.steps + 1, self.n_steps)
        change = np.zeros(self.n_steps + 1, dtype=np.int64)
        np.add.at(change, self.steps, 1)
        np.add.at(change, last, -1)
        return np.cumsum(change)[:-1] > 0

    @cached_property
    def bar_contents(self) -> list[frozenset[tuple[int, int]]]:
        """For every bar, the (step in the bar, pitch) of what starts in it."""
        found: list[set[tuple[int, int]]] = [set() for _ in range(self.n_bars)]
        for step, pitch in zip(self.steps.tolist(), self.pitch.tolist(), strict=True):
            bar, place = divmod(step, self.steps_per_bar)
            found[bar].add((place, pitch))
        return [frozenset(bar) for bar in found]

    def between(self, first_bar: int, end_bar: int) -> Part:
        """The bars from `first_bar` up to, not including, `end_bar`, as a part of their own.

        A note belongs to the bar of its step, and is not cut at the end.
        """
        if not 0 <= first_bar < end_bar <= self.n_bars:
            raise ValueError(f"bars must lie in 0..{self.n_bars}, got {first_bar}..{end_bar}")
        bars = self.steps // self.steps_per_bar
        kept = (bars >= first_bar) & (bars < end_bar)
        return self._taken(kept, first_bar * self.time_signature.bar_ticks, end_bar - first_bar)

    def only(self, kept: BoolArray) -> Part:
        """The notes that `kept`, (n_notes,), marks."""
        return self._taken(kept, 0, self.n_bars)

    def _taken(self, kept: BoolArray, start_tick: int, n_bars: int) -> Part:
        return Part(
            self.onset_ticks[kept] - start_tick,
            self.pitch[kept],
            self.duration_ticks[kept],
            self.velocity[kept],
            n_bars,
            self.time_signature,
        )
