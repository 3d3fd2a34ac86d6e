"""Test pieces that the training split also holds, under another name or harmonised anew. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musebots.training.polyphony.rolls import Roll, Rolls

__all__ = ["fresh_rolls", "shared_share", "top_line"]

_WINDOW_NOTES = 8
_TWIN_SHARE = 0.5


def top_line(roll: Roll) -> list[int]:
    """The highest key of each frame, -1 in silence, written once for as long as it stays."""
    highest = [int(np.flatnonzero(frame)[-1]) if frame.any() else -1 for frame in roll]
    return [key for i, key in enumerate(highest) if i == 0 or key != highest[i - 1]]


def shared_share(roll: Roll, others: Sequence[Roll]) -> float:
    """Share of a top line's different 8-note windows that one other roll holds; the largest."""
    windows = _windows(roll)
    shares = [len(windows & _windows(other)) / max(1, len(windows)) for other in others]
    return max(shares, default=0.0)


def fresh_rolls(rolls: Rolls) -> tuple[Roll, ...]:
    """Test rolls without a twin: no training roll holds more than half of their 8-note windows."""
    return tuple(roll for roll in rolls.test if shared_share(roll, rolls.train) <= _TWIN_SHARE)


def _windows(roll: Roll) -> set[tuple[int, ...]]:
    line = top_line(roll)
    return {tuple(line[i : i + _WINDOW_NOTES]) for i in range(len(line) - _WINDOW_NOTES + 1)}
