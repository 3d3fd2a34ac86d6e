"""What listeners prefer, learned from pairs; and how far that is to be trusted. Pure.

``P(first) : P(tie) : P(second) = e^(d/2) : nu : e^(-d/2)`` (Davidson, JASA 65, 1970) with
``d = k_l (f(x_1) - f(x_2)) + b``: `f` is linear in what the score S is made of and begins as a
multiple of S, `k_l` is how decided a listener is, `b` what being heard first is worth. The penalty
draws `f` back to S, and listeners to each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity.assessor.ratings import Rating

__all__ = ["Pairs", "Preference", "Trust", "fit_preference", "pairs_of", "trust_in"]

Floats = npt.NDArray[np.float64]

_N_STEPS = 600
_RATE = 0.05
_FEATURE_PENALTY = 0.02
_LISTENER_PENALTY = 4.0
_N_FOLDS = 5
_N_RESAMPLES = 1000
_HALF_TRUST = 400
_LARGEST_TRUST = 0.9
_LARGEST_CALIBRATION_ERROR = 0.1
_FEWEST_LISTENERS = 5
_N_CALIBRATION_BINS = 5


@dataclass(frozen=True, eq=False)
class Pairs:
    """Answers as numbers.

    Parameters
    ----------
    first, second : int arrays
        (n_pairs,): which clips.
    answer : int array
        (n_pairs,): 0 the first, 1 a tie, 2 the second.
    listener : int array
        (n_pairs,): who.
    """

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    answer: npt.NDArray[np.int64]
    listener: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    def taken(self, which: npt.NDArray[np.bool_]) -> Pairs:
        """Some of them."""
        return Pairs(
            self.first[which], self.second[which], self.answer[which], self.listener[which]
        )


def pairs_of(ratings: Sequence[Rating], clips: Mapping[str, int]) -> Pairs:
    """Ratings as numbers; those of clips that are not known are left out."""
    known = [rating for rating in ratings if {rating.first, rating.second} <= set(clips)]
    listeners = {name: i for i, name in enumerate(sorted({rating.listener for rating in known}))}
    answers = {"first": 0, "tie": 1, "second": 2}
    rows = [
        (clips[r.first], clips[r.second], answers[r.answer], listeners[r.listener]) for r in known
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return Pairs(*table.T)


@dataclass(frozen=True, eq=False)
class Preference:
    """A fitted taste.

    Parameters
    ----------
    weights : array
        (n_features,), for features standardised by `mean` and `spread`; the first one is S.
    mean, spread : arrays
        (n_features,).
    order_bias : float
        Logits that being heard first is worth.
    tie : float
        Davidson's nu: 0 without ties, 1 where equal clips tie in a third of the cases.
    decidedness : array
        (n_listeners,): k, around 1.
    """

    weights: Floats
    mean: Floats
    spread: Floats
    order_bias: float
    tie: float
    decidedness: Floats

    def liking(self, features: Floats) -> Floats:
        """F of clips, (n_clips,): logits, 0 for an average one."""
        return np.asarray((features - self.mean) / self.spread @ self.weights)

    def probabilities(self, features: Floats, pairs: Pairs, *, of_stranger: bool) -> Floats:
        """(n_pairs, 3): the first, a tie, the second."""
        liking = self.liking(features)
        k = np.ones(len(pairs)) if of_stranger else self.decidedness[pairs.listener]
        apart = k * (liking[pairs.first] - liking[pairs.second]) + self.order_bias
        return _davidson(apart, self.tie)


def _davidson(apart: Floats, tie: float) -> Floats:
    half = np.clip(apart, -60, 60) / 2
    shares = np.stack([np.exp(half), np.full(len(half), tie), np.exp(-half)], axis=1)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def fit_preference(features: Floats, pairs: Pairs, *, only_s: bool = False) -> Preference:
    """Learn a taste: the largest posterior, by Adam on exact gradients.

    Parameters
    ----------
    features : array
        (n_clips, n_features); the first column is S.
    pairs : Pairs
    only_s : bool
        Let only S count: what a taste has to beat.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    z = (features - mean) / spread
    n_features = z.shape[1]
    n_listeners = int(pairs.listener.max()) + 1 if len(pairs) else 0
    difference = z[pairs.first] - z[pairs.second]
    # weights, order bias, log tie, log decidedness
    at = np.zeros(n_features + 2 + n_listeners)
    at[0], at[n_features + 1] = 0.5, np.log(0.5)
    is_free = np.ones(len(at))
    if only_s:
        is_free[1:n_features] = 0.0
    moment, square = np.zeros_like(at), np.zeros_like(at)
    for step in range(1, _N_STEPS + 1):
        slope = _gradient(at, difference, pairs, n_features) * is_free
        moment = 0.9 * moment + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        rate = _RATE * (1 - step / (_N_STEPS + 1))
        at -= rate * (moment / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-9)
    return Preference(
        at[:n_features], mean, spread, float(at[n_features]), float(np.exp(at[n_features + 1])),
        np.exp(at[n_features + 2 :]),
    )  # fmt: skip


