"""Whether a phrase is still music: what fits the key, the bar, and is neither silent nor stuck.

Each factor is 1 where a phrase is as real ones are, and falls to 0. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musebots.measures.rhythm import metrical_weights
from musebots.novelty.phrases import Phrases
from musebots.timebase import TimeSignature

__all__ = ["WorthScale", "features_of_worth", "syncopations", "worth"]

_BEAT_STEPS = 4
_BACKBEAT_MASK = 0b11  # kick and snare: cymbals keep the time

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WorthScale:
    """What is usual in the corpus: quantiles of its phrases.

    Parameters
    ----------
    least_scale, least_metre : float
        Share of notes in key or chord, and of notes that the metre carries, that a tenth of real
        phrases stay below: as much as that is worth everything.
    most_silence : float
        Share of silent beats that nine tenths stay below.
    longest_run : float
        Equal notes (strokes) in a row that 95 % stay below.
    usual_syncopation, syncopation_spread : float
        Median and interquartile range, a bar: for drums, where a middle is best (Witek 2014).
    """

    least_scale: float
    least_metre: float
    most_silence: float
    longest_run: float
    usual_syncopation: float
    syncopation_spread: float

    @classmethod
    def of(cls, features: Mapping[str, Floats]) -> WorthScale:
        """Quantiles of real phrases' features."""
        low, middle, high = np.quantile(features["syncopation"], (0.25, 0.5, 0.75))
        return cls(
            float(np.quantile(features["scale"], 0.1)),
            float(np.quantile(features["metre"], 0.1)),
            float(np.quantile(features["silence"], 0.9)),
            float(np.quantile(features["run"], 0.95)),
            float(middle),
            float(max(0.25, high - low)),
        )


def features_of_worth(phrases: Phrases) -> dict[str, Floats]:
    """What `worth` looks at, (n_phrases,) each.

    Returns
    -------
    dict
        ``scale``: share of onsets whose pitch class is in the key or in the chord (1 for drums).
        ``metre``: share of onsets on an eighth, or beside one that is (a 16th that is led to).
        ``silence``: share of beats in which nothing sounds. ``run``: equal notes (strokes) in a
        row at most. ``syncopation``: Longuet-Higgins and Lee, a bar; drums: kick and snare.
    """
    judged = phrases.judged
    onset = phrases.is_onset[:, judged]
    n_onsets = np.maximum(1, onset.sum(axis=1))
    if phrases.role == "drums":
        fits = onset
    else:
        classes = phrases.pitch[:, judged] % 12
        fits = onset & ((phrases.fitting[:, judged] >> classes) & 1).astype(bool)
    on_eighth = phrases.step_in_bar[:, judged] % 2 == 0
    padded = np.pad(onset, ((0, 0), (1, 1)))
    carried = onset & (on_eighth | padded[:, :-2] | padded[:, 2:])
    n_beats = onset.shape[1] // _BEAT_STEPS
    sounding = phrases.is_sounding[:, judged][:, : n_beats * _BEAT_STEPS]
    silent = ~sounding.reshape(len(phrases), n_beats, _BEAT_STEPS).any(axis=2)
    return {
        "scale": np.where(onset.any(axis=1), fits.sum(axis=1) / n_onsets, 0.0),
        "metre": np.where(onset.any(axis=1), carried.sum(axis=1) / n_onsets, 0.0),
        "silence": silent.mean(axis=1),
        "run": _longest_runs(phrases).astype(np.float64),
        "syncopation": syncopations(phrases),
    }


def _longest_runs(phrases: Phrases) -> npt.NDArray[np.int64]:
    """The most equal onsets in a row, (n_phrases,)."""
    what = phrases.symbols if phrases.role == "drums" else phrases.pitch
    what = what[:, phrases.judged]
    onset = phrases.is_onset[:, phrases.judged]
    last = np.full(len(phrases), -1, dtype=np.int64)
    run = np.zeros(len(phrases), dtype=np.int64)
    longest = run.copy()
    for step in range(what.shape[1]):
        now, is_onset = what[:, step], onset[:, step]
        run = np.where(is_onset, np.where(now == last, run + 1, 1), run)
        last = np.where(is_onset, now, last)
        longest = np.maximum(longest, run)
    return longest


def syncopations(phrases: Phrases) -> Floats:
    """`musebots.measures.rhythm.syncopation` of many phrases at once, (n_phrases,)."""
    judged = phrases.judged
    onset = phrases.is_onset[:, judged]
    if phrases.role == "drums":
        onset = (phrases.symbols[:, judged] & _BACKBEAT_MASK) > 0
    signature = TimeSignature(phrases.steps_per_bar // 4, 4)
    weights = np.array(metrical_weights(signature))[phrases.step_in_bar[:, judged]]
    total = np.zeros(len(phrases))
    strongest = np.full(len(phrases), -99)  # since the last onset, at later steps
    sounding = np.full(len(phrases), 99)  # weight of the last onset; 99 before the first
    for step in range(onset.shape[1]):
        is_onset = onset[:, step]
        ended = is_onset & (sounding < 99)
        total += np.where(ended, np.maximum(0, strongest - sounding), 0)
        strongest = np.where(is_onset, -99, np.maximum(strongest, weights[:, step]))
        sounding = np.where(is_onset, weights[:, step], sounding)
    total += np.where(sounding < 99, np.maximum(0, strongest - sounding), 0)
    n_bars = onset.shape[1] / phrases.steps_per_bar
    return np.asarray(total / n_bars)


def worth(features: Mapping[str, Floats], scale: WorthScale, *, is_drums: bool) -> Floats:
    """V: the product of the factors, 0..1, (n_phrases,)."""
    fit = np.minimum(1.0, features["scale"] / max(1e-9, scale.least_scale))
    metre = np.minimum(1.0, features["metre"] / max(1e-9, scale.least_metre))
    room = max(0.25, 1.0 - scale.most_silence)
    silence = np.clip((features["silence"] - scale.most_silence) / room, 0.0, 1.0)
    excess = np.maximum(0.0, features["run"] - scale.longest_run)
    stuck = excess / (excess + max(1.0, scale.longest_run))
    found = fit**2 * metre * (1.0 - silence) * (1.0 - stuck)
    if is_drums:
        off = (features["syncopation"] - scale.usual_syncopation) / scale.syncopation_spread
        found = found * np.exp(-0.125 * off**2)
    return np.asarray(found)
