"""The paper's four claims in music: how often each holds, with what effect."""

from __future__ import annotations

import numpy as np

from ensembles.experiments.base import Cell, Table
from ensembles.experiments.passages import CREATIVE
from ensembles.experiments.scanned_passages import NOTE_SPACE, OURS, RAW, SHARES

__all__ = ["verdicts_table", "word"]


def verdicts_table(spaces: Table, sizes: Table, nodes: Table, rated: Table) -> Table:
    """Role by role and passage by passage: how often each claim holds with its interval."""
    rows: list[tuple[Cell, ...]] = []
    found = {row[:4]: row for row in spaces.rows}
    for share in SHARES:
        for ours in (RAW, OURS):
            wins, losses, total, gaps = 0, 0, 0, []
            for role, kind, of_share, space, *_ in spaces.rows:
                if space != ours or of_share != share or kind not in CREATIVE:
                    continue
                own, notes = found[role, kind, share, ours], found[role, kind, share, NOTE_SPACE]
                gaps.append(_number(own[4]) - _number(notes[4]))
                total += 1
                wins += _number(own[5]) > _number(notes[6])
                losses += _number(own[6]) < _number(notes[5])
            rows.append(
                ("1: activations tell more than notes", f"{ours}; {share}",
                 f"AUROC {np.mean(gaps):+.3f} on average",
                 f"better in {wins}, worse in {losses} of {total}", word(wins, losses, total))
            )  # fmt: skip
    larger = [row for row in sizes.rows if row[1] in CREATIVE]
    wins = sum(_number(row[5]) > 0 for row in larger)
    losses = sum(_number(row[6]) < 0 for row in larger)
    rows.append(
        ("2: creative subsets are larger", "monitor's scan; 50 %",
         f"Cliff's delta {np.mean([_number(row[4]) for row in larger]):+.2f} on average",
         f"larger in {wins}, smaller in {losses} of {len(larger)}",
         word(wins, losses, len(larger)))
    )  # fmt: skip
    other = [row for row in nodes.rows if row[1] in CREATIVE]
    wins = sum(_number(row[4]) <= 0.05 for row in other)
    gap = np.mean([_number(row[2]) - _number(row[3]) for row in other])
    rows.append(
        ("3: other units for creative passages", "monitor's scan; 50 %",
         f"distance {gap:+.3f} beyond chance on average", f"apart in {wins} of {len(other)}",
         word(wins, 0, len(other)))
    )  # fmt: skip
    by_arm = {(row[1], row[2]): _number(row[4]) for row in rated.rows}
    roles = sorted({str(row[1]) for row in rated.rows})
    gap = np.mean([by_arm[r, "highest scores"] - by_arm[r, "at random"] for r in roles])
    rows.append(
        ("4: people find creative what the scan chooses", "SIMULATED raters, no people",
         f"{gap:+.2f} over passages at random", "says nothing about people", "open")
    )  # fmt: skip
    columns = ("claim", "where", "effect", "count", "verdict")
    return Table("verdicts", "The four claims in music", columns, tuple(rows))


def _number(cell: Cell) -> float:
    if not isinstance(cell, int | float):
        raise TypeError(f"not a number: {cell!r}")
    return float(cell)


def word(n_true: int, n_opposite: int, n: int) -> str:
    """A verdict over n cases, of which some are apart in the claim's way, or the other way."""
    if n_true >= 0.8 * n:
        return "confirmed"
    if n_true > n_opposite:
        return "holds in part"
    return "refuted" if n_opposite else "not shown"
