"""What the leans do to the music of the shipped networks: with each of them, and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from musebots.drumkit import DRUM_PITCHES
from musebots.generators import Step, StepContext
from musebots.harmony import Chord
from musebots.rnn import chord_taste, drum_taste, taste
from musebots.rnn.generator import load_generator
from musebots.rnn.vocabulary import Role

PROGRESSION = tuple(Chord.parse(symbol) for symbol in ("C", "Am", "F", "G7"))
SNARE_AND_TOMS = {DRUM_PITCHES[drum] for drum in (1, 4, 5, 6)}
STEPS = 16
N_SEEDS = 4


def contexts(n_bars: int, **knobs: Any) -> Iterator[StepContext]:
    """C Am F G7, one chord a bar; a fill in the last two beats of every eight bars."""
    for bar in range(n_bars):
        for step in range(STEPS):
            context = StepContext(
                step,
                bar_in_phrase=bar % 4,
                chord=PROGRESSION[bar % 4],
                next_chord=PROGRESSION[(bar + 1) % 4],
                steps_to_next=STEPS - step,
                is_fill=bar % 8 == 7 and step >= 8,
            )
            yield replace(context, **knobs)


def play(role: Role, n_bars: int, **knobs: Any) -> list[list[Step]]:
    """What each of `N_SEEDS` players plays."""
    players = (load_generator(role, rng=np.random.default_rng(seed)) for seed in range(N_SEEDS))
    return [[player.step(context) for context in contexts(n_bars, **knobs)] for player in players]


def pitches(steps: list[Step]) -> list[int]:
    return [step.onsets[0].pitch for step in steps if step.onsets]


def mean_pitch(role: Role, register: float, style: str) -> float:
    return float(np.mean([np.mean(pitches(p)) for p in play(role, 16, register=register,
                                                            style=style)]))  # fmt: skip


def share_of_phrases_that_end(style: str) -> float:
    """With an eighth of silence or more in their last beat."""
    silent = [
        [not step.onsets and not step.is_hold for step in steps]
        for steps in play("melody", 32, style=style)
    ]
    ends = [sum(s[64 * n - 4 : 64 * n]) >= 2 for s in silent for n in range(1, 9)]
    return float(np.mean(ends))


# 4 seeds, 32 phrases of a style; each share is some 0.08 uncertain
@pytest.mark.parametrize(("style", "least"), [("standard", 0.35), ("folk", 0.1)])
def test_melodies_breathe_at_the_ends_of_phrases(
    style: str, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert share_of_phrases_that_end(style) > least
    monkeypatch.setattr(taste, "_BREATH_NATS", {})
    monkeypatch.setattr(taste, "_USUAL_BREATH_NATS", 0.0)
    assert share_of_phrases_that_end(style) < 0.15


def share_of_silent_steps(style: str) -> float:
    played = play("melody", 32, style=style)
    return float(np.mean([not s.onsets and not s.is_hold for steps in played for s in steps]))


@pytest.mark.parametrize("style", ["folk", "standard"])
def test_rests_are_as_frequent_as_in_the_corpora(style: str) -> None:
    assert 0.005 < share_of_silent_steps(style) < 0.09


def share_of_repeated(role: Role, style: str) -> float:
    """Of notes that repeat the pitch of the one before."""
    pairs = [pair for steps in play(role, 32, style=style) for pair in pairwise(pitches(steps))]
    return float(np.mean([a == b for a, b in pairs]))


def longest_run(role: Role, style: str) -> int:
    """Of equal pitches, over all seeds."""
    longest = 0
    for steps in play(role, 32, style=style):
        played = pitches(steps)
        run = 1
        for before, after in pairwise(played):
            run = run + 1 if after == before else 1
            longest = max(longest, run)
    return longest


def test_rock_bass_leaves_its_root_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert share_of_repeated("bass", "rock") < 0.68
    assert longest_run("bass", "rock") <= 12
    monkeypatch.setattr(taste, "_LARGEST_EQUAL_PITCH_NATS", 0.0)
    assert share_of_repeated("bass", "rock") > 0.72


def share_of_roots_at_changes(style: str) -> float:
    n_roots = n_notes = 0
    for steps in play("bass", 32, style=style):
        for bar, chord in enumerate(PROGRESSION * 8):
            for onset in steps[bar * STEPS].onsets:
                n_notes += 1
                n_roots += onset.pitch % 12 == chord.root_pc
    return n_roots / n_notes


# in the corpora .47 to .58 of the chorales' changes, .50 to .86 of those in rock, are to a root
@pytest.mark.parametrize(("style", "least", "most"), [("rock", 0.6, 1.0), ("chorale", 0.4, 0.75)])
def test_bass_plays_the_root_where_the_chord_changes_and_not_always(
    style: str, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_shipped = share_of_roots_at_changes(style)
    assert least < as_shipped < most
    monkeypatch.setattr(chord_taste, "_ROOT_NATS", {style: 3.0})
    chord_taste.bass_nats.cache_clear()
    with_strong_lean = share_of_roots_at_changes(style)
    chord_taste.bass_nats.cache_clear()
    assert with_strong_lean > as_shipped


def share_of_chord_tones_on_strong_beats(style: str) -> float:
    is_chord_tone = [
        onset.pitch % 12 in PROGRESSION[step // STEPS % 4].pitch_classes
        for steps in play("melody", 32, style=style)
        for step in range(0, len(steps), STEPS // 2)
        for onset in steps[step].onsets
    ]
    return float(np.mean(is_chord_tone))


@pytest.mark.parametrize("style", ["folk", "standard"])
def test_melody_stands_on_the_chord_on_strong_beats(
    style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_lean = share_of_chord_tones_on_strong_beats(style)
    assert 0.69 < with_lean < 0.94, "the middle half of real bands"
    monkeypatch.setattr(chord_taste, "_CHORD_TONE_NATS", {style: (0.0, 0.0)})
    chord_taste.melody_nats.cache_clear()
    without = share_of_chord_tones_on_strong_beats(style)
    chord_taste.melody_nats.cache_clear()
    assert without < with_lean


def share_of_copied_bars() -> float:
    """Of bars that are just as those of eight bars before, over 48 bars of folk melody."""
    equal = []
    for steps in play("melody", 48, style="folk"):
        said = [(step.onsets[0].pitch if step.onsets else 0, step.is_hold) for step in steps]
        bars = [said[start : start + STEPS] for start in range(0, len(said), STEPS)]
        equal += [bars[n] == bars[n - 8] for n in range(16, len(bars))]
    return float(np.mean(equal))


def test_melody_does_not_say_one_tune_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with_lean = share_of_copied_bars()
    monkeypatch.setattr(taste, "_COPY_NATS", 0.0)
    assert 0.05 < with_lean < share_of_copied_bars() - 0.05


def register_span(role: Role, style: str) -> float:
    """From the mean pitch at the lowest setting of the knob to that at the highest."""
    low, middle, high = (mean_pitch(role, knob, style) for knob in (0.0, 0.5, 1.0))
    assert low < middle < high
    return high - low


def test_register_knob_moves_the_melody() -> None:
    # the network follows the knob by itself as far as the lean would have it, 12 to 13 semitones
    assert 8 < register_span("melody", "standard") < 20


def test_register_knob_moves_the_bass_by_its_lean(monkeypatch: pytest.MonkeyPatch) -> None:
    with_lean = register_span("bass", "chorale")
    assert 3 < with_lean < 20
    monkeypatch.setattr(taste, "_REGISTER_SD_SEMITONES", {"melody": 1e6, "bass": 1e6})
    without = mean_pitch("bass", 1.0, "chorale") - mean_pitch("bass", 0.0, "chorale")
    assert without < with_lean - 1


def mean_hits(style: str, density: float) -> float:
    """Per bar."""
    played = play("drums", 24, style=style, density=density)
    return sum(len(step.onsets) for steps in played for step in steps) / (24 * N_SEEDS)


@pytest.mark.parametrize("style", ["pop", "jazz"])
def test_density_knob_moves_the_drums(style: str) -> None:
    hits = [mean_hits(style, density) for density in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert sorted(set(hits)) == hits
    assert 0.45 < hits[0] / hits[2] < 0.8
    assert 1.3 < hits[4] / hits[2] < 1.7


def fill_ratio(style: str) -> tuple[float, float]:
    """Hits, and hits of snare and toms, a step in fills over those elsewhere."""
    counts = np.zeros((2, 2))
    for steps in play("drums", 32, style=style):
        for context, step in zip(contexts(32), steps, strict=True):
            struck = [onset.pitch in SNARE_AND_TOMS for onset in step.onsets]
            counts[int(context.is_fill)] += (len(struck), sum(struck))
    n_fill_steps = 4 * 8
    elsewhere, fills = counts[0] / (32 * STEPS - n_fill_steps), counts[1] / n_fill_steps
    return tuple((fills / elsewhere).tolist())


# 4 seeds, 16 fills
@pytest.mark.parametrize("style", ["pop", "jazz", "soul"])
def test_fills_lead_over_on_snare_and_toms(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hits, snare_and_toms = fill_ratio(style)
    assert hits > 1.05
    assert snare_and_toms > 2
    monkeypatch.setattr(drum_taste, "_FILL_NATS", {})
    monkeypatch.setattr(drum_taste, "_EMPTY_FILL_NATS", 0.0)
    monkeypatch.setattr(drum_taste, "_FILL_NATS_PER_HIT", 0.0)
    assert fill_ratio(style)[0] < hits - 0.1
