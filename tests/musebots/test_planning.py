from dataclasses import replace

import numpy as np

from musebots.generators import Onset, Step, StepContext
from musebots.notes import Note
from musebots.planning import Planner

REST = "."
HOLD = "-"


class Scripted:
    """A generator that plays a line: a letter begins a note, ``-`` holds it, ``.`` rests."""

    n_units = 1

    def __init__(self, line):
        self.line = line
        self.at = 0
        self.asked = []

    def reset(self):
        self.at = 0

    def step(self, context):
        symbol = self.line[self.at % len(self.line)]
        self.asked.append(context.step_in_bar)
        self.at += 1
        onsets = () if symbol in (REST, HOLD) else (Onset(60 + ord(symbol) - ord("a"), 80, 0),)
        return Step(onsets, symbol == HOLD, np.zeros(1, np.float32))

    def snapshot(self):
        return self.at

    def restore(self, snapshot):
        self.at = snapshot


def context_at(tick):
    return StepContext(step_in_bar=tick // 120 % 4, steps_per_bar=4)


def plan(line, n_bars, **options):
    planner = Planner(Scripted(line), context_at, **options)
    return [planner.plan(bar * 480, (bar + 1) * 480) for bar in range(n_bars)]


def note(onset, pitch, duration):
    return Note.from_ticks(onset * 120, pitch, duration * 120, 80)


def test_notes_last_until_the_next_one_or_a_rest():
    assert plan("a-b.", 1) == [[note(0, 60, 2), note(2, 61, 1)]]


def test_a_note_held_over_the_bar_line_is_one_note_and_its_steps_are_not_decided_again():
    assert plan("a..b" + "--c.", 2) == [[note(0, 60, 1), note(3, 61, 3)], [note(6, 62, 1)]]


def test_a_bar_that_a_note_fills_from_the_bar_before_is_empty():
    assert plan("...a" + "----" + "b...", 3) == [[note(3, 60, 5)], [], [note(8, 61, 1)]]


def test_the_step_that_ends_a_held_note_is_decided_again_in_its_own_bar():
    generator = Scripted("...a" + "-b..")
    planner = Planner(generator, context_at)
    planner.plan(0, 480)
    assert generator.at == 5
    assert planner.plan(480, 960) == [note(5, 61, 1)]


def test_a_note_without_end_is_cut_after_a_bar_of_sixteen_steps():
    first = plan("a" + "-" * 400, 8)[0]
    assert first == [note(0, 60, 4 + 16)]


def test_hits_do_not_end_one_another():
    (hits,) = plan("ab--", 1, is_percussion=True)
    assert [(n.onset_ticks, n.duration_ticks) for n in hits] == [(0, 60), (120, 60)]


def test_silence_is_no_notes():
    assert plan("....", 2) == [[], []]


class Wishful(Scripted):
    """Plays a line, an octave up where it is asked to lean."""

    def step(self, context):
        step = super().step(context)
        up = 12 if context.alpha else 0
        onsets = tuple(Onset(onset.pitch + up, 80) for onset in step.onsets)
        return Step(onsets, step.is_hold, step.hidden)


def leant(tick, context):
    return replace(context, alpha=1.0)


def pitches(bars):
    return [[n.pitch for n in notes] for _, _, notes in bars]


def test_what_was_planned_is_planned_anew_from_a_step_on():
    planner = Planner(Wishful("abcd" + "efgh"), context_at)
    first, second = planner.plan(0, 480), planner.plan(480, 960)
    (start, end, notes), (_, _, after) = planner.replan(240, leant)
    assert (start, end) == (0, 480)
    assert [n.pitch for n in notes] == [60, 61, 74, 75]
    assert [n.pitch for n in after] == [76, 77, 78, 79]
    assert [n.pitch for n in first + second] == list(range(60, 68))


def test_planning_anew_without_another_wish_changes_nothing_and_tells_only_what_is_new():
    told = []
    planner = Planner(Wishful("ab-." + "-c.d"), context_at, on_step=lambda t, s: told.append(t))
    bars = [planner.plan(0, 480), planner.plan(480, 960)]
    told.clear()
    again = planner.replan(600, lambda tick, context: context)
    assert [notes for _, _, notes in again] == bars[1:]
    assert told == [600, 720, 840]
    assert [n.pitch for n in planner.plan(960, 1440)] == [60, 61]


def test_a_note_that_sounds_is_let_finish_before_the_plan_can_change():
    planner = Planner(Scripted("a---" + "b.c."), context_at)
    planner.plan(0, 480)
    planner.plan(480, 960)
    assert planner.open_tick(121) == 480
    assert planner.open_tick(480) == 480
    assert planner.open_tick(600) == 600
    assert Planner(Scripted("a---"), context_at, is_percussion=True).open_tick(121) == 240


def test_nothing_is_planned_anew_beyond_what_was_planned():
    planner = Planner(Scripted("abcd"), context_at)
    planner.plan(0, 480)
    assert planner.is_planned(479)
    assert not planner.is_planned(480)
    assert planner.replan(480, leant) == []
