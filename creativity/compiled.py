"""Machine code for the inner loops: compiled once, kept on disk, never in a performance.

numba keeps what it compiled beside the source, or in the user's cache folder where the source
cannot be written, or in ``$NUMBA_CACHE_DIR``. Where none of them can be written the loops are
compiled anew in every process: slower to start, never an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

__all__ = ["compiled"]

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """A function as machine code that runs without the global interpreter lock.

    No `fastmath`: sums are taken in the order in which they are written, so that every processor
    gives the same bits.
    """
    try:
        fast = njit(cache=True, nogil=True, error_model="numpy")(function)
    except (RuntimeError, OSError):  # no folder that the machine code could be kept in
        fast = njit(nogil=True, error_model="numpy")(function)
    return cast(F, fast)
