"""The bar that is most typical of each drum style. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musebots.rnn.vocabulary import DRUM_CLASSES, DrumVocabulary, Groove
from musebots.training.pieces import Piece, steps_per_bar

__all__ = ["typical_grooves"]

_MIN_BARS = 16


def typical_grooves(vocabulary: DrumVocabulary, pieces: Sequence[Piece]) -> tuple[Groove, ...]:
    """Find, for every style and meter, the bar of the corpus that stands best for all of them.

    Of the bars with as many hits as the median bar (one more or less), it is the one whose hits
    are the commonest: with the largest sum, over its hits, of the share of bars that have that
    hit. Pieces that hold fills do not count, nor styles with fewer than 16 bars in a meter.
    """
    bars: dict[tuple[str, int, bool], list[npt.NDArray[np.int16]]] = {}
    for piece in pieces:
        if piece.fills.any():
            continue
        length = steps_per_bar(piece.time_signature)
        place = (piece.style, length, piece.time_signature.is_compound)
        whole = piece.voice[: piece.n_steps // length * length]
        bars.setdefault(place, []).append(whole.reshape(-1, length))
    grooves = []
    for (style, _, is_compound), found in sorted(bars.items(), key=lambda item: item[0]):
        masks = np.concatenate(found)  # (n_bars, n_steps)
        if len(masks) >= _MIN_BARS:
            tokens = tuple(vocabulary.token_of(int(mask)) for mask in _typical(masks))
            grooves.append(Groove(style, is_compound, tokens))
    return tuple(grooves)


def _typical(masks: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """One row of (n_bars, n_steps)."""
    bits = masks[:, :, None] >> np.arange(len(DRUM_CLASSES)) & 1  # (n_bars, n_steps, 9)
    n_hits = bits.sum(axis=(1, 2))
    score = (bits * bits.mean(axis=0)).sum(axis=(1, 2))
    score[np.abs(n_hits - np.median(n_hits)) > 1] = -1.0
    typical: npt.NDArray[np.int16] = masks[int(score.argmax())]
    return typical
