"""How unexpected a phrase is: information content under a model that no bot plays from. Pure.

Two models in one, as in IDyOM (Pearce, 2005): a long-term model, counts of what followed what in
a corpus, and a short-term model, the same counts of this performance alone. The long-term one
interpolates ever longer contexts (Witten and Bell, 1991), the short-term one is laid over it: each
of its contexts takes the word of the shorter ones for as much as `strength` events would weigh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from musebots.arrays import IntArray
from musebots.novelty.contexts import N_SYMBOLS, contexts_of_steps
from musebots.novelty.phrases import Phrases, n_symbols
from musebots.rnn.vocabulary import Role

__all__ = ["NoveltyModel", "lay_over", "met_before"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NoveltyModel:
    """Counts of a corpus, and how readily they give way to this performance.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    contexts, n_seen, n_followers : tuple of arrays
        For every kind of context: those that occurred, sorted; how often; and by how many
        different symbols they were followed.
    events, n_events : tuple of arrays
        Context times 512 plus symbol, sorted; how often.
    strengths : tuple of float
        For every context of the short-term model: what the shorter ones weigh, in events.
    """

    role: Role
    contexts: tuple[IntArray, ...]
    n_seen: tuple[IntArray, ...]
    n_followers: tuple[IntArray, ...]
    events: tuple[IntArray, ...]
    n_events: tuple[IntArray, ...]
    strengths: tuple[float, ...]

    def bits(self, phrases: Phrases) -> Floats:
        """Information content of every judged step, ``-log2 p``, (n_phrases, n_judged)."""
        if phrases.role != self.role:
            raise ValueError(f"this model knows {self.role}, not {phrases.role}")
        contexts = contexts_of_steps(phrases)
        p = self.long_term(contexts, phrases)
        return np.asarray(-np.log2(self.laid_over(p, met_before(contexts, phrases))))

    def long_term(self, contexts: Sequence[IntArray], phrases: Phrases) -> Floats:
        judged = phrases.judged
        symbols = phrases.symbols[:, judged].astype(np.int64)
        p = np.full(symbols.shape, 1.0 / n_symbols(self.role))
        for level, context in enumerate([np.zeros_like(contexts[0]), *contexts]):
            now = context[:, judged]
            seen = _looked_up(self.contexts[level], self.n_seen[level], now)
            followers = _looked_up(self.contexts[level], self.n_followers[level], now)
            here = _looked_up(self.events[level], self.n_events[level], now * N_SYMBOLS + symbols)
            p = np.where(seen > 0, (here + followers * p) / np.maximum(1, seen + followers), p)
        return p

    def laid_over(self, p: Floats, met: Sequence[tuple[IntArray, IntArray]]) -> Floats:
        """The word of the short-term model over that of the long-term one."""
        for (seen, hits), strength in zip(met, self.strengths, strict=True):
            p = (hits + strength * p) / (seen + strength)
        return p

    def bits_of_all(self, phrases: Phrases) -> npt.NDArray[np.float32]:
        """Information content that every symbol would have at every judged step.

        Returns
        -------
        array
            (n_phrases, n_judged, n_symbols); `bits` picks from it what was played.
        """
        contexts = contexts_of_steps(phrases)
        judged, n = phrases.judged, n_symbols(self.role)
        p = self.long_term_of_all([context[:, judged].ravel() for context in contexts])
        p = p.reshape(len(phrases), -1, n)
        symbols = np.broadcast_to(phrases.symbols[:, None, :], (*p.shape[:2], phrases.n_steps))
        for context, strength in zip(contexts, self.strengths, strict=True):
            lay_over(p, _earlier(context, phrases), symbols, strength)
        return -np.log2(p)

    def long_term_of_all(self, contexts: Sequence[IntArray]) -> npt.NDArray[np.float32]:
        """The long-term model's probability of every symbol, (n, n_symbols).

        Parameters
        ----------
        contexts : sequence of int array
            (n,) each, as `contexts_of_steps` names them.
        """
        n = n_symbols(self.role)
        p = np.full((len(contexts[0]), n), 1.0 / n, dtype=np.float32)
        for level, context in enumerate([np.zeros_like(contexts[0]), *contexts]):
            self._interpolate(p, level, context)
        return p

    @cached_property
    def firsts(self) -> tuple[IntArray, ...]:
        """Where in `events` the followers of each context begin, level by level."""
        return tuple(np.cumsum(n) - n for n in self.n_followers)

    def _interpolate(self, p: npt.NDArray[np.float32], level: int, context: IntArray) -> None:
        """Mix, in place, one level of the long-term model into what shorter contexts say."""
        known, n_followers = self.contexts[level], self.n_followers[level]
        at = np.minimum(np.searchsorted(known, context), len(known) - 1)
        rows = np.flatnonzero(known[at] == context)
        at = at[rows]
        lengths = n_followers[at]
        firsts = self.firsts[level][at]
        places = np.repeat(firsts - np.cumsum(lengths) + lengths, lengths) + np.arange(
            lengths.sum()
        )
        total = (self.n_seen[level][at] + lengths).astype(np.float32)
        p[rows] *= lengths[:, None].astype(np.float32)
        symbols = self.events[level][places] % N_SYMBOLS
        p[np.repeat(rows, lengths), symbols] += self.n_events[level][places]
        p[rows] /= total[:, None]

    def to_tensors(self) -> dict[str, npt.NDArray[np.int64]]:
        """Arrays to be kept in a file."""
        found = {}
        for level in range(len(self.contexts)):
            for name in ("contexts", "n_seen", "n_followers", "events", "n_events"):
                found[f"{name}.{level}"] = getattr(self, name)[level]
        return found

    @classmethod
    def from_tensors(
        cls, role: Role, tensors: Mapping[str, npt.NDArray[np.int64]], strengths: Sequence[float]
    ) -> NoveltyModel:
        """The model whose arrays `to_tensors` gave."""
        n_levels = sum(name.startswith("contexts.") for name in tensors)

        def column(name: str) -> tuple[IntArray, ...]:
            return tuple(tensors[f"{name}.{level}"] for level in range(n_levels))

        return cls(
            role, column("contexts"), column("n_seen"), column("n_followers"), column("events"),
            column("n_events"), tuple(strengths),
        )  # fmt: skip


def lay_over(
    p: npt.NDArray[np.float32],
    met: npt.NDArray[np.bool_],
    symbols: IntArray,
    strength: float,
) -> None:
    """Lay, in place, one context's counts of this performance over what shorter ones say.

    Parameters
    ----------
    p : float32 array
        (..., n_symbols).
    met : bool array
        (..., n_steps): where the context was met before.
    symbols : int array
        (..., n_steps): what was played there.
    strength : float
        What the shorter contexts weigh, in events.
    """
    where = np.nonzero(met)
    seen = met.sum(axis=-1, keepdims=True, dtype=np.float32)
    rows = np.ravel_multi_index(where[:-1], met.shape[:-1])
    places = rows * p.shape[-1] + symbols[where]
    p *= np.float32(strength)
    p += np.bincount(places, minlength=p.size).reshape(p.shape).astype(np.float32)
    p /= seen + np.float32(strength)


def met_before(contexts: Sequence[IntArray], phrases: Phrases) -> list[tuple[IntArray, IntArray]]:
    """How often each judged step's context was met before, and how often with this symbol."""
    symbols = phrases.symbols
    same = symbols[:, phrases.judged, None] == symbols[:, None, :]
    found = []
    for context in contexts:
        met = _earlier(context, phrases)
        seen = met.sum(axis=2)
        met &= same
        found.append((seen, met.sum(axis=2)))
    return found


def _earlier(context: IntArray, phrases: Phrases) -> npt.NDArray[np.bool_]:
    """Where each judged step's context was met before, (n_phrases, n_judged, n_steps)."""
    steps = np.arange(phrases.n_steps)
    met: npt.NDArray[np.bool_] = context[:, phrases.judged, None] == context[:, None, :]
    met &= steps[None, :] < steps[phrases.judged, None]
    return met


def _looked_up(known: IntArray, values: IntArray, wanted: IntArray) -> IntArray:
    """The values of what is known, 0 of what is not."""
    if not len(known):
        return np.zeros(wanted.shape, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, values[at], 0)
