"""What each of a network's tokens would be worth at one step, as bits: live, and exact. Pure.

The numbers of `musebots.novelty.model`, with the same bits on every machine: sums, products and
quotients are IEEE 754's, taken token by token in one order, and the logarithm is rounded so
coarsely that libraries' last bits vanish.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musebots.novelty.contexts import N_SYMBOLS
from musebots.novelty.model import NoveltyModel
from musebots.novelty.phrases import n_symbols
from musebots.rnn.told import MOST_BITS

__all__ = ["BITS_GRID", "Expecting"]

BITS_GRID = 2.0**-10
_N_LITTLE = 3
"""Levels that know little: nothing, the place in the bar, and that with what goes on."""
_MOST_MET = 5_000
"""Contexts of a level are kept at hand; then one begins anew."""

Floats = npt.NDArray[np.float64]


class _Counted(NamedTuple):
    """What followed a context: which of the network's tokens, how often, and all that it weighs."""

    tokens: npt.NDArray[np.intp]
    n_times: Floats
    n_followers: float
    n_weighed: float


class _Level:
    """One level of the long-term model, looked up once for each context that is met."""

    def __init__(self, model: NoveltyModel, level: int, token_of: npt.NDArray[np.intp]) -> None:
        self._model, self._level, self._token_of = model, level, token_of
        self._met: dict[int, _Counted | None] = {}

    def mix_into(self, p: Floats, context: int) -> None:
        """Lay what followed a context in the corpus over `p`, what shorter ones say; in place."""
        if context not in self._met:
            if len(self._met) >= _MOST_MET:
                self._met.clear()
            self._met[context] = self._looked_up(context)
        counted = self._met[context]
        if counted is not None:
            p *= counted.n_followers
            p[counted.tokens] += counted.n_times
            p /= counted.n_weighed

    def _looked_up(self, context: int) -> _Counted | None:
        model, level = self._model, self._level
        known = model.contexts[level]
        index = int(known.searchsorted(context))
        if index == len(known) or known[index] != context:
            return None
        n_followers, first = int(model.n_followers[level][index]), int(model.firsts[level][index])
        events = slice(first, first + n_followers)
        return _Counted(
            self._token_of[model.events[level][events] % N_SYMBOLS],
            model.n_events[level][events].astype(np.float64),
            float(n_followers),
            float(model.n_seen[level][index] + n_followers),
        )


class Expecting:
    """A novelty model that is asked of a network's tokens alone.

    Parameters
    ----------
    model : NoveltyModel
    symbols : sequence of int
        What each token of the network is to it.
    """

    def __init__(self, model: NoveltyModel, symbols: Sequence[int]) -> None:
        self.n_tokens = len(symbols)
        self.token_of = np.full(N_SYMBOLS, self.n_tokens, dtype=np.intp)
        """The token of a symbol; `n_tokens` for one that is none of the network's words."""
        self.token_of[np.asarray(symbols)] = np.arange(self.n_tokens)
        self._n_symbols = n_symbols(model.role)
        self._strengths = model.strengths
        self._levels = [_Level(model, i, self.token_of) for i in range(len(model.contexts))]
        self._little: dict[int, Floats] = {}

    def bits(self, contexts: Sequence[int], followers: Iterable[npt.NDArray[np.intp]]) -> Floats:
        """What each token would be worth, (n_tokens,), on `BITS_GRID`, `MOST_BITS` at most.

        Parameters
        ----------
        contexts : sequence of int
            As `musebots.novelty.contexts.contexts_of_steps` names them.
        followers : iterable of intp array
            For each context the tokens that followed it in this performance.
        """
        p = self._from_little(contexts).copy()
        for level, context in zip(self._levels[_N_LITTLE:], contexts[_N_LITTLE - 1 :], strict=True):
            level.mix_into(p, context)
        for said, strength in zip(followers, self._strengths, strict=True):
            if len(said):
                p *= strength
                for token in said.tolist():
                    p[token] += 1.0
                p /= len(said) + strength
        found = np.log2(p[: self.n_tokens])
        found *= -1.0 / BITS_GRID
        np.rint(found, out=found)
        found *= BITS_GRID
        return np.asarray(np.minimum(found, MOST_BITS))

    def _from_little(self, contexts: Sequence[int]) -> Floats:
        """What the first levels say; the second context knows the first, and both come again."""
        context = contexts[_N_LITTLE - 2]
        if context not in self._little:
            p = np.full(self.n_tokens + 1, 1.0 / self._n_symbols)  # the last: all other symbols
            for level, of_level in zip(self._levels, (0, *contexts[: _N_LITTLE - 1]), strict=False):
                level.mix_into(p, of_level)
            if len(self._little) >= _MOST_MET:
                self._little.clear()
            self._little[context] = p
        return self._little[context]
