"""One performance followed as it is played: what each token would be worth now. Pure.

The numbers of `musebots.rnn.told`, a step at a time and the same bits on every machine. To remember
a step costs next to nothing; what it was worth is counted when somebody asks.

A phrase is two bars and begins with an even bar of four; what was played from four bars before it
on is what a listener remembers of the performance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musebots.novelty.contexts import MAX_AGE, N_SYMBOLS
from musebots.novelty.expecting import Expecting
from musebots.novelty.model import NoveltyModel
from musebots.novelty.phrases import tokens_of
from musebots.rnn.exact import HIDDEN_GRID
from musebots.rnn.told import BEFORE_STEPS, MOST_BITS, MOST_TOLD, Told
from musebots.rnn.vocabulary import FIRST_NOTE, REST

__all__ = ["Following", "Place"]

_BARS_REMEMBERED = 4
_BARS_KEPT = 10
"""Before a phrase: what it remembers, and all that tells what its last bars were worth."""

Floats = npt.NDArray[np.float64]


class Place(NamedTuple):
    """Where a step is: in the bar, in the four bars of its phrase, in the harmony.

    `root` is the chord's, `tonic` that of the relative major.
    """

    step_in_bar: int
    steps_per_bar: int
    bar_in_phrase: int
    root: int
    tonic: int


class _Heard(NamedTuple):
    """A step that was played, and what went before it; pitches are 0 or -1 for none."""

    symbol: int
    pitch: int
    step_in_bar: int
    steps_per_bar: int
    root: int
    tonic: int
    n_gone: int
    age: int
    last: int
    last_but_one: int


class Following:
    """See the module's text.

    Parameters
    ----------
    model : NoveltyModel
        Who listens.
    symbols : sequence of int
        What each token of the network is to it.
    told : Told
        Constants of what is told.
    """

    def __init__(self, model: NoveltyModel, symbols: Sequence[int], told: Told) -> None:
        self._role, self._told = model.role, told
        self._expecting = Expecting(model, symbols)
        self._n_levels = len(model.strengths)
        is_onset = np.asarray(symbols) >= (1 if model.role == "drums" else FIRST_NOTE)
        self._is_onset = is_onset.astype(np.float64)
        self._names: dict[tuple[int, int, int], int] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._heard: list[_Heard] = []
        self._forget_counts()
        self._age, self._last, self._last_but_one, self._sounds = 0, *self._nothing, False

    @property
    def _nothing(self) -> tuple[int, int]:
        return (0, 0) if self._role == "drums" else (-1, -1)

    def _forget_counts(self) -> None:
        """What is counted of the steps heard so far, when it is asked for."""
        self._contexts = np.zeros((self._n_levels, 0), dtype=np.int64)
        self._said = np.zeros(0, dtype=np.intp)
        self._n_counted = 0
        self._bits: dict[int, float] = {}
        self._now: tuple[int, Floats] | None = None
        self._sum = (0, 0, 0.0, 0)
        self._before: tuple[int, float] | None = None

    def observe(self, place: Place, symbol: int, pitch: int) -> None:
        """Remember what was played at a step.

        Parameters
        ----------
        place : Place
        symbol : int
            Of the novelty model: a voice's token, a set of drums as a mask.
        pitch : int
            MIDI pitch that starts, -1 for none, and for drums.
        """
        n_gone = self._n_gone(place)
        if n_gone == 0:
            self._trim(place)
        age = 2 * self._age + self._sounds if self._age else 0
        is_drums = self._role == "drums"
        self._heard.append(
            _Heard(
                symbol, pitch, place.step_in_bar, place.steps_per_bar, place.root, place.tonic,
                n_gone, age, self._last, self._last_but_one,
            )
        )  # fmt: skip
        if self._now is not None and self._now[0] == len(self._heard) - 1:
            self._bits[len(self._heard) - 1] = self._worth(self._now[1], symbol)
        is_onset = symbol > 0 if is_drums else symbol >= FIRST_NOTE
        if is_onset:
            self._age = 1
            self._last, self._last_but_one = (symbol if is_drums else pitch), self._last
        elif self._age:
            self._age = min(self._age + 1, MAX_AGE)
        self._sounds = is_onset or (not is_drums and self._sounds and symbol != REST)

    def _n_gone(self, place: Place) -> int:
        """How many steps of its phrase lie before a step."""
        if place.step_in_bar == 0 and place.bar_in_phrase % 2 == 0:
            return 0
        gone = self._heard[-1].n_gone + 1 if self._heard else 0
        return gone if gone < 2 * place.steps_per_bar else 0

    def _trim(self, place: Place) -> None:
        """Forget what no later phrase asks for."""
        n_old = len(self._heard) - _BARS_KEPT * place.steps_per_bar
        if n_old <= 0:
            return
        del self._heard[:n_old]
        self._now, self._before, self._sum = None, None, (0, 0, 0.0, 0)
        n_kept = max(0, self._n_counted - n_old)
        self._contexts = self._contexts[:, self._n_counted - n_kept : self._n_counted]
        self._said = self._said[self._n_counted - n_kept : self._n_counted]
        if self._n_counted < n_old:
            self._forget_counts()
            return
        self._n_counted = n_kept
        self._bits = {at - n_old: bits for at, bits in self._bits.items() if at >= n_old}

    def now(self, place: Place) -> tuple[Floats, Floats, Floats]:
        """What is told before a step is played.

        Returns
        -------
        told : Floats
            (N_TOLD,), each within +-`MOST_TOLD`, on the grid of activations: see
            `musebots.rnn.told`.
        bits : Floats
            (n_tokens,): bits beyond the low corner over 4, 0 where nothing begins.
        is_onset : Floats
            (n_tokens,): 1 where something begins.
        """
        at, n_gone = len(self._heard), self._n_gone(place)
        self._count(at)
        age = 2 * self._age + self._sounds if self._age else 0
        coming = _Heard(
            0, -1, place.step_in_bar, place.steps_per_bar, place.root, place.tonic, n_gone, age,
            self._last, self._last_but_one,
        )  # fmt: skip
        bits = self._bits_of_all(at, coming, self._context(at, coming))
        self._now = at, bits
        worth = (bits - self._told.low) / 4.0
        worth *= self._is_onset
        return self._where(at, coming), worth, self._is_onset

    def _where(self, at: int, coming: _Heard) -> Floats:
        n_gone, told = coming.n_gone, self._told
        start = at - n_gone
        total, n_onsets = self._worth_of(start, at)
        if self._before is None or self._before[0] != start:
            total_before, n_before = self._worth_of(max(0, start - BEFORE_STEPS), start)
            self._before = start, total_before / n_before if n_before else told.usual
        before = self._before[1]
        expected = told.low + told.slope * (before - told.usual)
        found = (
            n_gone / (2 * coming.steps_per_bar),
            float(coming.step_in_bar == 0),
            float(n_gone >= coming.steps_per_bar),
            (total / n_onsets - expected) / (3 * told.width) if n_onsets else 0.0,
            n_onsets / 8,
            (before - told.usual) / 2,
            (total - n_onsets * expected) / (10 * told.width),
        )
        within = (min(MOST_TOLD, max(-MOST_TOLD, number)) for number in found)
        return np.array([round(number / HIDDEN_GRID) * HIDDEN_GRID for number in within])

    def _worth_of(self, first: int, end: int) -> tuple[float, int]:
        """Bits of the onsets of some steps in all, and how many they are."""
        least = 1 if self._role == "drums" else FIRST_NOTE
        known, reached, total, n = self._sum
        if known != first or reached > end:
            reached, total, n = first, 0.0, 0
        for at in range(reached, end):
            heard = self._heard[at]
            if heard.symbol >= least:
                if at not in self._bits:
                    contexts = [int(c) for c in self._contexts[:, at]]
                    bits = self._bits_of_all(at, heard, contexts)
                    self._bits[at] = self._worth(bits, heard.symbol)
                total += self._bits[at]
                n += 1
        self._sum = first, end, total, n
        return total, n

    def _worth(self, bits: Floats, symbol: int) -> float:
        """Of what was played; a stroke that is none of the network's words counts as the most."""
        token = self._expecting.token_of[symbol]
        return float(bits[token]) if token < len(bits) else MOST_BITS

    def _count(self, end: int) -> None:
        """Name the contexts of all steps before `end`."""
        first = self._n_counted
        if first >= end:
            return
        if end > self._contexts.shape[1]:
            room = max(64, 2 * end)
            wider = np.zeros((self._n_levels, room), dtype=np.int64)
            wider[:, :first] = self._contexts[:, :first]
            said = np.zeros(room, dtype=np.intp)
            said[:first] = self._said[:first]
            self._contexts, self._said = wider, said
        for at in range(first, end):
            heard = self._heard[at]
            self._contexts[:, at] = self._context(at, heard)
            self._said[at] = self._expecting.token_of[heard.symbol]
        self._n_counted = end

    def _context(self, at: int, heard: _Heard) -> list[int]:
        """`musebots.novelty.contexts.contexts_of_steps` of one step, in Python's numbers."""
        place = heard.step_in_bar * 2 + (heard.steps_per_bar != 16)
        if self._role == "drums":
            one, two, three, bar = (
                self._heard[at - lag].symbol if lag <= at else 0
                for lag in (1, 2, 3, heard.steps_per_bar)
            )
            last = place * N_SYMBOLS + one
            last_two = last * N_SYMBOLS + two
            return [
                place, last, last_two, last * N_SYMBOLS + bar, last_two * N_SYMBOLS + bar,
                (last_two * N_SYMBOLS + three) * N_SYMBOLS + bar,
            ]  # fmt: skip
        last, last_but_one = (
            self._named(pitch, heard.root, heard.tonic)
            for pitch in (heard.last, heard.last_but_one)
        )
        when = (place % 8) * 64 + heard.age
        named = (when * 64 + last) * 12 + (heard.root - heard.tonic) % 12
        return [place, place * 64 + heard.age, named, named * 64 + last_but_one]

    def _named(self, pitch: int, root: int, tonic: int) -> int:
        """The token that a pitch is over a root, in a key."""
        named = self._names.get((pitch, root, tonic))
        if named is None:
            one = (np.array([value]) for value in (pitch, root, tonic))
            named = self._names[pitch, root, tonic] = int(tokens_of(self._role, *one)[0])
        return named

    def _bits_of_all(self, at: int, heard: _Heard, contexts: Sequence[int]) -> Floats:
        """What each token would be worth at a step, (n_tokens,)."""
        first = max(0, at - heard.n_gone - _BARS_REMEMBERED * heard.steps_per_bar)
        met = self._contexts[:, first:at] == np.array(contexts)[:, None]
        said = self._said[first:at]
        return self._expecting.bits(contexts, [said[row] for row in met])

    def snapshot(self) -> tuple[npt.NDArray[np.int16], tuple[int, int, int, bool]]:
        """All that is remembered."""
        heard = np.array(self._heard, dtype=np.int16).reshape(-1, len(_Heard._fields))
        return heard, (self._age, self._last, self._last_but_one, self._sounds)

    def restore(self, snapshot: tuple[npt.NDArray[np.int16], tuple[int, int, int, bool]]) -> None:
        """Go back to what `snapshot` gave; what it was worth is counted anew."""
        heard, state = snapshot
        self._heard = [_Heard(*row) for row in heard.tolist()]
        self._age, self._last, self._last_but_one, self._sounds = state
        self._forget_counts()
