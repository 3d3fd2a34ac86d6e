"""Waves that pyo reads, made once and kept for the life of the process.

pyo's readers hold a table's memory without holding the table: one that goes before its reader does
is read on, and the process crashes. So none ever goes; an instrument that comes back finds its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from musebots.arrays import FloatArray

__all__ = ["table_of"]

_kept: dict[tuple[object, ...], Any] = {}


def table_of(pyo: Any, key: tuple[object, ...], make: Callable[[], FloatArray]) -> Any:
    """The table under this key, or a new one with what `make` returns, shape (n_samples,)."""
    table = _kept.get(key)
    if table is None:
        wave = np.asarray(make(), dtype=np.float32)
        table = _kept[key] = pyo.DataTable(size=wave.size)
        np.asarray(table.getBuffer())[: wave.size] = wave
    return table
