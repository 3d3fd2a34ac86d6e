"""Which pairs of clips a listener is asked about, and in which order: blind, by chance. Pure.

Most pairs are those that have been answered least so far, preferably of one song; every third is
drawn from all pairs alike (the *random* arm), so that what is learned can be checked without the
bias of the choice. One in ten comes again the other way round, and now and then a pair has an
answer that can be known: the same clip twice, or a clip against itself with holes in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

__all__ = ["Arm", "Trial", "expected", "is_right", "plan"]

Arm = Literal["least", "random", "repeat", "same", "holes"]
RANDOM_SHARE = 1 / 3
REPEAT_SHARE = 0.1
CHECK_EVERY = 7


@dataclass(frozen=True, slots=True)
class Trial:
    """One pair, in the order in which it is heard.

    `arm` says why it was chosen; of ``holes``, `broken` names the side that has them.
    """

    arm: Arm
    first: str
    second: str
    broken: Literal["", "first", "second"] = ""

    @property
    def is_check(self) -> bool:
        """Whether it is there to see that somebody listens."""
        return self.arm in ("same", "holes")


def plan(
    songs: Mapping[str, str],
    answered: Counter[tuple[str, str]],
    *,
    n_trials: int,
    rng: np.random.Generator,
) -> list[Trial]:
    """The pairs for one listener.

    Parameters
    ----------
    songs : mapping of str to str
        By clip, the song it is a version of; clips of one song are compared first.
    answered : Counter of (str, str)
        How often each pair has been answered, the names in order.
    n_trials : int
        At least 1, the checks included.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        For fewer than two clips.
    """
    if len(songs) < 2:
        raise ValueError("a listening test needs two clips at least")
    pairs = list(combinations(sorted(songs), 2))
    n_asked = Counter(answered)
    trials: list[Trial] = []
    for number in range(1, n_trials + 1):
        if number % CHECK_EVERY == 0:
            trials.append(_check(sorted(songs), rng))
            continue
        repeatable = [t for t in trials[:-2] if t.arm in ("least", "random")]
        if repeatable and rng.random() < REPEAT_SHARE:
            before = repeatable[int(rng.integers(len(repeatable)))]
            trials.append(Trial("repeat", before.second, before.first))
            continue
        arm: Arm = "random" if rng.random() < RANDOM_SHARE else "least"
        pair = _drawn(pairs, songs, n_asked, arm, rng)
        n_asked[pair] += 1
        first, second = pair if rng.random() < 0.5 else pair[::-1]
        trials.append(Trial(arm, first, second))
    return trials


def _drawn(
    pairs: Sequence[tuple[str, str]],
    songs: Mapping[str, str],
    n_asked: Counter[tuple[str, str]],
    arm: Arm,
    rng: np.random.Generator,
) -> tuple[str, str]:
    chosen = list(pairs)
    if arm == "least":
        chosen = [pair for pair in pairs if songs[pair[0]] == songs[pair[1]]] or chosen
        least = min(n_asked[pair] for pair in chosen)
        chosen = [pair for pair in chosen if n_asked[pair] == least]
    return chosen[int(rng.integers(len(chosen)))]


def _check(clips: Sequence[str], rng: np.random.Generator) -> Trial:
    clip = clips[int(rng.integers(len(clips)))]
    if rng.random() < 0.5:
        return Trial("same", clip, clip)
    return Trial("holes", clip, clip, "first" if rng.random() < 0.5 else "second")


def expected(trial: Trial) -> str:
    """What who listens answers to a check; empty for a pair that is none."""
    if trial.arm == "same":
        return "tie"
    if trial.arm == "holes":
        return "second" if trial.broken == "first" else "first"
    return ""


def is_right(trial: Trial, answers: Mapping[str, str]) -> bool | None:
    """Whether a check was passed; None for a pair that is none.

    Which of two equal clips is the more creative may be a matter of mood, but a clip with holes
    is not what one would rather hear on.
    """
    if not trial.is_check:
        return None
    return answers.get("hear on") == expected(trial)
