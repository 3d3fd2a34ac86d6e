"""What a band knows ahead of a piece: where a bar lies in its section, what comes back. Pure.

The corpora name no sections. Blocks of eight bars stand for them, and a block over the chords of
an earlier one for a passage that comes back: both follow from bars and chords alone, which a band
agrees on before it plays, and never from the notes that are to be predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from musebots.harmony import Chord
from musebots.rnn.features import PLACES

__all__ = ["others_density", "places_in_section", "recall_bars"]

_SECTION_BARS = 8
_OPENING_BARS = 2
_PASSAGE_BARS = 4

PlaceArray = npt.NDArray[np.int8]


def places_in_section(n_bars: int, *, first_bar: int = 0, is_ended: bool = True) -> PlaceArray:
    """Where each bar lies, as indices into `PLACES`.

    Parameters
    ----------
    n_bars : int
        Length of the piece.
    first_bar : int
        The bar that opens the first section: 1 after a pickup.
    is_ended : bool
        Whether the last bar is the end of the piece.

    Examples
    --------
    >>> [PLACES[place] for place in places_in_section(10)][-4:]
    ['inside', 'closing', 'opening', 'final']
    """
    in_section = (np.arange(n_bars) - first_bar) % _SECTION_BARS
    places = np.full(n_bars, PLACES.index("inside"), dtype=np.int8)
    places[in_section < _OPENING_BARS] = PLACES.index("opening")
    places[in_section == _SECTION_BARS - 1] = PLACES.index("closing")
    places[:first_bar] = PLACES.index("")
    if is_ended and n_bars:
        places[-1] = PLACES.index("final")
    return places


def others_density(
    onsets: Iterable[int], n_steps: int, steps_per_bar: int
) -> npt.NDArray[np.float32]:
    """Share of the 16ths of the bar before on which the others started a note, for every step.

    Parameters
    ----------
    onsets : iterable of int
        Steps at which any of the others starts a note.
    n_steps, steps_per_bar : int
        Length of the piece, a whole number of bars, and of a bar.

    Returns
    -------
    array
        (n_steps,); NaN in the first bar, before which nothing was heard.
    """
    is_onset = np.zeros(n_steps, dtype=bool)
    is_onset[[step for step in onsets if 0 <= step < n_steps]] = True
    per_bar = is_onset.reshape(-1, steps_per_bar).mean(axis=1)
    before = np.concatenate([[np.nan], per_bar[:-1]])
    return np.repeat(before, steps_per_bar).astype(np.float32)


def recall_bars(
    chords: Sequence[Chord], steps_per_bar: int, *, first_bar: int = 0
) -> npt.NDArray[np.int16]:
    """How many bars ago the passage lies that each bar comes back to, (n_bars,); 0 for none.

    Passages begin every four bars from `first_bar`. One whose eight bars of chords, or else four,
    are those of an earlier passage comes back to the latest such passage.
    """
    n_bars = len(chords) // steps_per_bar
    bars = [tuple(chords[b * steps_per_bar : (b + 1) * steps_per_bar]) for b in range(n_bars)]
    number = {bar: index for index, bar in enumerate(dict.fromkeys(bars))}
    numbers = [number[bar] for bar in bars]
    found = np.zeros(n_bars, dtype=np.int16)
    latest: dict[tuple[int, ...], int] = {}
    goes_on = 0
    for start in range(first_bar, n_bars, _PASSAGE_BARS):
        long = tuple(numbers[start : start + 2 * _PASSAGE_BARS])
        short = long[:_PASSAGE_BARS]
        distance = start - latest[long] if long in latest else goes_on
        goes_on = distance if long in latest else 0
        if not distance and short in latest:
            distance = start - latest[short]
        found[start : start + _PASSAGE_BARS] = distance
        latest[short] = start
        latest[long] = start
    return found
