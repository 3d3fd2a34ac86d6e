"""From notes on the wire to a judgement, and what a flagged passage is. Seed 0."""

from __future__ import annotations

import numpy as np
import pytest

from creativity.assessing import AssessorJudge, shipped_judge
from creativity.assessor.assessor import Assessor
from creativity.assessor.score import Score
from creativity.judging import Judgement, faults_of, passage_of, verdict_of
from musebots.harmony import ChordSpan, Harmony, Key, parse_chords, spans_from
from musebots.notes import Note
from musebots.novelty.fitting import fit_novelty
from musebots.timebase import MeterMap, TimeSignature

from .phrases_made import phrases_of, random_walks

USUAL = {"silence": 0.1, "run": 2.0, "scale": 1.0, "metre": 1.0, "bits": 3.0, "novelty": 3.0}
SCALE = {
    "least_scale": 0.9, "least_metre": 0.9, "longest_run": 4.0, "highest_novelty": 7.0,
    "highest_bits": 8.0,
}  # fmt: skip


def walk(n_bars, start_bar=0, seed=0):
    """Quavers up and down the scale, from a bar on."""
    rng = np.random.default_rng(seed)
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    place = np.clip(4 + rng.integers(-1, 2, 8 * n_bars).cumsum(), 0, 7)
    return [
        Note.from_ticks(1920 * start_bar + 240 * i, scale[p], 240, 80) for i, p in enumerate(place)
    ]


@pytest.fixture(scope="module")
def judge():
    pieces = [phrases_of("melody", random_walks(1, seed), 0) for seed in range(40)]
    held_out = phrases_of("melody", random_walks(60, 99))
    score = Score.fitted(fit_novelty(pieces, [held_out]), held_out)
    return AssessorJudge({"melody": Assessor(score, network=lambda of, *_: score(of))})


def test_a_passage_is_the_last_bars_counted_from_its_own_first_one():
    chords = spans_from(parse_chords("C | Am | F | G", beats_per_bar=4) * 3, 0)
    harmony = Harmony(Key(), chords)
    passage = passage_of(walk(12), harmony, MeterMap(), end_bar=11)
    assert passage.part.n_bars == 6
    assert passage.part.onset_ticks[0] == 0
    assert len(passage.part) == 48
    for bar in range(6):
        assert passage.harmony.at_tick(1920 * bar) == harmony.at_tick(1920 * (bar + 5))


def test_a_passage_stops_where_the_meter_changes_and_needs_two_bars():
    meters = MeterMap(((0, TimeSignature(4, 4)), (3, TimeSignature(3, 4))))
    assert passage_of([], Harmony(), meters, end_bar=4) is None
    assert passage_of([], Harmony(), meters, end_bar=7).part.n_bars == 4
    assert passage_of([], Harmony(), MeterMap(), end_bar=1) is None


def test_the_same_notes_are_judged_the_same_wherever_they_are_played(judge):
    scores = []
    for start in (0, 7):
        harmony = Harmony(Key(), (ChordSpan(0, 1920 * 20, Harmony().tonic),))
        passage = passage_of(walk(6, start), harmony, MeterMap(), end_bar=start + 6)
        if start:
            scores.append(judge("melody", passage, passage.part.n_bars - 2))
        else:
            scores.append(judge("melody", passage, 4))
    assert scores[0] == scores[1]
    assert 0 <= scores[0].score <= 1
    assert judge("theremin", passage, 4) is None


def test_silence_a_stuck_note_and_noise_are_told_apart(judge):
    harmony = Harmony()
    stuck = [Note.from_ticks(120 * i, 60, 120, 80) for i in range(16 * 6)]
    rng = np.random.default_rng(0)
    noise = [
        Note.from_ticks(120 * i, int(rng.integers(55, 85)), 120, 80)
        for i in range(16 * 6)
        if rng.random() < 0.6
    ]
    found = {}
    for name, notes in (("stuck", stuck), ("noise", noise), ("collapse", []), ("", walk(6))):
        passage = passage_of(notes, harmony, MeterMap(), end_bar=6)
        found[name] = judge("melody", passage, 4).faults
    assert found[""] == ()
    assert "stuck" in found["stuck"]
    assert "noise" in found["noise"]
    assert found["collapse"][0] == "collapse"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"silence": 0.9}, "collapse"),
        ({"run": 9.0}, "stuck"),
        ({"scale": 0.7}, "noise"),
        ({"metre": 0.7}, "noise"),
        ({"bits": 9.0}, "noise"),
        ({"novelty": 7.5}, "noise"),
    ],
)
def test_each_fault_has_its_measure(change, fault):
    assert faults_of({**USUAL, **change}, **SCALE) == (fault,)
    assert faults_of(USUAL, **SCALE) == ()


def test_each_corner_is_in_its_own_units():
    """Much information after bars that led one to expect much is no noise until it is too much."""
    used_to_it = {**USUAL, "bits": 7.5, "novelty": 4.0}
    assert faults_of(used_to_it, **SCALE) == ()
    out_of_the_blue = {**USUAL, "bits": 7.5, "novelty": 7.5}
    assert faults_of(out_of_the_blue, **SCALE) == ("noise",)


def test_of_real_phrases_next_to_none_are_noise():
    """Of the corpus that the corners are quantiles of, one in a hundred is at most."""
    held_out = phrases_of("melody", random_walks(400, 99))
    pieces = [phrases_of("melody", random_walks(1, seed), 0) for seed in range(40)]
    score = Score.fitted(fit_novelty(pieces, [held_out]), held_out)
    parts = score.parts(held_out)
    noisy = (parts["novelty"] > score.wundt.high) | (parts["bits"] > score.habit.most)
    assert 0 < noisy.mean() <= 0.01


def test_unusual_is_not_yet_creative():
    assert verdict_of(Judgement(0.6), 0.5) == "creative"
    assert verdict_of(Judgement(0.4), 0.5) == "usual"
    assert verdict_of(Judgement(0.9, ("stuck",)), 0.5) == "stuck"


def test_what_comes_with_musebots_judges_the_roles_that_it_knows():
    judge = shipped_judge()
    if judge is None:
        pytest.skip("no assessor comes with this musebots")
    passage = passage_of(walk(6), Harmony(), MeterMap(), end_bar=6)
    assert 0 <= judge("melody", passage, 4).score <= 1
