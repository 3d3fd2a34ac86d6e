"""Key and chords of music that does not name them. Pure.

Chords are what the other parts say: the part that is learned must not tell its own harmony.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musebots.harmony import QUALITIES, Chord, Key

__all__ = ["CHORDS", "chord_fits", "chroma_of", "estimate_chords", "estimate_key",
           "key_fit"]  # fmt: skip

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_PROFILES = {"major": _MAJOR, "minor": _MINOR}
_QUALITIES = ("maj", "min", "7", "min7", "dim")
_RARER = {"maj": 0.0, "min": 0.0, "7": 0.04, "min7": 0.04, "dim": 0.06}
_CHANGE_COST = 0.12
CHORDS = tuple(Chord(root, quality) for quality in _QUALITIES for root in range(12))
"""The chords that are looked for."""

FloatArray = npt.NDArray[np.float64]


def chroma_of(
    notes: Sequence[tuple[float, float, int]], edges: npt.NDArray[np.float64]
) -> FloatArray:
    """How long each pitch class sounds between neighbouring edges.

    Parameters
    ----------
    notes : sequence of (float, float, int)
        Onset, duration, MIDI pitch.
    edges : array
        (n + 1,), ascending, in the unit of the onsets.

    Returns
    -------
    FloatArray
        (n, 12).
    """
    chroma = np.zeros((len(edges) - 1, 12))
    for onset, duration, pitch in notes:
        first = max(0, int(np.searchsorted(edges, onset, side="right")) - 1)
        last = min(len(edges) - 1, int(np.searchsorted(edges, onset + duration, side="left")))
        for cell in range(first, last):
            overlap = min(onset + duration, edges[cell + 1]) - max(onset, edges[cell])
            chroma[cell, pitch % 12] += max(0.0, float(overlap))
    return chroma


def estimate_key(chroma: FloatArray) -> Key:
    """The key whose profile correlates best with a pitch-class histogram of shape (12,).

    Notes
    -----
    Krumhansl and Kessler's probe-tone profiles and Krumhansl's algorithm: C. L. Krumhansl,
    Cognitive Foundations of Musical Pitch, Oxford University Press 1990, chapters 2 and 4.

    Examples
    --------
    >>> str(estimate_key(np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], dtype=float)))
    'C major'
    """
    if np.ptp(chroma) == 0:
        return Key()
    keys = [Key(tonic, mode) for mode in _PROFILES for tonic in range(12)]
    return max(keys, key=lambda key: key_fit(chroma, key))


def key_fit(chroma: FloatArray, key: Key) -> float:
    """How well a key fits a histogram of shape (12,): the correlation with its profile, -1..1."""
    if np.ptp(chroma) == 0:
        return 0.0
    return float(np.corrcoef(chroma, np.roll(_PROFILES[key.mode], key.tonic_pc))[0, 1])


def estimate_chords(chroma: FloatArray, key: Key) -> list[Chord]:
    """The likeliest chord of every cell, a Viterbi path that pays for each change.

    Parameters
    ----------
    chroma : FloatArray
        (n_cells, 12).
    key : Key
        Of two equal fits, the chord with more notes in this key is taken.

    Returns
    -------
    list of Chord
        One for each cell; where nothing sounds the chord before goes on.
    """
    return [CHORDS[i] for i in _best_path(chord_fits(chroma, key))]


def chord_fits(chroma: FloatArray, key: Key) -> FloatArray:
    """How well each of `CHORDS` fits each cell, -0.2..1; all 0 where nothing sounds.

    Parameters
    ----------
    chroma : FloatArray
        (n_cells, 12).
    key : Key
        Notes outside it cost a little.

    Returns
    -------
    FloatArray
        (n_cells, len(CHORDS)).
    """
    templates = np.zeros((len(CHORDS), 12))
    for row, chord in enumerate(CHORDS):
        templates[row, list(chord.pitch_classes)] = 1 / np.sqrt(len(QUALITIES[chord.quality]))
    cost = np.array([_RARER[chord.quality] for chord in CHORDS])
    cost += 0.02 * np.array([sum(pc not in key.scale for pc in c.pitch_classes) for c in CHORDS])
    norm = np.linalg.norm(chroma, axis=1, keepdims=True)
    fits: FloatArray = (chroma / np.maximum(norm, 1e-9)) @ templates.T - cost * (norm > 0)
    return fits


def _best_path(fit: FloatArray) -> list[int]:
    n_cells, n_chords = fit.shape
    score = fit[0].copy()
    came_from = np.zeros((n_cells, n_chords), dtype=np.intp)
    for cell in range(1, n_cells):
        best = int(score.argmax())
        stays = score > score[best] - _CHANGE_COST
        came_from[cell] = np.where(stays, np.arange(n_chords), best)
        score = np.where(stays, score, score[best] - _CHANGE_COST) + fit[cell]
    path = [int(score.argmax())]
    for cell in range(n_cells - 1, 0, -1):
        path.append(int(came_from[cell, path[-1]]))
    return path[::-1]
