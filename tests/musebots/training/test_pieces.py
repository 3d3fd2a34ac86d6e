"""Notes on the grid, and how pieces are cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musebots.timebase import TimeSignature
from musebots.training.pieces import (
    HELD,
    SILENT,
    Piece,
    as_bars_of_six_eight,
    as_bars_of_three,
    silent_piece,
    sing,
    split_at_silence,
    steps_per_bar,
)


def piece(voice: list[int], signature: str = "4/4") -> Piece:
    """A melody with these steps."""
    blank = silent_piece(
        "p", "s", split="train", style="folk", time_signature=TimeSignature.parse(signature),
        n_steps=len(voice), is_drums=False,
    )  # fmt: skip
    return replace(blank, voice=np.array(voice, dtype=np.int16))


def sung(notes: list[tuple[float, float, int]], n_steps: int, velocity: int = 80) -> Piece:
    """A melody of these notes."""
    blank = piece([SILENT] * n_steps)
    sing(blank, [(*note, velocity + index) for index, note in enumerate(notes)])
    return blank


def test_notes_last_to_their_end_or_to_the_next() -> None:
    one = sung([(0, 2, 60), (3, 9, 62), (5, 1, 64)], 8)
    assert one.voice.tolist() == [60, HELD, SILENT, 62, HELD, 64, SILENT, SILENT]
    assert one.velocity[:, 0].tolist() == [80, 0, 0, 81, 0, 82, 0, 0]


def test_notes_off_the_grid_go_to_the_nearest_step_and_last_a_step() -> None:
    assert sung([(0.9, 0.1, 60), (2.6, 0.1, 62)], 4).voice.tolist() == [SILENT, 60, SILENT, 62]


@given(
    notes=st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 9), st.integers(30, 90)), max_size=20)
)
def test_a_hold_always_follows_something_that_sounds(
    notes: list[tuple[float, float, int]],
) -> None:
    voice = sung(notes, 32).voice.tolist()
    for before, now in zip([SILENT, *voice], voice, strict=False):
        assert now != HELD or before != SILENT


def test_waiting_is_cut_out_at_bar_lines() -> None:
    bar, rest = [60] * 16, [SILENT] * 16
    parts = split_at_silence(piece(rest + bar + rest + bar + 3 * rest + bar + rest))
    assert [part.n_steps // 16 for part in parts] == [3, 1]
    assert parts[0].voice.tolist() == bar + rest + bar


def test_phrases_are_counted_on_after_a_cut() -> None:
    bar, rest = [60] * 16, [SILENT] * 16
    first, second = split_at_silence(piece(bar + 4 * rest + bar))
    assert first.first_phrase_bar == 0
    assert (0 - second.first_phrase_bar) % 4 == 5 % 4  # its first bar was bar 5


def test_three_four_keeps_the_first_three_beats() -> None:
    cut = as_bars_of_three(piece(list(range(30, 62))))
    assert str(cut.time_signature) == "3/4"
    assert cut.voice.tolist() == [*range(30, 42), *range(46, 58)]


def test_six_eight_puts_the_backbeat_on_its_fourth_eighth() -> None:
    voice = [SILENT] * 32
    for beat in range(8):
        voice[4 * beat] = 36 if beat % 2 == 0 else 38
    cut = as_bars_of_six_eight(piece(voice))
    assert str(cut.time_signature) == "6/8"
    assert steps_per_bar(cut.time_signature) == 12
    bars = cut.voice.reshape(-1, 12)
    assert len(bars) == 4
    assert all(bar[0] == 36 and bar[6] == 38 for bar in bars)
