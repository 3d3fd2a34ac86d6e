"""Steering a network along a learned direction, live: numpy alone, the same bits everywhere.

The readout of a step sees ``h' = |h| (h + a d) / |h + a d|`` in place of the hidden state `h`, and
`h` itself goes on into the recurrence: `a` may change at any step, nothing drifts, and who watches
the hidden states sees those of the network as it was trained. `d` is a small network of `h` and of
some noise (Kocasari et al., Exploring Latent Dimensions of Crowd-sourced Creativity, 2021; there
for images, with the norm of a whole batch), or one vector (Goetschalckx et al., GANalyze, 2019).

A direction that is told (`musebots.rnn.told`) also hears where the phrase stands, and leans every
token by what it would be: ``logits + a (f . c)``, with its features `f` and `c` from the same layer
as `d`. A hidden state says little of either, and S is made of both.

Weights lie on the grid of `musebots.rnn.exact`, and what is multiplied by them on that of the
activations. `h + a d` is put on a grid whose squares are summed exactly; the rest of the formula
is ``* / sqrt``, which IEEE 754 rounds alike everywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from musebots.knob import Knob
from musebots.rnn.exact import (
    GRID,
    HIDDEN_GRID,
    MAX_SUM,
    MAX_WEIGHT,
    Float64Array,
    on_grid,
)
from musebots.rnn.told import N_FEATURES, N_TOLD, Told
from musebots.rnn.vocabulary import Role

__all__ = ["ALPHA_GRID", "Direction", "Steering", "Turned", "noise_of"]

ALPHA_GRID = 2.0**-10
"""Spacing of alpha: finer than any fader."""

Direction = Literal["network", "vector"]

_SUM_GRID = 2.0**-20
_FARTHEST = 4.0
"""Beyond this no coordinate of ``h + a d`` goes: `MAX_UNITS` squares of it add up exactly."""
MAX_UNITS = 512
_WIDEST_INPUT = 3.0**0.5
"""Noise lies within; activations and what is told do, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """Where a step was steered to.

    Parameters
    ----------
    hidden : Float64Array
        (n_units,), on the grid of activations: what the readout sees.
    leans : tuple of float
        By how much each feature of a token (`musebots.rnn.told`) moves its logit; empty for none.
    """

    hidden: Float64Array
    leans: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Steering:
    """A direction of one network, from calmer to bolder.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        Whose.
    checkpoint_sha256 : str
        The network that it was learned for; it means nothing to another.
    kind : {"network", "vector"}
        ``d = W2 relu(W1 [h, noise] + b1) + b2``, or one vector ``d = theta``.
    n_noise : int
        How many numbers of noise the direction depends on.
    alpha_range : (float, float)
        How far it may be followed: within it the music passed the gate. It holds 0.
    tensors : mapping of str to float32 array
        ``first.weight`` (n_inner, n_units + n_noise), ``first.bias``, ``second.weight``
        (n_units, n_inner) and ``second.bias``; or ``theta`` (n_units,). Where it is told,
        ``first.weight`` has `N_TOLD` more columns, and there are ``coef.weight``
        (N_FEATURES, n_inner) and ``coef.bias``; for one vector ``coef`` (N_FEATURES,). On the grid.
    changes : tuple of (float, float)
        Alphas of the range, and what each was measured to change the score S by, see
        `musebots.knob.Knob`; empty where nobody measured it.
    told : Told or None
        With which constants it is told, if it is.

    Raises
    ------
    ValueError
        If a tensor is missing, of an unfit shape, off the grid, or too large for exact sums.
    """

    role: Role
    checkpoint_sha256: str
    kind: Direction
    n_noise: int
    alpha_range: tuple[float, float]
    tensors: Mapping[str, npt.NDArray[np.float32]]
    changes: tuple[tuple[float, float], ...] = ()
    told: Told | None = None
    _outer: tuple[Float64Array, Float64Array] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        low, high = self.alpha_range
        if not -1.0 <= low <= 0.0 <= high <= 1.0:
            raise ValueError(f"alpha_range must hold 0 and lie in -1..1, got {self.alpha_range}")
        if self.knob.reach != (low, high):
            raise ValueError(f"changes must be known from {low} to {high}, got {self.changes}")
        exact = {name: _checked(name, tensor) for name, tensor in self.tensors.items()}
        try:
            self._check_shapes(exact)
        except KeyError as error:
            raise ValueError(f"the steering lacks the parameter {error}") from error
        object.__setattr__(self, "tensors", exact)
        if self.kind == "network":
            names = ("second", "coef") if self.told else ("second",)
            outer = (
                np.concatenate([exact[f"{name}.{of}"] for name in names])
                for of in ("weight", "bias")
            )
            object.__setattr__(self, "_outer", tuple(outer))

    def _check_shapes(self, tensors: Mapping[str, Float64Array]) -> None:
        if self.kind == "vector":
            if self.n_noise or tensors["theta"].ndim != 1:
                raise ValueError("a direction that is one vector knows no noise")
            n_units = len(tensors["theta"])
            shapes: dict[str, tuple[int, ...]] = {"coef": (N_FEATURES,)} if self.told else {}
        else:
            n_units, n_inner = tensors["second.weight"].shape
            n_heard = n_units + self.n_noise + (N_TOLD if self.told else 0)
            shapes = {
                "first.weight": (n_inner, n_heard), "first.bias": (n_inner,),
                "second.bias": (n_units,),
            }  # fmt: skip
            if self.told:
                shapes |= {"coef.weight": (N_FEATURES, n_inner), "coef.bias": (N_FEATURES,)}
        for name, shape in shapes.items():
            if tensors[name].shape != shape:
                raise ValueError(f"{name} is {tensors[name].shape}, not {shape}")
        if self.kind == "network":
            self._check_sums(tensors)
        if n_units > MAX_UNITS:
            raise ValueError(f"at most {MAX_UNITS} units can be steered exactly, got {n_units}")

    def _check_sums(self, tensors: Mapping[str, Float64Array]) -> None:
        first = tensors["first.weight"]
        within = np.abs(first).sum(axis=1) * _WIDEST_INPUT + np.abs(tensors["first.bias"])
        largest = within.max()
        for name in ("second", "coef") if self.told else ("second",):
            weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
            largest = max(largest, (np.abs(weight) @ within + np.abs(bias)).max())
        if largest >= MAX_SUM:
            raise ValueError(
                f"the weights add up to {largest:.0f}, exact sums need less than {MAX_SUM:.0f}"
            )

    @property
    def n_units(self) -> int:
        """Width of the hidden layer that it steers."""
        name = "theta" if self.kind == "vector" else "second.weight"
        return int(self.tensors[name].shape[0])

    @property
    def knob(self) -> Knob:
        """What a fader is worth on it."""
        if not self.changes:
            return Knob.of_range(*self.alpha_range)
        alphas, changes = zip(*self.changes, strict=True)
        return Knob(alphas, changes)

    @property
    def sha256(self) -> str:
        """Identity of the direction."""
        meaning = [self.role, self.checkpoint_sha256, self.kind, self.n_noise, *self.alpha_range]
        meaning += [number for row in self.changes for number in row]
        meaning += [] if self.told is None else astuple(self.told)
        digest = hashlib.sha256(json.dumps(meaning).encode())
        for name in sorted(self.tensors):
            tensor = np.ascontiguousarray(self.tensors[name], dtype="<f4")
            digest.update(f"{name}|{tensor.shape}|".encode() + tensor.tobytes())
        return digest.hexdigest()

    def reach(self, alpha: float) -> float:
        """The alpha that is applied: within `alpha_range`, on `ALPHA_GRID`; 0 for NaN."""
        if math.isnan(alpha):
            return 0.0
        low, high = self.alpha_range
        return round(min(high, max(low, alpha)) / ALPHA_GRID) * ALPHA_GRID

    def turned(
        self,
        hidden: Float64Array,
        alpha: float,
        noise: Float64Array,
        told: Float64Array | None = None,
    ) -> Turned:
        """What the readout sees in place of the hidden state, and how far each feature leans.

        Parameters
        ----------
        hidden : Float64Array
            (n_units,), on the grid of activations.
        alpha : float
            How far to go; see `reach`. 0 gives back `hidden` itself.
        noise : Float64Array
            (n_noise,), see `noise_of`.
        told : Float64Array, optional
            (N_TOLD,), where the phrase stands, on the grid of activations; for a direction that is
            told.
        """
        reached = self.reach(alpha)
        if reached == 0.0:
            return Turned(hidden, ())
        away, leans = self._away(hidden, noise, told)
        by = tuple(reached * float(lean) for lean in leans)
        moved = away * reached
        moved += hidden
        _to_grid(moved, _SUM_GRID)
        np.minimum(moved, _FARTHEST, out=moved)
        np.maximum(moved, -_FARTHEST, out=moved)
        length = float(np.dot(moved, moved))
        if length == 0.0:
            return Turned(hidden, by)
        moved *= math.sqrt(float(np.dot(hidden, hidden)) / length)
        _to_grid(moved, HIDDEN_GRID)
        return Turned(moved, by)

    def _away(
        self, hidden: Float64Array, noise: Float64Array, told: Float64Array | None
    ) -> tuple[Float64Array, Float64Array]:
        """Where bolder lies from here, (n_units,), and how it leans, (N_FEATURES,) or nothing."""
        tensors = self.tensors
        if self.kind == "vector":
            away = np.asarray(tensors["theta"], dtype=np.float64)
            return away, np.asarray(tensors["coef"], dtype=np.float64) if self.told else np.zeros(0)
        heard = [hidden, noise]
        if self.told is not None and told is not None:
            heard.append(told)
        inner: Float64Array = np.dot(tensors["first.weight"], np.concatenate(heard))
        inner += tensors["first.bias"]
        np.maximum(inner, 0.0, out=inner)
        _to_grid(inner, HIDDEN_GRID)
        weight, bias = self._outer
        found: Float64Array = np.dot(weight, inner)  # (n_units + N_FEATURES,) or (n_units,)
        found += bias
        _to_grid(found, HIDDEN_GRID)
        return found[: len(hidden)], found[len(hidden) :]

    def check_readout(self, weight: Float64Array, bias: Float64Array) -> None:
        """Refuse a readout whose sums could leave the exact range with a turned hidden state.

        Parameters
        ----------
        weight, bias : Float64Array
            (n_tokens, n_units) and (n_tokens,).

        Raises
        ------
        ValueError
            If they do not fit.
        """
        if weight.shape[1] != self.n_units:
            raise ValueError(f"it steers {self.n_units} units, the network has {weight.shape[1]}")
        longest = math.sqrt(self.n_units) * 1.01  # activations are at most 1; rounding adds little
        largest = float(np.max(np.sqrt((weight**2).sum(axis=1)) * longest + np.abs(bias)))
        if largest >= MAX_SUM:
            raise ValueError(f"steered sums reach {largest:.0f}, exact ones stay < {MAX_SUM:.0f}")


