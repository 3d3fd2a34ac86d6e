"""A window as bit-planes, and the search for its best subset.

The batch scan and the streaming scan both search here, so that they cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from creativity import plane_kernels, search_kernels
from creativity.scores import Statistic
from musebots.arrays import IntArray

__all__ = ["Found", "Planes", "Preference", "no_columns", "pack", "random_starts", "unpack"]

Words = npt.NDArray[np.uint64]
Bins = npt.NDArray[np.uint8]

_CODES: dict[Statistic, int] = {
    "berk-jones": search_kernels.BERK_JONES,
    "higher-criticism": search_kernels.HIGHER_CRITICISM,
    "kolmogorov-smirnov": search_kernels.KOLMOGOROV_SMIRNOV,
}
_LARGEST_TABLE = 2**20


@dataclass(frozen=True, slots=True)
class Preference:
    """Which subset to prefer, beyond its score; all zero is the plain subset scan.

    Parameters
    ----------
    row_penalty, column_penalty : float
        >= 0; what each step and each node of the subset costs, in units of the score.
    persistence_bonus : float
        >= 0; what each node earns that was in the last subset too.

    Notes
    -----
    Penalties and bonuses add up over lines, so the best subset is still a cut through the lines
    by count (Speakman et al., *Penalized fast subset scanning*, 2016). Lines of one count are
    taken all or none, which is optimal for Berk-Jones, a convex function of the counts, and a
    close approximation for the other two scores.
    """

    row_penalty: float = 0.0
    column_penalty: float = 0.0
    persistence_bonus: float = 0.0

    def __post_init__(self) -> None:
        for name in ("row_penalty", "column_penalty", "persistence_bonus"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name} must be >= 0 and finite, got {value}")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The best subset at the thresholds of the planes: sorted rows and columns, and where."""

    objective: float
    threshold: int
    rows: IntArray
    columns: IntArray


class Planes:
    """Which cells of a window are significant at each threshold, 64 to a word.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the window, each >= 1.
    alphas : array
        Thresholds in (0, 1), increasing; at most 255.
    """

    def __init__(self, n_rows: int, n_columns: int, alphas: npt.NDArray[np.float64]) -> None:
        self.alphas = np.ascontiguousarray(alphas, dtype=np.float64)
        n = self.alphas.size
        self._by_row = np.zeros((n, n_rows, n_words(n_columns)), np.uint64)
        self._by_column = np.zeros((n, n_columns, n_words(n_rows)), np.uint64)
        self._table = _x_log_x(min(n_rows * n_columns, _LARGEST_TABLE))
        self._rows = np.zeros(n_words(n_rows), np.uint64)
        self._columns = np.zeros(n_words(n_columns), np.uint64)

    def fill(self, bins: Bins) -> None:
        """Set the whole window; a bin is the index of the first alpha >= p."""
        plane_kernels.fill_planes(bins, self._by_row, self._by_column)

    def put(self, slot: int, bins: Bins) -> None:
        """Replace one row."""
        plane_kernels.put_row(bins, slot, self._by_row, self._by_column)

    def search(
        self, starts: Words, kept: Words, statistic: Statistic, preference: Preference
    ) -> Found:
        """The best subset that the ascents find.

        Parameters
        ----------
        starts : array of uint64
            Sets of columns to start from besides the standard ones, (n_starts, words).
        kept : array of uint64
            The columns that earn the persistence bonus, (words,).
        """
        settings = _settings(statistic, preference)
        objective, threshold = search_kernels.scan_planes(
            self._by_row, self._by_column, self.alphas, starts, settings, kept, self._table,
            self._rows, self._columns,
        )  # fmt: skip
        return self._found(objective, threshold)

    def climb(self, columns: Words, statistic: Statistic, preference: Preference) -> Found:
        """The subset that the ascent reaches from these columns at the first threshold."""
        settings = _settings(statistic, preference)
        settings[1] = self.alphas[0]
        self._rows[:] = 0
        self._columns[:] = columns
        objective = search_kernels.climb(
            self._by_row[0], self._by_column[0], self._rows, self._columns, settings,
            np.zeros_like(columns), self._table, False,
        )  # fmt: skip
        return self._found(objective, 0)

    def _found(self, objective: float, threshold: int) -> Found:
        return Found(float(objective), int(threshold), unpack(self._rows), unpack(self._columns))


def _settings(statistic: Statistic, preference: Preference) -> npt.NDArray[np.float64]:
    return np.array([
        _CODES[statistic], 0.5, preference.row_penalty, preference.column_penalty,
        preference.persistence_bonus,
    ])  # fmt: skip


def n_words(n: int) -> int:
    """How many words hold `n` bits."""
    return (n + 63) // 64


def no_columns(n_columns: int) -> Words:
    """The empty set of columns."""
    return np.zeros(n_words(n_columns), np.uint64)


def pack(chosen: npt.NDArray[np.bool_]) -> Words:
    """Sets as bits: (..., n) booleans to (..., words)."""
    width = 64 * n_words(chosen.shape[-1])
    padded = np.zeros((*chosen.shape[:-1], width), np.bool_)
    padded[..., : chosen.shape[-1]] = chosen
    return np.packbits(padded, axis=-1, bitorder="little").view("<u8").astype(np.uint64)


def unpack(words: Words) -> IntArray:
    """The members of a set, sorted."""
    return np.flatnonzero(np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little"))


def random_starts(bins: Bins, n_starts: int, rng: np.random.Generator) -> Words:
    """Random sets of columns that do not depend on the order of rows and columns.

    Each column is hashed by which bins occur in it how often; a start takes the columns whose
    hash, salted, falls below its density. So a permuted window gets the permuted starts.
    """
    if n_starts == 0:
        return np.zeros((0, n_words(bins.shape[1])), np.uint64)
    codes = rng.integers(0, 2**64, 256, dtype=np.uint64)
    keys = codes[bins].sum(axis=0, dtype=np.uint64)  # (n_columns,), overflow wraps
    salts = rng.integers(0, 2**64, (n_starts, 1), dtype=np.uint64)
    densities = rng.uniform(0.1, 0.9, (n_starts, 1))
    return pack(_mixed(keys ^ salts) * 2.0**-64 < densities)


def _mixed(words: Words) -> Words:
    """The finaliser of splitmix64 (Steele, Lea & Flood 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


@lru_cache(maxsize=8)
def _x_log_x(n: int) -> npt.NDArray[np.float64]:
    """``i log i`` for i = 0..n, 0 at 0."""
    i = np.arange(n + 1, dtype=np.float64)
    i[1:] *= np.log(i[1:])
    return i