def _gradient(at: Floats, difference: Floats, pairs: Pairs, n_features: int) -> Floats:
    """Of the mean loss and of what draws the taste back."""
    weights, bias, log_tie = at[:n_features], at[n_features], at[n_features + 1]
    k = np.exp(at[n_features + 2 :])[pairs.listener]
    apart = difference @ weights
    p = _davidson(k * apart + bias, float(np.exp(log_tie)))
    chosen = np.eye(3)[pairs.answer]
    # d loss / d (k apart + bias): (p0 - y0)/2 - (p2 - y2)/2
    slope = ((p[:, 0] - chosen[:, 0]) - (p[:, 2] - chosen[:, 2])) / 2
    n = max(1, len(pairs))
    found = np.zeros_like(at)
    found[:n_features] = (slope * k) @ difference / n
    found[n_features] = slope.mean() if len(slope) else 0.0
    found[n_features + 1] = (p[:, 1] - chosen[:, 1]).mean() if len(slope) else 0.0
    found[n_features + 2 :] = (
        np.bincount(pairs.listener, slope * k * apart, minlength=len(at) - n_features - 2) / n
    )
    found[1:n_features] += _FEATURE_PENALTY * weights[1:]
    found[n_features + 2 :] += _LISTENER_PENALTY * at[n_features + 2 :] / n
    return found


@dataclass(frozen=True, slots=True)
class Trust:
    """How far listeners' taste replaces S.

    Parameters
    ----------
    weight : float
        w, 0..1: ``A = (1 - w) S + w sigma(f)``; 0 is the machine's proxy alone.
    n_ratings, n_listeners : int
    gain_nats, gain_low, gain_high : float
        How much better than S the taste foretells listeners that it did not learn from: nats a
        rating, with a 95 % interval (bootstrap over listeners).
    calibration_error : float
        Mean distance of foretold from seen shares, over fifths of the held-out pairs.
    reason : str
        Why w is what it is, for people.
    """

    weight: float
    n_ratings: int
    n_listeners: int
    gain_nats: float
    gain_low: float
    gain_high: float
    calibration_error: float
    reason: str


def trust_in(features: Floats, pairs: Pairs, *, rng: np.random.Generator) -> Trust:
    """Hold listeners out in turn, and see whether a taste learned from the others beats S.

    Notes
    -----
    w is 0 unless the whole interval of the gain is above 0 and the calibration error is at most
    .1; then it grows with the number of ratings, ``w = .9 n / (n + 400)``.
    """
    listeners = np.unique(pairs.listener) if len(pairs) else np.array([], dtype=np.int64)
    n = len(pairs)
    if len(listeners) < _FEWEST_LISTENERS:
        reason = f"{len(listeners)} listeners; fewer than {_FEWEST_LISTENERS} decide nothing"
        return Trust(0.0, n, len(listeners), *(float("nan"),) * 4, reason)
    fold = rng.permutation(len(listeners)) % _N_FOLDS
    of_listener = dict(zip(listeners.tolist(), fold.tolist(), strict=True))
    folds = np.array([of_listener[one] for one in pairs.listener.tolist()])
    gains, foretold = np.zeros(n), np.zeros((n, 3))
    for index in range(_N_FOLDS):
        out = folds == index
        if not out.any() or out.all():
            continue
        held, kept = pairs.taken(out), pairs.taken(~out)
        taste = fit_preference(features, kept)
        proxy = fit_preference(features, kept, only_s=True)
        rows = np.arange(len(held))
        p = taste.probabilities(features, held, of_stranger=True)
        q = proxy.probabilities(features, held, of_stranger=True)
        gains[out] = np.log(p[rows, held.answer]) - np.log(q[rows, held.answer])
        foretold[out] = p
    per_listener = np.array([gains[pairs.listener == one].mean() for one in listeners])
    picks = rng.integers(len(listeners), size=(_N_RESAMPLES, len(listeners)))
    low, high = np.quantile(per_listener[picks].mean(axis=1), (0.025, 0.975))
    error = _calibration_error(foretold, pairs.answer)
    gain = float(per_listener.mean())
    if low <= 0:
        weight, reason = 0.0, "it does not foretell held-out listeners better than S"
    elif error > _LARGEST_CALIBRATION_ERROR:
        weight, reason = 0.0, f"its shares are off by {error:.2f} on held-out listeners"
    else:
        weight = _LARGEST_TRUST * n / (n + _HALF_TRUST)
        reason = "it foretells held-out listeners better than S, with the right shares"
    return Trust(weight, n, len(listeners), gain, float(low), float(high), error, reason)


def _calibration_error(foretold: Floats, answer: npt.NDArray[np.int64]) -> float:
    """Mean distance of the foretold share of 'first' (ties half) from the seen one, over bins."""
    expected = foretold[:, 0] + foretold[:, 1] / 2
    seen = np.array([1.0, 0.5, 0.0])[answer]
    bins = np.array_split(np.argsort(expected, kind="stable"), _N_CALIBRATION_BINS)
    return float(np.mean([abs(expected[b].mean() - seen[b].mean()) for b in bins if len(b)]))


def blended(score: Floats, liking: Floats, weight: float) -> Floats:
    """``(1 - w) S + w sigma(f)``."""
    return np.asarray((1 - weight) * score + weight / (1 + np.exp(-liking)))
