"""From a generator's steps to notes: one bar at a time, each note with its length.

A generator decides 16th by 16th, a note goes out with its duration. So a bar is planned as a whole,
and a note that still sounds at the bar line is followed into the next bar until it ends; those
steps are decided, the one that ends it is taken back and decided again when its bar is planned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from musebots.generators import STEP_TICKS, Onset, SequenceGenerator, Step, StepContext
from musebots.notes import Note

__all__ = ["Planner"]

MAX_STEPS_OVER = 16
HIT_TICKS = STEP_TICKS // 2


@dataclass(slots=True)
class _Open:
    """A note that sounds and whose end is not known yet."""

    onset: Onset
    onset_tick: int
    end_tick: int

    def note(self) -> Note:
        return Note.from_ticks(
            self.onset_tick,
            self.onset.pitch,
            max(1, self.end_tick - self.onset_tick),
            self.onset.velocity,
        )


class Planner:
    """Runs a generator along the grid of 16ths.

    Parameters
    ----------
    generator : SequenceGenerator
    context_at : callable
        From a tick on the grid to what is known there.
    is_percussion : bool
        Hits have no length of their own and do not end one another.
    on_step : callable
        Hears each step that is decided for good, with its tick, in order; not one taken back.
    """

    def __init__(
        self,
        generator: SequenceGenerator,
        context_at: Callable[[int], StepContext],
        *,
        is_percussion: bool = False,
        on_step: Callable[[int, Step], None] = lambda tick, step: None,
    ) -> None:
        self._generator = generator
        self._context_at = context_at
        self._is_percussion = is_percussion
        self._on_step = on_step
        self._next_tick: int | None = None

    def plan(self, start_tick: int, end_tick: int) -> list[Note]:
        """The notes that begin from `start_tick` up to `end_tick`, in order of onset.

        Bars must be planned in order; steps already decided for the start of this bar are kept.
        """
        notes: list[Note] = []
        sounding: _Open | None = None
        tick = start_tick if self._next_tick is None else max(start_tick, self._next_tick)
        while tick < end_tick:
            step = self._generator.step(self._context_at(tick))
            self._on_step(tick, step)
            sounding = self._take(step, tick, sounding, notes)
            tick += STEP_TICKS
        while sounding is not None and tick < end_tick + MAX_STEPS_OVER * STEP_TICKS:
            before = self._generator.snapshot()
            step = self._generator.step(self._context_at(tick))
            if step.onsets or not step.is_hold:
                self._generator.restore(before)
                break
            self._on_step(tick, step)
            sounding.end_tick = tick = tick + STEP_TICKS
        if sounding is not None:
            notes.append(sounding.note())
        self._next_tick = tick
        return notes

    def snapshot(self) -> object:
        """All that the next bar depends on."""
        return (self._generator.snapshot(), self._next_tick)

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot; `TypeError` or `ValueError` when it is not one of this kind."""
        if not (isinstance(snapshot, tuple) and len(snapshot) == 2):
            raise ValueError("not a snapshot of a planner")
        self._generator.restore(snapshot[0])
        self._next_tick = snapshot[1]

    def _take(
        self, step: Step, tick: int, sounding: _Open | None, notes: list[Note]
    ) -> _Open | None:
        """Add what a step begins and ends to `notes`; returns what sounds after it."""
        if self._is_percussion:
            notes += [_hit(onset, tick) for onset in step.onsets]
            return None
        if step.onsets:
            if sounding is not None:
                notes.append(sounding.note())
            onset = step.onsets[0]
            return _Open(onset, max(0, tick + onset.offset_ticks), tick + STEP_TICKS)
        if sounding is None:
            return None
        if step.is_hold:
            sounding.end_tick = tick + STEP_TICKS
            return sounding
        notes.append(sounding.note())
        return None


def _hit(onset: Onset, tick: int) -> Note:
    onset_tick = max(0, tick + onset.offset_ticks)
    return Note.from_ticks(onset_tick, onset.pitch, HIT_TICKS, onset.velocity)
