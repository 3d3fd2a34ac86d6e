"""How creative a bot's last bars are, and what is wrong with a passage if anything is. Pure.

The assessor judges two bars of one role in the light of the four before them; here the notes that
were heard on the wire become such a phrase, whatever place in the piece they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from creativity.assessor.taste import Taste
from creativity.policies import Verdict
from musebots.harmony import ChordSpan, Harmony
from musebots.measures.part import Part
from musebots.notes import Note
from musebots.timebase import MeterMap

__all__ = [
    "BARS_BEFORE",
    "BARS_JUDGED",
    "Judge",
    "Judgement",
    "Passage",
    "of_band",
    "passage_of",
    "verdict_of",
]

BARS_JUDGED = 2
BARS_BEFORE = 4
STUCK_TIMES = 2.0
SCORE_GRID = 2.0**-10


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the assessor says of a phrase.

    Parameters
    ----------
    score : float
        How creative, 0..1.
    faults : tuple of Verdict
        What makes it no music: noise, stuck, collapse; mostly nothing.
    features : tuple of float
        What a taste looks at, see `creativity.assessor.taste.FEATURES`; empty where unknown.
    """

    score: float
    faults: tuple[Verdict, ...] = ()
    features: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part from its own first bar on, with the chords under it, both counted from tick 0."""

    part: Part
    harmony: Harmony


class Judge(Protocol):
    """Whoever can say how creative a phrase is."""

    def __call__(self, role: str, passage: Passage, first_bar: int) -> Judgement | None:
        """The judgement of `BARS_JUDGED` bars from `first_bar` on; None for a role unknown."""


def passage_of(
    notes: Sequence[Note], harmony: Harmony, meters: MeterMap, *, end_bar: int
) -> Passage | None:
    """The bars that are judged and those before them, as one passage; None where none fits.

    Parameters
    ----------
    notes : sequence of Note
        Of one bot.
    harmony : Harmony
    meters : MeterMap
    end_bar : int
        The passage ends with this bar line. It goes back over bars of one time signature only.
    """
    signature = meters.time_signature_at(end_bar - 1)
    first = end_bar
    while first > max(0, end_bar - BARS_JUDGED - BARS_BEFORE):
        if meters.time_signature_at(first - 1) != signature:
            break
        first -= 1
    if end_bar - first < BARS_JUDGED:
        return None
    start, end = meters.bar_tick(first), meters.bar_tick(end_bar)
    rows = [
        (max(0, n.onset_ticks - start), n.pitch, n.duration_ticks, n.velocity)
        for n in notes
        if start <= n.onset_ticks < end
    ]
    part = Part.from_rows(rows, n_bars=end_bar - first, time_signature=signature)
    return Passage(part, _shifted(harmony, start, end))


def _shifted(harmony: Harmony, start: int, end: int) -> Harmony:
    """The chords from tick to tick, as if the piece began there."""
    ticks = [start, *(span.tick for span in harmony.spans if start < span.tick < end)]
    spans = [
        ChordSpan(tick - start, until - tick, harmony.at_tick(tick))
        for tick, until in zip(ticks, [*ticks[1:], end], strict=True)
    ]
    return Harmony(harmony.key, tuple(spans))


def faults_of(
    parts: Mapping[str, float], *, least_scale: float, least_metre: float, longest_run: float,
    highest_novelty: float, highest_bits: float,
) -> tuple[Verdict, ...]:  # fmt: skip
    """What is wrong with a phrase, by what the assessor measures of it and what is usual.

    A collapse is silence for three beats of four; a stuck note twice as many equal ones in a row as
    19 of 20 real phrases have at most; noise is notes outside key and chord or off the metre, twice
    as many as real phrases allow themselves, or more bits an onset than real phrases carry: in
    all, or beyond what the bars before lead one to expect (novelty).
    """
    faults: list[Verdict] = []
    if parts["silence"] > 0.75:
        faults.append("collapse")
    if parts["run"] > STUCK_TIMES * longest_run:
        faults.append("stuck")
    is_off = parts["scale"] < 2 * least_scale - 1 or parts["metre"] < 2 * least_metre - 1
    is_much = parts["novelty"] > highest_novelty or parts["bits"] > highest_bits
    if parts["silence"] < 1 and (is_off or is_much):
        faults.append("noise")
    return tuple(faults)


def of_band(judgements: Sequence[Judgement], taste: Taste | None) -> tuple[float, float]:
    """How creative a band is whose members are judged so, and the weight of people's ratings in it.

    The mean of the members, and what listeners would say of the means of what their phrases are
    made of: that is what they were asked about.
    """
    score = fmean(judgement.score for judgement in judgements)
    features = [judgement.features for judgement in judgements]
    if taste is None or not taste.weight or not all(features):
        return score, 0.0
    liking = taste.liking([fmean(values) for values in zip(*features, strict=True)])
    return taste.blended(score, liking), taste.weight


def verdict_of(judgement: Judgement, level: float | None) -> Verdict:
    """What a flagged phrase is: its first fault, or else creative if above the bot's own level."""
    if judgement.faults:
        return judgement.faults[0]
    return "creative" if level is None or judgement.score >= level else "usual"
