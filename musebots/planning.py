"""From a generator's steps to notes: one bar at a time, each note with its length.

A generator decides 16th by 16th, a note goes out with its duration. So a bar is planned as a whole,
and a note that still sounds at the bar line is followed into the next bar until it ends; those
steps are decided, the one that ends it is taken back and decided again when its bar is planned.

What was planned can be planned anew from a step on: the same chance, another wish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from musebots.generators import STEP_TICKS, Answering, Onset, SequenceGenerator, Step, StepContext
from musebots.notes import Note
from musebots.timebase import beats_from_ticks

__all__ = ["Planner", "cut_where"]

MAX_STEPS_OVER = 16
BARS_KEPT = 4
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


@dataclass(slots=True)
class _Bar:
    """A bar as it was planned: from where, and from what."""

    start_tick: int
    end_tick: int
    before: tuple[object, int | None]
    contexts: dict[int, StepContext] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


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
        self._bars: list[_Bar] = []

    def plan(self, start_tick: int, end_tick: int) -> list[Note]:
        """The notes that begin from `start_tick` up to `end_tick`, in order of onset.

        Bars must be planned in order; steps already decided for the start of this bar are kept.
        """
        bar = _Bar(start_tick, end_tick, self.snapshot())
        self._bars = [*self._bars, bar][-BARS_KEPT:]
        self._fill(bar, {}, start_tick)
        return bar.notes

    def hear(self, start_tick: int, end_tick: int, notes: Sequence[Note]) -> None:
        """Go through what somebody else has played, as if it had been planned here.

        Of notes that begin on one 16th the highest is heard. What is planned next goes on from it;
        `TypeError` where the generator cannot.
        """
        if not isinstance(self._generator, Answering):
            raise TypeError(f"{type(self._generator).__name__} cannot go on from what it hears")
        begun: dict[int, int] = {}
        for note in notes:
            tick = round(note.onset_ticks / STEP_TICKS) * STEP_TICKS
            begun[tick] = max(begun.get(tick, 0), note.pitch)
        ends = {round(n.onset_ticks / STEP_TICKS): n.onset_ticks + n.duration_ticks for n in notes}
        sounds_until = 0
        for tick in range(start_tick, end_tick, STEP_TICKS):
            is_hold = tick + STEP_TICKS // 2 < sounds_until
            self._generator.hear(self._context_at(tick), begun.get(tick), is_hold=is_hold)
            if tick in begun:
                sounds_until = ends[tick // STEP_TICKS]
        self._next_tick, self._bars = end_tick, []

    def open_tick(self, tick: int) -> int:
        """The first step from `tick` on at which nothing sounds that began before it.

        From there on it can be planned anew without touching a note that is heard already.
        """
        tick = -(-tick // STEP_TICKS) * STEP_TICKS
        if self._is_percussion:
            return tick
        for bar in self._bars:
            for note in bar.notes:
                begun = round(note.onset_ticks / STEP_TICKS) * STEP_TICKS
                if begun < tick < note.onset_ticks + note.duration_ticks:
                    tick = -(-(note.onset_ticks + note.duration_ticks) // STEP_TICKS) * STEP_TICKS
        return tick

    def is_planned(self, tick: int) -> bool:
        """Whether a step has been decided, so that a change of mind there must be planned anew."""
        return self._next_tick is not None and tick < self._next_tick

    def planned_ticks(self, from_tick: int) -> range:
        """The steps from `from_tick` on that have been decided."""
        return range(from_tick, self._next_tick or 0, STEP_TICKS)

    def replan(
        self, from_tick: int, revised: Callable[[int, StepContext], StepContext]
    ) -> list[tuple[int, int, list[Note]]]:
        """Plan anew, from `from_tick` on, what has been planned; (start, end, notes) of each bar.

        Up to there all is decided as it was, and not told to `on_step` again; from there on with
        what `revised` makes of each step's context. The bars come whole, with their first notes.
        """
        bars = [bar for bar in self._bars if bar.end_tick > from_tick]
        if bars:
            self._generator.restore(bars[0].before[0])
            self._next_tick = bars[0].before[1]
        for bar in bars:
            known = {
                tick: revised(tick, context) if tick >= from_tick else context
                for tick, context in bar.contexts.items()
            }
            bar.before, bar.contexts, bar.notes = self.snapshot(), {}, []
            self._fill(bar, known, from_tick)
        return [(bar.start_tick, bar.end_tick, bar.notes) for bar in bars]

    def _fill(self, bar: _Bar, known: dict[int, StepContext], told_from: int) -> None:
        """Decide the steps of a bar, and those after it into which its last note is held."""
        sounding: _Open | None = None
        end_tick = bar.end_tick
        tick = bar.start_tick if self._next_tick is None else max(bar.start_tick, self._next_tick)

        def decided(tick: int) -> Step:
            bar.contexts[tick] = known[tick] if tick in known else self._context_at(tick)
            return self._generator.step(bar.contexts[tick])

        def tell(tick: int, step: Step) -> None:
            if tick >= told_from:
                self._on_step(tick, step)

        while tick < end_tick:
            step = decided(tick)
            tell(tick, step)
            sounding = self._take(step, tick, sounding, bar.notes)
            tick += STEP_TICKS
        while sounding is not None and tick < end_tick + MAX_STEPS_OVER * STEP_TICKS:
            before = self._generator.snapshot()
            step = decided(tick)
            if step.onsets or not step.is_hold:
                self._generator.restore(before)
                break
            tell(tick, step)
            sounding.end_tick = tick = tick + STEP_TICKS
        if sounding is not None:
            bar.notes.append(sounding.note())
        self._next_tick = tick

    def snapshot(self) -> tuple[object, int | None]:
        """All that the next bar depends on."""
        return (self._generator.snapshot(), self._next_tick)

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot; `TypeError` or `ValueError` when it is not one of this kind."""
        if not (isinstance(snapshot, tuple) and len(snapshot) == 2):
            raise ValueError("not a snapshot of a planner")
        self._generator.restore(snapshot[0])
        self._next_tick = snapshot[1]
        self._bars = []

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


def cut_where(is_silent: Callable[[int], bool], notes: Sequence[Note]) -> list[Note]:
    """The notes of steps that are played on, cut where the bot falls silent.

    A note belongs to its step, however early it is played.
    """
    kept = []
    for note in notes:
        step_tick = round(note.onset_ticks / STEP_TICKS) * STEP_TICKS
        end_tick = note.onset_ticks + note.duration_ticks
        steps = range(step_tick, max(end_tick, step_tick + 1), STEP_TICKS)
        silent_tick = next((tick for tick in steps if is_silent(tick)), end_tick)
        if silent_tick == step_tick:
            continue
        if silent_tick < end_tick:
            duration_ticks = silent_tick - note.onset_ticks
            note = replace(note, duration=beats_from_ticks(duration_ticks))
        kept.append(note)
    return kept


def _hit(onset: Onset, tick: int) -> Note:
    onset_tick = max(0, tick + onset.offset_ticks)
    return Note.from_ticks(onset_tick, onset.pitch, HIT_TICKS, onset.velocity)
