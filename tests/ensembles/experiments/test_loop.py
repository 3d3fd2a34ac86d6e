"""The experiment of the closed loop: what is kept, counted, and need not be played again."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("scipy")
pytest.importorskip("matplotlib")

from creativity.assessing import shipped_judge
from ensembles.config import load_piece
from ensembles.experiments.loop_flags import (
    AFTER_POLICIES,
    DRIVEN,
    OFF,
    POLICIES,
    after_table,
    flag_table,
    flagged,
    reach_table,
)
from ensembles.experiments.loop_runs import Played, kept, perform
from musebots.messages import Fader


def never() -> Played:
    pytest.fail("it was played again")


def test_a_performance_is_played_once_and_kept_as_it_was(tmp_path: Path) -> None:
    piece, judge = load_piece("trio"), shipped_judge()
    assert judge is not None
    score = piece.score(bars=4, seed=0)
    moves = [(0, Fader("", 1.0))]
    first = kept(tmp_path, "run", lambda: perform(piece, score, judge, moves))
    assert set(first.faders) == {"melody", "bass", "drums"}
    assert first.levels
    assert kept(tmp_path, "run", never) == first


def made(name: str, index: int) -> Played:
    """Seed 1 is flagged once with p-values to match; steering hides half of the windows."""
    n = {"fader -1": 2, "nudge to 0.5": 2}.get(name, 100 if name == OFF else 50)
    return Played(
        levels=dict.fromkeys(range(12), 0.4), scores={0: 0.4}, seconds=1800.0, n_windows=n,
        n_flags=int(index == 1), n_below=[5 + index, 1],
    )  # fmt: skip


def test_a_policy_that_waits_for_flags_is_not_played_again_where_there_was_none() -> None:
    asked: list[tuple[str, int]] = []

    def play(name: str, index: int) -> Played:
        asked.append((name, index))
        return made(name, index)

    driven = flagged(play, 5, lambda share, what: None, DRIVEN)
    assert {index for name, index in asked if name != OFF} == {1}
    assert list(driven) == list(DRIVEN)
    found = flagged(play, 5, lambda share, what: None)
    assert [index for name, index in asked if name == "fader +1"] == [0, 1, 2, 3, 4]
    assert list(found) == list(POLICIES)
    table = flag_table(found)
    runs = dict(zip(table.column("policy"), table.column("runs"), strict=True))
    assert (runs["fader -1"], runs["fader +1"]) == (3, 5), "next to nothing was left to scan"


def test_flags_are_set_against_what_was_scanned_and_against_nobody_steering() -> None:
    found = {name: [made(name, index) for index in range(3)] for name in POLICIES}
    table = flag_table(found)
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    off, bold = rows[OFF], rows["fader +1"]
    assert (off["hours"], off["scanned"], off["flags"]) == (1.5, 1.0, 1)
    assert off["flags an hour scanned"] == pytest.approx(1 / 1.5, abs=0.01)
    assert (bold["scanned"], bold["flags an hour scanned"]) == (0.5, 1.33)
    assert off["p, flags as off"] is off["difference from off"] is None
    assert bold["difference from off"] == pytest.approx(0.06, abs=1e-4)
    assert 0 < bold["p, flags as off"] <= 1
    reach = reach_table(found)
    assert reach.column("mean score") == [0.4] * 3


def test_windows_after_steering_are_set_against_those_of_nobody_steering() -> None:
    off = [Played(n_windows=100, n_below=[5, 1]) for _ in range(3)]
    after = [Played(after={5: [10, 2, 1], 7: [10, 0, 0], 9: [4, 0, 0]}) for _ in range(3)]
    found = {OFF: off, **dict.fromkeys(AFTER_POLICIES, after)}
    table = after_table(found)
    row = dict(zip(table.columns[:5], table.rows[0][:5], strict=True))
    assert (row["bars after"], row["windows"], row["p <= 0.05"], row["off"]) == (
        "4..7", 60, 0.1, 0.05,
    )  # fmt: skip
    assert table.rows[0][5:8] == (0.05, 0.05, 0.05)
    assert table.rows[3][2:4] == (0, None)
