"""From logits to a decision: temperature, nucleus, hard limits, knobs. Pure.

One uniform number makes one decision, so that a generator uses up the same share of its random
numbers at every step, whatever it plays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musebots.rnn.exact import Float64Array, exp

__all__ = ["N_VELOCITY_LEVELS", "draw", "velocity_in_level", "velocity_level"]

N_VELOCITY_LEVELS = 8
_WEIGHT_UNITS = 2.0**40
_LOUDEST = 127

BoolArray = npt.NDArray[np.bool_]


def draw(
    logits: Float64Array,
    uniform: float,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    allowed: BoolArray | None = None,
    n_exempt: int = 0,
) -> int:
    """Choose one token by inverse transform sampling.

    Parameters
    ----------
    logits : Float64Array
        (n_tokens,), unnormalised log-probabilities.
    uniform : float
        In [0, 1), from the generator's own random numbers.
    temperature : float
        > 0; below 1 the likely becomes likelier. 0 always takes the likeliest.
    top_p : float
        In (0, 1]; of the tokens in order of probability, only the first that together reach this
        probability can be chosen (nucleus sampling; Holtzman et al., ICLR 2020).
    allowed : BoolArray, optional
        (n_tokens,), the tokens that may be chosen at all; at least one.
    n_exempt : int
        So many tokens at the front keep their probability whatever `top_p` is, and so do the
        others together. With REST and HOLD exempt, the nucleus chooses among pitches and leaves
        the rhythm alone: it would cut off the rare onsets between the beats, and notes would
        grow longer and longer.

    Returns
    -------
    int
        The token.

    Raises
    ------
    ValueError
        If nothing is allowed.

    Notes
    -----
    Weights are rounded to whole multiples of 2**-40 and their sums are exact: the choice is the
    same on every machine (see `musebots.rnn.exact`).
    """
    if allowed is not None:
        if not allowed.any():
            raise ValueError("at least one token must be allowed")
        logits = np.where(allowed, logits, -np.inf)
    best = int(logits.argmax())
    if temperature == 0:
        return best
    scaled = logits - logits[best]
    scaled /= temperature
    weights = exp(scaled)
    weights *= _WEIGHT_UNITS
    np.rint(weights, out=weights)  # whole numbers below 2**53: exact in any order of summation
    if allowed is not None:
        weights *= allowed
    exempt = weights[:n_exempt].cumsum()
    n_first = float(exempt[-1]) if n_exempt else 0.0
    order = (-weights[n_exempt:]).argsort(kind="stable")
    cumulative = weights[n_exempt:][order].cumsum()
    total = float(cumulative[-1]) if len(order) else 0.0
    place = uniform * (n_first + total)
    if place < n_first or not total:
        return int(exempt.searchsorted(place, side="right"))
    n_kept = min(int(cumulative.searchsorted(top_p * total)) + 1, len(order))
    reached = float(cumulative[n_kept - 1])
    chosen = int(cumulative.searchsorted((place - n_first) / total * reached, side="right"))
    return n_exempt + int(order[min(chosen, n_kept - 1)])


def velocity_level(velocity: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """The level, 0..7, of MIDI velocities 1..127."""
    levels = (np.maximum(velocity, 1) - 1) * N_VELOCITY_LEVELS // _LOUDEST
    return levels.astype(np.intp)


def velocity_in_level(level: int, uniform: float) -> int:
    """A MIDI velocity in 1..127, spread evenly over its level by a number in [0, 1).

    Examples
    --------
    >>> velocity_in_level(0, 0.0), velocity_in_level(7, 0.999)
    (1, 127)
    """
    return min(_LOUDEST, 1 + int((level + uniform) * _LOUDEST / N_VELOCITY_LEVELS))
