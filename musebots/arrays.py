"""Array types, named once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "IntArray"]

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
