"""One step of a trained network, live: numpy alone, and the same bits on every machine.

All parameters lie on the grid of multiples of 2**-20 (`musebots.rnn.exact`), and the hidden state
is put on one of 2**-22 after every step. Every sum of a step, the recurrent one, the embedded
inputs with their input weights, and the heads, is then exact in float64 and so does not depend on
the order of summation, which BLAS libraries choose by processor. The gates read `tanh` from a
table. Nothing is left that could differ: one seed gives one piece of music, everywhere.

The input weights are multiplied into the embeddings once, when a network is loaded, so that the
inputs of a step are a sum of table rows, and its only large product is the recurrent one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from musebots.rnn.exact import (
    CELLS_PER_UNIT,
    GRID,
    HIDDEN_GRID,
    MAX_SUM,
    MAX_WEIGHT,
    TANH_LOW,
    Float64Array,
    on_grid,
    tanh,
)
from musebots.rnn.features import FEATURES

__all__ = ["Stepper"]

_INVERSE_GRID = 1.0 / HIDDEN_GRID


class Stepper:
    """A GRU with its feature tables and heads, one step at a time.

    Parameters
    ----------
    tensors : mapping of str to array
        Parameters by the names of `musebots.rnn.model.RoleModel`, all on the grid.
    feature_names : sequence of str
        Inputs, in the order in which a step gets their values.

    Raises
    ------
    ValueError
        If a tensor is missing, has another shape than the others ask for, is off the grid or so
        large that sums would not be exact.
    """

    def __init__(
        self, tensors: Mapping[str, npt.NDArray[np.float32]], feature_names: Sequence[str]
    ) -> None:
        parameters = {name: _checked(name, tensor) for name, tensor in tensors.items()}
        try:
            self._build(parameters, feature_names)
        except KeyError as error:
            raise ValueError(f"the network lacks the parameter {error}") from error
        self.hidden: Float64Array = np.zeros(self.n_units)

    def _build(self, parameters: Mapping[str, Float64Array], feature_names: Sequence[str]) -> None:
        recurrent, bias = parameters["gru.weight_hh_l0"], parameters["gru.bias_hh_l0"]
        self.n_units: int = recurrent.shape[1]
        n = self.n_units
        rows, sizes = _input_rows(parameters, feature_names)
        rows[: sizes[0], : 2 * n] += bias[: 2 * n]  # every step reads one row of each block
        _check_sums(rows, sizes, recurrent, bias[2 * n :])
        # sums come out as places in the table of tanh: half of x for the gates, see `sigmoid`
        scale = CELLS_PER_UNIT * np.repeat([0.5, 0.5, 1.0], n)
        rows *= scale
        rows[: sizes[0]] -= CELLS_PER_UNIT * TANH_LOW
        self._recurrent = recurrent * scale[:, None]  # (3 n_units, n_units)
        self._candidate_bias = bias[2 * n :] * CELLS_PER_UNIT
        self._rows = rows  # (sum of sizes, 3 n_units)
        self._sizes = tuple(sizes)
        self._first_rows = np.cumsum([0, *sizes[:-1]])
        # scratch of a step: without it each one would ask for a dozen arrays
        self._places = np.empty(len(sizes), dtype=np.intp)
        self._gathered = np.empty((len(sizes), 3 * n))
        self._inputs, self._sums = np.empty(3 * n), np.empty(3 * n)
        self._gates, self._candidate = tanh.scratch(2 * n), tanh.scratch(n)
        self._token_weight = parameters["token.weight"]
        self._token_bias = parameters["token.bias"]
        self.n_tokens: int = self._token_weight.shape[0]
        self._touch = None
        if "touch.weight" in parameters:
            self._touch = (
                parameters["touch.weight"],
                parameters["touch.bias"] + parameters["touch_of_token.weight"],
            )  # (n_touch, n_units), (n_tokens, n_touch)
        self._check_heads()

    def _check_heads(self) -> None:
        """Refuse weights with which a head's sum could leave the exact range."""
        largest = np.max(np.abs(self._token_weight).sum(axis=1) + np.abs(self._token_bias))
        if self._touch is not None:
            weight, of_token = self._touch
            touch = np.abs(weight).sum(axis=1) + np.abs(of_token).max(axis=0)
            largest = max(largest, touch.max())
        _refuse_large(float(largest))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of values of each feature."""
        return self._sizes

    def reset(self) -> None:
        """Back to the state before the first step."""
        self.hidden = np.zeros(self.n_units)

    def step(self, features: Sequence[int]) -> Float64Array:
        """Advance by one step.

        Parameters
        ----------
        features : sequence of int
            One value per feature.

        Returns
        -------
        Float64Array
            Logits, (n_tokens,). `hidden` is a new array, (n_units,), on the grid.
        """
        n, h = self.n_units, self.hidden
        inputs, sums, places = self._inputs, self._sums, self._places
        np.add(self._first_rows, features, out=places)
        self._rows.take(places, axis=0, out=self._gathered, mode="clip")
        np.add.reduce(self._gathered, axis=0, out=inputs)  # (3 n_units,)
        np.dot(self._recurrent, h, out=sums)
        gates = self._gates.values  # reset, update
        np.add(inputs[: 2 * n], sums[: 2 * n], out=gates)
        tanh.apply(self._gates)
        gates *= 0.5
        gates += 0.5
        candidate, update = self._candidate.values, gates[n:]
        np.add(sums[2 * n :], self._candidate_bias, out=candidate)
        candidate *= gates[:n]
        candidate += inputs[2 * n :]
        tanh.apply(self._candidate)
        # h' = n + z (h - n)
        new: Float64Array = h - candidate
        new *= update
        new += candidate
        new *= _INVERSE_GRID
        np.rint(new, out=new)
        new *= HIDDEN_GRID
        self.hidden = new
        return self.readout(new)

    def readout(self, hidden: Float64Array) -> Float64Array:
        """The logits, (n_tokens,), of a hidden state: of this step's, or of a steered one."""
        logits: Float64Array = np.dot(self._token_weight, hidden)
        logits += self._token_bias
        return logits

    @property
    def token_head(self) -> tuple[Float64Array, Float64Array]:
        """Weight (n_tokens, n_units) and bias (n_tokens,) of the readout."""
        return self._token_weight, self._token_bias

    def gates(self) -> dict[str, Float64Array]:
        """What the gates and the candidate were in the last step, (n_units,) each.

        ``h' = update * h + (1 - update) * candidate``, where the candidate reads of h what `reset`
        lets through (Cho et al., EMNLP 2014, in the form that cuDNN and torch compute).
        """
        n, gates = self.n_units, self._gates.values
        return {"reset": gates[:n], "update": gates[n:], "candidate": self._candidate.values}

    def touch(self, token: int) -> Float64Array:
        """How the drums of `token` are struck, after `step`.

        Returns
        -------
        Float64Array
            (9, 9): per drum the logits of its velocity levels and its expected offset in 16ths.
        """
        if self._touch is None:
            raise ValueError("only drum networks say how a drum is struck")
        weight, of_token = self._touch
        flat: Float64Array = np.dot(weight, self.hidden)
        flat += of_token[token]
        return flat.reshape(9, -1)


