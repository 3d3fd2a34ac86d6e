"""The assessors of all roles as the judge of a steerer. Pure, once they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from creativity.assessor.assessor import Assessor, load_assessor
from creativity.assessor.taste import FEATURES
from creativity.judging import BARS_BEFORE, BARS_JUDGED, Judgement, Passage, faults_of
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import ROLES

__all__ = ["AssessorJudge", "shipped_judge"]


class AssessorJudge:
    """Says how creative a phrase is, by the assessor of its role.

    Parameters
    ----------
    assessors : mapping of str to Assessor
        By role.
    """

    def __init__(self, assessors: Mapping[str, Assessor]) -> None:
        self._assessors = dict(assessors)

    def __call__(self, role: str, passage: Passage, first_bar: int) -> Judgement | None:
        """The judgement of `BARS_JUDGED` bars from `first_bar` on; None for a role unknown."""
        assessor = self._assessors.get(role)
        if assessor is None:
            return None
        phrases = Phrases.of_part(
            assessor.role,
            passage.part,
            passage.harmony,
            first_bar=first_bar,
            n_bars=BARS_JUDGED,
            n_bars_before=BARS_BEFORE,
        )
        parts = {name: float(values[0]) for name, values in assessor.parts(phrases).items()}
        scale = assessor.score.worth_scale
        faults = faults_of(
            parts,
            least_scale=scale.least_scale,
            least_metre=scale.least_metre,
            longest_run=scale.longest_run,
            highest_novelty=assessor.score.wundt.high,
            highest_bits=assessor.score.habit.most,
        )
        features = tuple(parts[name] for name in FEATURES)
        return Judgement(min(1.0, max(0.0, parts["A"])), faults, features)


def shipped_judge() -> AssessorJudge | None:
    """The assessors that come with musebots, of as many roles as there are; None without any."""
    folder = resources.files("creativity") / "assessors"
    found: dict[str, Assessor] = {
        role: load_assessor(role) for role in ROLES if (folder / f"{role}.safetensors").is_file()
    }
    return AssessorJudge(found) if found else None
