"""What listeners prefer, as `musebots rate fit` keeps it and a judge of the band uses it.

A taste was learned from clips of whole bands, by the means of what the members' phrases are made
of; so it judges the band, not one bot: ``(1 - w) S + w sigma(f)`` of the members' means.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from musebots.errors import ConfigError

__all__ = ["FEATURES", "Taste", "read_taste"]

FEATURES = ("S", "novelty", "scale", "metre", "silence", "run", "syncopation")
"""What a taste is made of, means over the band's phrases; S is first."""
_LARGEST_LOGIT = 60.0


@dataclass(frozen=True, slots=True)
class Taste:
    """A fitted taste, and how far it is trusted.

    Parameters
    ----------
    weight : float
        w, 0..1; 0 is the machine's proxy alone.
    weights, mean, spread : tuple of float
        One for each of `FEATURES`: ``f = sum of weights (x - mean) / spread``.
    n_ratings, n_listeners : int
        What it was learned from.

    Raises
    ------
    ValueError
        If a number is missing, not finite, or out of range.

    Examples
    --------
    >>> calm = Taste(0.5, (0.0,) * 4 + (2.0, 0.0, 0.0), (0.5,) * 7, (0.25,) * 7, 400, 12)
    >>> calm.liking((0.4, 3.0, 1.0, 1.0, 0.75, 2.0, 0.0))
    2.0
    >>> round(calm.blended(0.4, 2.0), 3)
    0.64
    """

    weight: float
    weights: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    n_ratings: int = 0
    n_listeners: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight <= 1.0:
            raise ValueError(f"the weight of a taste must be in 0..1, got {self.weight}")
        for name in ("weights", "mean", "spread"):
            values = getattr(self, name)
            if len(values) != len(FEATURES) or not all(map(math.isfinite, values)):
                raise ValueError(f"{name} must be {len(FEATURES)} numbers, got {values}")
        if min(self.spread) <= 0:
            raise ValueError(f"each spread must be above 0, got {self.spread}")

    def liking(self, features: Sequence[float]) -> float:
        """F of a passage, in logits; 0 for an average one of the clips that were rated."""
        rows = zip(features, self.weights, self.mean, self.spread, strict=True)
        return math.fsum(w * (x - mean) / spread for x, w, mean, spread in rows)

    def blended(self, score: float, liking: float) -> float:
        """``(1 - w) S + w sigma(f)``."""
        bounded = min(_LARGEST_LOGIT, max(-_LARGEST_LOGIT, liking))
        return (1 - self.weight) * score + self.weight / (1 + math.exp(-bounded))

    @property
    def words(self) -> str:
        """How far people decide, in one line."""
        who = f"{self.n_ratings} ratings of {self.n_listeners} listeners"
        if not self.weight:
            return f"creativity is judged by the machine's proxy alone (w = 0 after {who})"
        return f"creativity is judged with w = {self.weight:.2f} for {who}"

    def to_values(self) -> dict[str, Any]:
        """Plain values, for messages and files."""
        return {name: _listed(value) for name, value in asdict(self).items()}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Taste:
        """What `to_values` gave.

        Raises
        ------
        ValueError
            If these values are none.
        """
        try:
            weights, mean, spread = (
                tuple(map(float, values[name])) for name in ("weights", "mean", "spread")
            )
            n_ratings, n_listeners = (int(values[name]) for name in ("n_ratings", "n_listeners"))
            return cls(float(values["weight"]), weights, mean, spread, n_ratings, n_listeners)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no taste ({error!r})") from error


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def read_taste(path: Path, question: str) -> Taste:
    """The taste for a question from a file of `musebots rate fit`; w is 0 where nobody answered.

    Raises
    ------
    ConfigError
        If it cannot be read, or is no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["features"] != list(FEATURES):
            raise ValueError(f"it was learned from {', '.join(content['features'])}")
        found = content["questions"][question]
        return Taste.from_values(found) if "weights" in found else _unknown()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} cannot be used as a taste ({error}): make one with 'musebots rate fit'"
        ) from error


def _unknown() -> Taste:
    n = len(FEATURES)
    return Taste(0.0, (0.0,) * n, (0.0,) * n, (1.0,) * n)