def _checked(name: str, tensor: npt.NDArray[np.float32]) -> Float64Array:
    values = tensor.astype(np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"the parameter {name!r} holds a value that is not a finite number")
    if np.any(np.abs(values) >= MAX_WEIGHT):
        raise ValueError(f"the parameter {name!r} holds a value beyond {MAX_WEIGHT:g}")
    if np.any(values != on_grid(values)):
        raise ValueError(f"the parameter {name!r} is not on the grid of {GRID}")
    return values


def _check_sums(
    rows: Float64Array, sizes: Sequence[int], recurrent: Float64Array, bias: Float64Array
) -> None:
    """Refuse weights with which a gate's sum could leave the exact range, whatever is played."""
    sums = np.abs(recurrent).sum(axis=1)
    sums[-len(bias) :] += np.abs(bias)
    first_rows = np.cumsum([0, *sizes[:-1]])
    per_feature = np.maximum.reduceat(np.abs(rows), first_rows, axis=0)
    _refuse_large(float(sums.max() + per_feature.sum(axis=0).max() - 2 * TANH_LOW))


def _refuse_large(largest: float) -> None:
    if largest >= MAX_SUM:
        raise ValueError(
            f"the weights add up to {largest:.0f}, exact sums need less than {MAX_SUM:.0f}"
        )


def _input_rows(
    parameters: Mapping[str, Float64Array], feature_names: Sequence[str]
) -> tuple[Float64Array, list[int]]:
    """Embeddings times their share of the input weights, stacked; and the size of each feature."""
    weight = parameters["gru.weight_ih_l0"]  # (3 n_units, n_inputs)
    blocks, sizes, column = [], [], 0
    for name in feature_names:
        table = parameters[f"tables.{FEATURES[name].table or name}.weight"]  # (size, width)
        width = table.shape[1]
        blocks.append(table @ weight[:, column : column + width].T)
        sizes.append(table.shape[0])
        column += width
    if column != weight.shape[1]:
        raise ValueError(f"the network has {weight.shape[1]} inputs, its features {column}")
    blocks[0] = blocks[0] + parameters["gru.bias_ih_l0"]  # every step reads one row of each block
    return np.concatenate(blocks), sizes