def noise_of(uniform: float, n_noise: int) -> Float64Array:
    """The noise of a bar: independent, even over +-sqrt(3), and so of mean 0 and variance 1.

    Parameters
    ----------
    uniform : float
        In [0, 1): a random number that decided something else; the noise is a hash of its bits.
    n_noise : int
        How many.

    Returns
    -------
    Float64Array
        (n_noise,), on the grid of activations. The same on every machine.
    """
    rng = np.random.default_rng(int(uniform * 2.0**53))
    return on_grid((2.0 * rng.random(n_noise) - 1.0) * _WIDEST_INPUT, HIDDEN_GRID)


def _to_grid(values: Float64Array, grid: float) -> None:
    """The nearest multiples of a power of two, in place."""
    values *= 1.0 / grid
    np.rint(values, out=values)
    values *= grid


def _checked(name: str, tensor: npt.NDArray[np.float32]) -> Float64Array:
    values = np.asarray(tensor, dtype=np.float64)
    if not np.all(np.isfinite(values)) or np.any(np.abs(values) >= MAX_WEIGHT):
        raise ValueError(f"the parameter {name!r} holds a value that is not within {MAX_WEIGHT:g}")
    if np.any(values != on_grid(values)):
        raise ValueError(f"the parameter {name!r} is not on the grid of {GRID}")
    return values
