"""S, the score that stands in for listeners: novelty times value. Pure.

Novelty is information content per onset, less what the bars before lead one to expect of it: who
has got used to odd notes is not surprised by more of them (adaptation level: Helson, 1964).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from creativity.assessor.worth import WorthScale, features_of_worth, worth
from musebots.novelty.model import NoveltyModel
from musebots.novelty.phrases import Phrases
from musebots.rnn.told import BEFORE_STEPS

__all__ = [
    "BEFORE_STEPS",
    "Habit",
    "Score",
    "Wundt",
    "band_score",
    "bits_per_onset",
    "bits_with_before",
]

_LEAST_WIDTH = 0.05

Floats = npt.NDArray[np.float64]


def bits_with_before(novelty: NoveltyModel, phrases: Phrases) -> Floats:
    """The bits of each judged step and of the `BEFORE_STEPS` before, (n_phrases, n_steps)."""
    first = max(0, phrases.n_before - BEFORE_STEPS)
    return novelty.bits(replace(phrases, n_before=first))


def bits_per_onset(bits: Floats, phrases: Phrases) -> tuple[Floats, Floats]:
    """Mean bits of the steps on which something starts: of the phrase, and of what came before.

    Parameters
    ----------
    bits : array
        As `bits_with_before` gives them.
    phrases : Phrases

    Returns
    -------
    tuple of arrays
        (n_phrases,) each; 0 for a phrase without onsets, NaN before where there were none.
    """
    onset = phrases.is_onset[:, phrases.n_steps - bits.shape[1] :]
    n_judged = phrases.n_steps - phrases.n_before
    total = bits * onset
    n_now, n_before = onset[:, -n_judged:].sum(axis=1), onset[:, :-n_judged].sum(axis=1)
    now = total[:, -n_judged:].sum(axis=1) / np.maximum(1, n_now)
    before = total[:, :-n_judged].sum(axis=1) / np.maximum(1, n_before)
    return now, np.where(n_before > 0, before, np.nan)


@dataclass(frozen=True, slots=True)
class Habit:
    """What one expects of a phrase's bits per onset, having heard the bars before.

    Parameters
    ----------
    slope : float
        How much of what was unusual before is expected again: 0..1, from real phrases.
    usual : float
        Mean bits per onset before.
    most : float
        Bits per onset that 995 of 1,000 real phrases stay below, whatever came before.
    """

    slope: float
    usual: float
    most: float = math.inf

    MOST_QUANTILE: ClassVar[float] = 0.995

    @classmethod
    def of(cls, now: Floats, before: Floats) -> Habit:
        """Least squares over real phrases."""
        known = np.isfinite(before)
        apart = before[known] - before[known].mean()
        slope = float(apart @ (now[known] - now[known].mean()) / max(1e-9, apart @ apart))
        most = float(np.quantile(now, cls.MOST_QUANTILE))
        return cls(min(1.0, max(0.0, slope)), float(before[known].mean()), most)

    def novelty(self, now: Floats, before: Floats) -> Floats:
        """Bits per onset, with what one has got used to taken off."""
        return now - self.slope * (np.where(np.isfinite(before), before, self.usual) - self.usual)


@dataclass(frozen=True, slots=True)
class Wundt:
    """What is liked of novelty: some of it, not too much (Berlyne 1971, after Wundt).

    Parameters
    ----------
    low, high : float
        Where liking rises and falls through a half, in bits: quantiles of real phrases' novelty.
    width : float
        How gradually, in bits.
    """

    low: float
    high: float
    width: float

    LOW_QUANTILE = 0.6
    HIGH_QUANTILE = 0.995

    @classmethod
    def of(
        cls,
        bits: Floats,
        low_quantile: float = LOW_QUANTILE,
        high_quantile: float = HIGH_QUANTILE,
    ) -> Wundt:
        """Corners from the novelty of real phrases, the width from its quartiles."""
        low, high = np.quantile(bits, (low_quantile, high_quantile))
        first, third = np.quantile(bits, (0.25, 0.75))
        width = max(_LEAST_WIDTH, float(third - first) / 3)
        return cls(float(low), float(max(high, low + 2 * width)), width)

    def liking(self, bits: Floats) -> Floats:
        """W: a difference of two logistic functions, 0..1."""
        rising = 1.0 / (1.0 + np.exp(-np.clip((bits - self.low) / self.width, -50, 50)))
        falling = 1.0 / (1.0 + np.exp(-np.clip((bits - self.high) / self.width, -50, 50)))
        return np.asarray(rising - falling)


@dataclass(frozen=True, eq=False)
class Score:
    """S = W(novelty) V, with constants from a corpus.

    Parameters
    ----------
    novelty : NoveltyModel
    habit : Habit
    wundt : Wundt
    worth_scale : WorthScale
    """

    novelty: NoveltyModel
    habit: Habit
    wundt: Wundt
    worth_scale: WorthScale

    @classmethod
    def fitted(cls, novelty: NoveltyModel, real: Phrases) -> Score:
        """Take the constants from real phrases that the novelty model did not count."""
        now, before = bits_per_onset(bits_with_before(novelty, real), real)
        habit = Habit.of(now, before)
        scale = WorthScale.of(features_of_worth(real))
        return cls(novelty, habit, Wundt.of(habit.novelty(now, before)), scale)

    def parts(self, phrases: Phrases, bits: Floats | None = None) -> dict[str, Floats]:
        """S and all that it is made of, (n_phrases,) each.

        Parameters
        ----------
        phrases : Phrases
        bits : array, optional
            What `bits_with_before` gives, where that is known.

        Returns
        -------
        dict
            ``S``, ``bits`` per onset, ``novelty``, ``W``, ``V`` and the features of
            `features_of_worth`.
        """
        if bits is None:
            bits = bits_with_before(self.novelty, phrases)
        features = features_of_worth(phrases)
        now, before = bits_per_onset(bits, phrases)
        new = self.habit.novelty(now, before)
        value = worth(features, self.worth_scale, is_drums=phrases.role == "drums")
        liking = self.wundt.liking(new)
        made_of = {"bits": now, "novelty": new, "W": liking, "V": value}
        return {"S": liking * value, **made_of, **features}

    def __call__(self, phrases: Phrases) -> Floats:
        """S of each phrase, 0..1."""
        return self.parts(phrases)["S"]

    def with_corners(self, low: float, high: float) -> Score:
        """The same score with other corners, to see how much hangs on them."""
        return replace(self, wundt=Wundt(low, high, self.wundt.width))

    def constants(self) -> dict[str, Any]:
        """All numbers but the counts, for a file."""
        return {
            "habit": asdict(self.habit),
            "wundt": asdict(self.wundt),
            "worth": asdict(self.worth_scale),
            "strengths": list(self.novelty.strengths),
        }

    @classmethod
    def from_constants(cls, novelty: NoveltyModel, constants: Mapping[str, Any]) -> Score:
        """The score whose numbers `constants` gave."""
        return cls(
            novelty,
            Habit(**constants["habit"]),
            Wundt(**constants["wundt"]),
            WorthScale(**constants["worth"]),
        )


def band_score(scores: Mapping[str, Floats], togetherness: Floats) -> Floats:
    """S of the band: the mean of its members', as far as they go together.

    Parameters
    ----------
    scores : mapping of str to array
        S of each member, (n_phrases,).
    togetherness : array
        (n_phrases,), 0..1: 1 where melody and bass are as consonant as real ones.
    """
    return np.asarray(np.mean(list(scores.values()), axis=0) * togetherness)
