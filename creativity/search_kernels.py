"""The search for the best subset of a window, as machine code.

The window comes as the two planes of bits of every threshold (`creativity.plane_kernels`). How many
significant cells a row has within a set of columns is then a few `and`s and bit counts.

For one threshold and one set of columns, the best set of rows holds the rows with the most
significant cells (linear-time subset scanning): rows are taken by count, ties together, and every
cut is scored. Then the best columns for these rows, and so on, until the score no longer rises.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from creativity.compiled import compiled

__all__ = ["BERK_JONES", "HIGHER_CRITICISM", "KOLMOGOROV_SMIRNOV", "climb", "scan_planes"]

BERK_JONES, HIGHER_CRITICISM, KOLMOGOROV_SMIRNOV = 0, 1, 2

Words = npt.NDArray[np.uint64]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_PAIRS = np.uint64(0x5555555555555555)
_QUADS = np.uint64(0x3333333333333333)
_OCTETS = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)
_TWO, _FOUR, _TOP = np.uint64(2), np.uint64(4), np.uint64(56)
_RISE = 1e-9


@compiled
def _n_bits(word: np.uint64) -> int:
    """How many bits are set; compilers know this idiom and use one instruction."""
    word = word - ((word >> _ONE) & _PAIRS)
    word = (word & _QUADS) + ((word >> _TWO) & _QUADS)
    word = (word + (word >> _FOUR)) & _OCTETS
    return int(np.int64((word * _SUM) >> _TOP))


@compiled
def _x_log_x(n: int, table: Doubles) -> float:
    if n < table.size:
        return float(table[n])
    return n * math.log(n)


@compiled
def phi(statistic: int, alpha: float, logs: Doubles, n_alpha: int, n: int, table: Doubles) -> float:
    """The score of a subset of `n` cells of which `n_alpha` are significant; logs = log a, 1-a."""
    excess = n_alpha - n * alpha
    if excess <= 0.0:
        return 0.0
    if statistic == BERK_JONES:
        rest = n - n_alpha
        score = _x_log_x(n_alpha, table) + _x_log_x(rest, table) - _x_log_x(n, table)
        return float(score - n_alpha * logs[0] - rest * logs[1])
    if statistic == HIGHER_CRITICISM:
        return excess / math.sqrt(n * alpha * (1.0 - alpha))
    return excess / math.sqrt(n)


@compiled
def _count(plane: Words, chosen: Words, counts: Integers) -> int:
    """Significant cells of every line within the chosen ones of the other kind; their number."""
    n_words = chosen.size
    if n_words == 1:
        word = chosen[0]
        for i in range(plane.shape[0]):
            counts[i] = _n_bits(plane[i, 0] & word)
    else:
        for i in range(plane.shape[0]):
            n = 0
            for w in range(n_words):
                n += _n_bits(plane[i, w] & chosen[w])
            counts[i] = n
    total = 0
    for w in range(n_words):
        total += _n_bits(chosen[w])
    return total


@compiled
def _cut(
    counts: Integers, n_other: int, kept: Words, settings: Doubles, logs: Doubles,
    tallies: Integers, table: Doubles,
) -> tuple[float, int, int]:  # fmt: skip
    """The best cut: (objective, least count of lines outside `kept`, least count within it).

    settings: statistic, alpha, penalty per line taken, bonus per kept line taken.
    """
    statistic, alpha, penalty, bonus = int(settings[0]), settings[1], settings[2], settings[3]
    tallies[:, : n_other + 2] = 0
    n_kept = 0
    if bonus == 0.0:
        for i in range(counts.size):
            tallies[0, counts[i]] += 1
    else:
        for i in range(counts.size):
            is_kept = int(np.int64((kept[i >> 6] >> (np.uint64(i) & _LOW_SIX)) & _ONE))
            tallies[is_kept, counts[i]] += 1
            n_kept += is_kept
    best, best_free, best_kept = -math.inf, n_other + 1, n_other + 1
    k_lines, k_alpha = 0, 0
    least_kept = n_other + 1
    while True:
        lines, n_alpha = k_lines, k_alpha
        gain = bonus * k_lines
        for least in range(n_other + 1, -1, -1):
            found = tallies[0, least]
            if found == 0 and least <= n_other:
                continue
            lines += found
            n_alpha += found * least
            if n_alpha == 0:
                continue
            score = phi(statistic, alpha, logs, n_alpha, lines * n_other, table)
            if score == 0.0:
                continue
            score += gain - penalty * lines
            if score > best:
                best, best_free, best_kept = score, least, least_kept
        if n_kept == 0 or least_kept == 0:
            break
        least_kept -= 1
        while least_kept > 0 and tallies[1, least_kept] == 0:
            least_kept -= 1
        k_lines += tallies[1, least_kept]
        k_alpha += tallies[1, least_kept] * least_kept
    return best, best_free, best_kept


@compiled
def _take(
    counts: Integers, least_free: int, least_kept: int, kept: Words, bonus: float, chosen: Words
) -> None:
    """Set the bits of the lines whose count reaches the cut."""
    chosen[:] = 0
    for i in range(counts.size):
        bit = np.uint64(i) & _LOW_SIX
        least = least_free
        if bonus != 0.0 and (kept[i >> 6] >> bit) & _ONE:
            least = least_kept
        if counts[i] >= least:
            chosen[i >> 6] |= _ONE << bit


@compiled
def climb(
    by_row: Words, by_column: Words, rows: Words, columns: Words, settings: Doubles, kept: Words,
    table: Doubles, from_rows: bool,
) -> float:  # fmt: skip
    """Ascend at one threshold from the given columns (or rows), in place; the objective reached.

    settings: statistic, alpha, penalty per row, penalty per column, bonus per kept column.
    Every half-step is optimal given the other half, so the objective never falls.
    """
    n_rows, n_columns = by_row.shape[0], by_column.shape[0]
    tallies = np.empty((2, max(n_rows, n_columns) + 2), np.int64)
    row_counts, column_counts = np.empty(n_rows, np.int64), np.empty(n_columns, np.int64)
    logs = np.array([math.log(settings[1]), math.log1p(-settings[1])])
    for_rows = np.array([settings[0], settings[1], settings[2], 0.0])
    for_columns = np.array([settings[0], settings[1], settings[3], settings[4]])
    reached = -math.inf
    on_rows = not from_rows
    while True:
        if on_rows:
            n = _count(by_row, columns, row_counts)
            constant = -settings[3] * n
            if settings[4] != 0.0:
                for w in range(columns.size):
                    constant += settings[4] * _n_bits(columns[w] & kept[w])
            best, least, _ = _cut(row_counts, n, kept, for_rows, logs, tallies, table)
            if not best + constant > reached + _RISE:
                return reached
            _take(row_counts, least, least, kept, 0.0, rows)
        else:
            n = _count(by_column, rows, column_counts)
            constant = -settings[2] * n
            best, least, least_kept = _cut(
                column_counts, n, kept, for_columns, logs, tallies, table
            )
            if not best + constant > reached + _RISE:
                return reached
            _take(column_counts, least, least_kept, kept, settings[4], columns)
        reached = best + constant
        on_rows = not on_rows


@compiled
def _best_threshold(
    by_row: Words, rows: Words, columns: Words, alphas: Doubles, statistic: int, table: Doubles
) -> int:
    """The threshold at which this subset scores highest."""
    n_lines, n_columns = 0, 0
    for w in range(columns.size):
        n_columns += _n_bits(columns[w])
    for w in range(rows.size):
        n_lines += _n_bits(rows[w])
    best, at = 0.0, 0
    for t in range(alphas.size):
        n_alpha = 0
        for i in range(by_row.shape[1]):
            if (rows[i >> 6] >> (np.uint64(i) & _LOW_SIX)) & _ONE:
                for w in range(columns.size):
                    n_alpha += _n_bits(by_row[t, i, w] & columns[w])
        logs = np.array([math.log(alphas[t]), math.log1p(-alphas[t])])
        score = phi(statistic, alphas[t], logs, n_alpha, n_lines * n_columns, table)
        if score > best:
            best, at = score, t
    return at


@compiled
def scan_planes(
    by_row: Words, by_column: Words, alphas: Doubles, starts: Words, settings: Doubles,
    kept: Words, table: Doubles, rows: Words, columns: Words,
) -> tuple[float, int]:  # fmt: skip
    """The best subset over all thresholds and starts, into `rows` and `columns`.

    Starts at each threshold: all columns, all rows, what was best at the last threshold, the
    row (or rows) with the most significant cells, and the sets of columns in `starts`
    (n_starts, words).

    Returns the objective (0 and empty sets where nothing deviates) and the threshold.
    """
    n_rows, n_columns = by_row.shape[1], by_column.shape[1]
    every_row, every_column = _first(n_rows, rows.size), _first(n_columns, columns.size)
    tried_rows, tried_columns = np.zeros_like(rows), np.zeros_like(columns)
    local_columns = every_column.copy()
    own = settings.copy()
    bounds = _bounds(by_row, alphas, settings, kept, every_column, table)
    best, at = 0.0, 0
    rows[:] = 0
    columns[:] = 0
    for t in np.argsort(-bounds, kind="mergesort"):
        if bounds[t] <= best:
            break
        if t > 0 and np.array_equal(by_row[t], by_row[t - 1]):
            continue  # no cell lies between: the smaller alpha says more
        own[1] = alphas[t]
        local = -math.inf
        for s in range(starts.shape[0] + 4):
            if s == 0:
                tried_columns[:] = every_column
            elif s == 1:
                tried_rows[:] = every_row
            elif s == 2:
                tried_columns[:] = local_columns
            elif s == 3:
                _fullest(by_row[t], every_column, tried_rows)
            else:
                tried_columns[:] = starts[s - 4]
            reached = climb(
                by_row[t], by_column[t], tried_rows, tried_columns, own, kept, table,
                s == 1 or s == 3,
            )  # fmt: skip
            if reached > local:
                local = reached
                local_columns[:] = tried_columns
            if reached > best:
                best, at = reached, t
                rows[:] = tried_rows
                columns[:] = tried_columns
    while best > 0.0:
        t = _best_threshold(by_row, rows, columns, alphas, int(settings[0]), table)
        own[1] = alphas[t]
        tried_columns[:] = columns
        reached = climb(by_row[t], by_column[t], tried_rows, tried_columns, own, kept, table, False)
        if reached <= best + _RISE:
            break
        best, at = reached, t
        rows[:] = tried_rows
        columns[:] = tried_columns
    return best, at


@compiled
def _bounds(
    by_row: Words, alphas: Doubles, settings: Doubles, kept: Words, every_column: Words,
    table: Doubles,
) -> Doubles:  # fmt: skip
    """What no subset exceeds at each threshold: the significant cells by themselves."""
    bounds = np.zeros(alphas.size)
    counts = np.empty(by_row.shape[1], np.int64)
    bonus = 0.0
    for w in range(kept.size):
        bonus += settings[4] * _n_bits(kept[w])
    for t in range(alphas.size):
        _count(by_row[t], every_column, counts)
        n_alpha = counts.sum()
        if n_alpha > 0:
            logs = np.array([math.log(alphas[t]), math.log1p(-alphas[t])])
            score = phi(int(settings[0]), alphas[t], logs, n_alpha, n_alpha, table)
            bounds[t] = score + bonus
    return bounds


@compiled
def _first(n: int, n_words: int) -> Words:
    """The set of the lines 0..n-1."""
    chosen = np.zeros(n_words, np.uint64)
    for i in range(n):
        chosen[i >> 6] |= _ONE << (np.uint64(i) & _LOW_SIX)
    return chosen


@compiled
def _fullest(plane: Words, chosen: Words, lines: Words) -> None:
    """The set of the lines with the most significant cells within the chosen ones.

    All of them, if several have as many: which comes first must not matter.
    """
    counts = np.empty(plane.shape[0], np.int64)
    _count(plane, chosen, counts)
    most = counts.max()
    _take(counts, most, most, lines, 0.0, lines)
