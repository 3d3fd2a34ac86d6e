"""What a direction may be told besides the hidden state: where the phrase stands, what tokens are.

A phrase is two bars, and is judged by how many bits its onsets are worth to one who knows the style
and has heard the bars before (`musebots.novelty`). Whoever steers it does better to know how far
it has come, and what each token would be worth now: a network's hidden state says little of it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BEFORE_STEPS", "MOST_BITS", "MOST_TOLD", "N_FEATURES", "N_TOLD", "Told"]

N_TOLD = 7
"""Share of the phrase gone, whether a bar begins, whether the second one runs; how far the bits per
onset are from what is expected, onsets so far, bits per onset before, bits beyond what is expected
so far."""
N_FEATURES = 3
"""Of a token: bits beyond the low corner, whether a note or stroke begins, whether outside."""
BEFORE_STEPS = 32
"""So many steps before a phrase tell what one is used to."""
MOST_BITS = 12.0
"""More bits count as so many."""
MOST_TOLD = 1.5
"""What is told lies within plus and minus this."""


@dataclass(frozen=True, slots=True)
class Told:
    """With which constants it is told.

    Parameters
    ----------
    low, width : float
        Bits per onset where liking begins, and how gradually: `creativity.assessor.score.Wundt`.
    slope, usual : float
        How much of what was unusual before is expected again, and the usual bits per onset:
        `creativity.assessor.score.Habit`.
    novelty_sha256 : str
        The model that listens.
    """

    low: float
    width: float
    slope: float
    usual: float
    novelty_sha256: str
