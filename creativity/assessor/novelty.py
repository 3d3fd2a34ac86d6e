"""How unexpected a phrase is: information content under a model that no bot plays from. Pure.

Two models in one, as in IDyOM (Pearce, 2005): a long-term model, counts of what followed what in
a corpus, and a short-term model, the same counts of this performance alone. The long-term one
interpolates ever longer contexts (Witten and Bell, 1991), the short-term one is laid over it: each
of its contexts takes the word of the shorter ones for as much as `strength` events would weigh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from creativity.assessor.phrases import Phrases, n_symbols, tokens_of
from musebots.arrays import IntArray
from musebots.rnn.vocabulary import Role

__all__ = ["NoveltyModel", "contexts_of_steps", "fit_novelty", "last_notes"]

_MAX_AGE = 16
_SYMBOLS = 512
_SIDE_BY_SIDE = 64

Floats = npt.NDArray[np.float64]


def contexts_of_steps(phrases: Phrases) -> list[IntArray]:
    """What each step is predicted from, as numbers, from the least to the most that is known.

    A voice: place in the bar; how long ago a note began, and whether it sounds; the last note as
    it would be called now, with the chord; the last two. Drums: place in the bar;
    the last stroke; the last two; what was struck a bar ago; both.

    Returns
    -------
    list of int array
        (n_phrases, n_steps) each.
    """
    place = phrases.step_in_bar.astype(np.int64) * 2 + (phrases.steps_per_bar != 16)
    return _drum_contexts(phrases, place) if phrases.role == "drums" else _voice(phrases, place)


def last_notes(phrases: Phrases) -> tuple[IntArray, IntArray]:
    """What was played before each step, and how long ago.

    Returns
    -------
    lasts : int array
        (2, n_phrases, n_steps): the last two onsets' symbols, the latest first, 0 for none; a
        voice's as they would be called now, over the chord of this step.
    ages : int array
        (n_phrases, n_steps): twice the steps since the last onset, up to 32, plus whether it
        sounds; 0 for none.
    """
    n, n_steps = phrases.symbols.shape
    is_drums = phrases.role == "drums"
    said = phrases.symbols if is_drums else phrases.pitch
    none = 0 if is_drums else -1
    ages = np.zeros((n, n_steps), dtype=np.int64)
    lasts = np.zeros((2, n, n_steps), dtype=np.int64)
    age = np.zeros(n, dtype=np.int64)
    recent = np.full((2, n), none, dtype=np.int64)
    sounds = np.zeros(n, dtype=bool)
    for step in range(n_steps):
        ages[:, step] = np.where(age > 0, 2 * age + sounds, 0)
        lasts[:, :, step] = recent
        onset = phrases.is_onset[:, step]
        sounds = np.where(onset, True, sounds & phrases.is_sounding[:, step])
        age = np.where(onset, 1, np.where(age > 0, np.minimum(age + 1, _MAX_AGE), 0))
        recent[:, onset] = np.stack([said[:, step], recent[0]])[:, onset]
    if not is_drums:
        named = [tokens_of(phrases.role, last, phrases.root, phrases.tonic) for last in lasts]
        lasts = np.stack(named)
    return lasts, ages


def _drum_contexts(phrases: Phrases, place: IntArray) -> list[IntArray]:
    symbols = phrases.symbols.astype(np.int64)
    one, two, three = (_shifted(symbols, lag) for lag in (1, 2, 3))
    bar = _shifted(symbols, phrases.steps_per_bar)
    last = place * _SYMBOLS + one
    last_two = last * _SYMBOLS + two
    return [
        place,
        last,
        last_two,
        last * _SYMBOLS + bar,
        last_two * _SYMBOLS + bar,
        (last_two * _SYMBOLS + three) * _SYMBOLS + bar,
    ]


def _shifted(symbols: IntArray, lag: int) -> IntArray:
    before = np.zeros_like(symbols)
    before[:, lag:] = symbols[:, :-lag]
    return before


def _voice(phrases: Phrases, place: IntArray) -> list[IntArray]:
    lasts, ages = last_notes(phrases)
    chord = (phrases.root - phrases.tonic) % 12
    when = (place % 8) * 64 + ages  # place in the beat, and what goes on
    one = (when * 64 + lasts[0]) * 12 + chord
    return [place, place * 64 + ages, one, one * 64 + lasts[1]]


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
        p = self._long_term(contexts, phrases)
        return np.asarray(-np.log2(self._laid_over(p, _met_before(contexts, phrases))))

    def _long_term(self, contexts: Sequence[IntArray], phrases: Phrases) -> Floats:
        judged = phrases.judged
        symbols = phrases.symbols[:, judged].astype(np.int64)
        p = np.full(symbols.shape, 1.0 / n_symbols(self.role))
        for level, context in enumerate([np.zeros_like(contexts[0]), *contexts]):
            now = context[:, judged]
            seen = _looked_up(self.contexts[level], self.n_seen[level], now)
            followers = _looked_up(self.contexts[level], self.n_followers[level], now)
            here = _looked_up(self.events[level], self.n_events[level], now * _SYMBOLS + symbols)
            p = np.where(seen > 0, (here + followers * p) / np.maximum(1, seen + followers), p)
        return p

    def _laid_over(self, p: Floats, met: Sequence[tuple[IntArray, IntArray]]) -> Floats:
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
        shape = phrases.symbols[:, judged].shape
        p = np.full((shape[0] * shape[1], n), 1.0 / n, dtype=np.float32)
        for level, context in enumerate([np.zeros_like(contexts[0]), *contexts]):
            self._interpolate(p, level, context[:, judged].ravel())
        played = np.zeros((len(phrases), phrases.n_steps, n), dtype=np.float32)
        np.put_along_axis(played, phrases.symbols[..., None].astype(np.int64), 1.0, axis=2)
        p = p.reshape(*shape, n)
        for context, strength in zip(contexts, self.strengths, strict=True):
            met = _earlier(context, phrases).astype(np.float32)  # (n_phrases, n_judged, n_steps)
            p *= np.float32(strength)
            p += met @ played
            p /= met.sum(axis=2, keepdims=True) + np.float32(strength)
        return -np.log2(p)

    def _interpolate(self, p: npt.NDArray[np.float32], level: int, context: IntArray) -> None:
        """Mix, in place, one level of the long-term model into what shorter contexts say."""
        known, n_followers = self.contexts[level], self.n_followers[level]
        at = np.minimum(np.searchsorted(known, context), len(known) - 1)
        rows = np.flatnonzero(known[at] == context)
        at = at[rows]
        lengths = n_followers[at]
        firsts = (np.cumsum(n_followers) - n_followers)[at]
        places = np.repeat(firsts - np.cumsum(lengths) + lengths, lengths) + np.arange(
            lengths.sum()
        )
        total = (self.n_seen[level][at] + lengths).astype(np.float32)
        p[rows] *= lengths[:, None].astype(np.float32)
        symbols = self.events[level][places] % _SYMBOLS
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


def _met_before(contexts: Sequence[IntArray], phrases: Phrases) -> list[tuple[IntArray, IntArray]]:
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


def fit_novelty(
    pieces: Sequence[Phrases], held_out: Sequence[Phrases], *, least_seen: int = 2
) -> NoveltyModel:
    """Count a corpus, and choose the strengths that predict held-out music best.

    Parameters
    ----------
    pieces : sequence of Phrases
        Whole pieces, all of whose steps are judged.
    held_out : sequence of Phrases
        Phrases with what came before them.
    least_seen : int
        Contexts that occurred in fewer pieces are forgotten: they say little and take room.
    """
    role = pieces[0].role
    symbols, of_piece, per_level = _counted(pieces)
    columns: list[list[IntArray]] = [[], [], [], [], []]
    for context in [np.zeros_like(symbols), *per_level]:
        happened, n_times = _once_per_piece(context * _SYMBOLS + symbols, of_piece)
        found, first, n_followers = np.unique(
            happened // _SYMBOLS, return_index=True, return_counts=True
        )
        times = np.add.reduceat(n_times, first)
        kept = times >= least_seen
        is_kept = np.repeat(kept, n_followers)
        for column, values in zip(
            columns,
            (found[kept], times[kept], n_followers[kept], happened[is_kept], n_times[is_kept]),
            strict=True,
        ):
            column.append(values)
    by_name = zip(("contexts", "n_seen", "n_followers", "events", "n_events"), columns, strict=True)
    tables = {name: tuple(column) for name, column in by_name}
    model = NoveltyModel(role, **tables, strengths=(1.0,) * (len(columns[0]) - 1))
    return _with_best_strengths(model, held_out)


def _counted(pieces: Sequence[Phrases]) -> tuple[IntArray, IntArray, list[IntArray]]:
    """Symbol, piece and contexts of every step of every piece, one after the other."""
    symbols, of_piece, levels = [], [], []
    for length in sorted({piece.steps_per_bar for piece in pieces}):
        alike = [i for i, piece in enumerate(pieces) if piece.steps_per_bar == length]
        alike.sort(key=lambda i: pieces[i].n_steps)
        for start in range(0, len(alike), _SIDE_BY_SIDE):
            group = alike[start : start + _SIDE_BY_SIDE]
            padded = _side_by_side([pieces[i] for i in group])
            lengths = np.array([pieces[i].n_steps for i in group])
            is_real = np.arange(padded.n_steps) < lengths[:, None]
            symbols.append(padded.symbols[is_real].astype(np.int64))
            of_piece.append(np.repeat(group, lengths))
            levels.append([context[is_real] for context in contexts_of_steps(padded)])
    per_level = [np.concatenate(level) for level in zip(*levels, strict=True)]
    return np.concatenate(symbols), np.concatenate(of_piece), per_level


def _side_by_side(pieces: Sequence[Phrases]) -> Phrases:
    """Pieces of one metre as one batch, the shorter ones filled up with silence."""
    longest = max(piece.n_steps for piece in pieces)

    def padded(name: str, filler: int = 0) -> IntArray:
        rows = [getattr(piece, name)[0] for piece in pieces]
        return np.stack([np.pad(r, (0, longest - len(r)), constant_values=filler) for r in rows])

    return Phrases(
        pieces[0].role, padded("symbols"), padded("pitch", -1), padded("step_in_bar"),
        padded("root"), padded("tonic"), padded("fitting"), 0, pieces[0].steps_per_bar,
    )  # fmt: skip


def _once_per_piece(events: IntArray, of_piece: IntArray) -> tuple[IntArray, IntArray]:
    """The events that occur, sorted, and in how many pieces: a tune that repeats is one tune."""
    known, index = np.unique(events, return_inverse=True)
    n_pieces = int(of_piece.max()) + 1
    in_pieces = np.unique(index.astype(np.int64) * n_pieces + of_piece)
    return known, np.bincount(in_pieces // n_pieces, minlength=len(known))


def _with_best_strengths(model: NoveltyModel, held_out: Sequence[Phrases]) -> NoveltyModel:
    """Choose each strength in turn, the others as they are."""
    best = [4.0] * len(model.strengths)
    prepared = []
    for phrases in held_out:
        contexts = contexts_of_steps(phrases)
        prepared.append((model._long_term(contexts, phrases), _met_before(contexts, phrases)))

    def nats(strengths: Sequence[float]) -> float:
        tried = replace(model, strengths=tuple(strengths))
        return sum(float(-np.log(tried._laid_over(*one)).sum()) for one in prepared)

    for _ in range(2):
        for index in range(len(best)):
            tried = [
                (nats([*best[:index], value, *best[index + 1 :]]), value)
                for value in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
            ]
            best[index] = min(tried)[1]
    return replace(model, strengths=tuple(best))
