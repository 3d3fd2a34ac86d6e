"""One step of a trained network, live: numpy alone, and the same bits on every machine.

All parameters lie on the grid of multiples of 2**-20 (`musebots.rnn.exact`), and the hidden state
is put back on it after every step. Every sum of a step, the recurrent one, the embedded inputs
with their input weights, and the heads, is then exact in float64 and so does not depend on the
order of summation, which BLAS libraries choose by processor. The gates read `tanh` from a table.
Nothing is left that could differ: one seed gives one piece of music, everywhere.

The input weights are multiplied into the embeddings once, when a network is loaded, so that the
inputs of a step are a sum of table rows, and its only large product is the recurrent one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from musebots.rnn.exact import (
    GRID,
    MAX_SUM,
    MAX_WEIGHT,
    Float64Array,
    on_grid,
    sigmoid,
    tanh,
)
from musebots.rnn.features import FEATURES

__all__ = ["Stepper"]

_INVERSE_GRID = 1.0 / GRID


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
        self._recurrent = parameters["gru.weight_hh_l0"]  # (3 n_units, n_units)
        self._recurrent_bias = parameters["gru.bias_hh_l0"]
        self.n_units: int = self._recurrent.shape[1]
        rows, sizes = _input_rows(parameters, feature_names)
        self._rows = rows  # (sum of sizes, 3 n_units)
        self._sizes = tuple(sizes)
        self._first_rows = np.cumsum([0, *sizes[:-1]])
        self._token_weight = parameters["token.weight"]
        self._token_bias = parameters["token.bias"]
        self.n_tokens: int = self._token_weight.shape[0]
        self._touch = None
        if "touch.weight" in parameters:
            self._touch = (
                parameters["touch.weight"],
                parameters["touch.bias"],
                parameters["touch_of_token.weight"],
            )
        self._check_sums()

    def _check_sums(self) -> None:
        """Refuse weights with which a sum could leave the exact range, whatever is played."""
        recurrent = np.abs(self._recurrent).sum(axis=1) + np.abs(self._recurrent_bias)
        per_feature = np.maximum.reduceat(np.abs(self._rows), self._first_rows, axis=0)
        heads = np.abs(self._token_weight).sum(axis=1) + np.abs(self._token_bias)
        largest = max(recurrent.max() + per_feature.sum(axis=0).max(), heads.max())
        if largest >= MAX_SUM:
            raise ValueError(
                f"the weights add up to {largest:.0f}, exact sums need less than {MAX_SUM:.0f}"
            )

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
        rows = self._first_rows + np.array(features, dtype=np.intp)
        inputs = self._rows.take(rows, axis=0).sum(axis=0)  # (3 n_units,)
        recurrent = self._recurrent @ h
        recurrent += self._recurrent_bias
        gates = sigmoid(inputs[: 2 * n] + recurrent[: 2 * n])  # reset, update
        candidate = tanh(inputs[2 * n :] + gates[:n] * recurrent[2 * n :])
        # h' = (1 - z) n + z h
        new = candidate + gates[n:] * (h - candidate)
        new *= _INVERSE_GRID
        np.rint(new, out=new)
        new *= GRID
        self.hidden = new
        logits: Float64Array = self._token_weight @ new
        logits += self._token_bias
        return logits

    def touch(self, token: int) -> Float64Array:
        """How the drums of `token` are struck, after `step`.

        Returns
        -------
        Float64Array
            (9, 9): per drum the logits of its velocity levels and its expected offset in 16ths.
        """
        if self._touch is None:
            raise ValueError("only drum networks say how a drum is struck")
        weight, bias, of_token = self._touch
        flat: Float64Array = weight @ self.hidden + bias + of_token[token]
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
