"""What a drum part is like. A hit's pitch is its General MIDI key; the nine drums count. Pure."""

from __future__ import annotations

import numpy as np

from musebots.arrays import IntArray
from musebots.drumkit import DRUM_CLASSES, DRUM_PITCHES
from musebots.measures.part import BoolArray, Part
from musebots.measures.pitch import entropy_bits
from musebots.measures.rhythm import syncopation

__all__ = [
    "backbeat_rate",
    "drum_grid",
    "hits_per_bar_of",
    "kick_on_one_rate",
    "kick_snare_syncopation",
    "n_drums",
    "onset_steps_per_bar",
    "polyphony",
    "silent_step_rate",
    "step_tokens",
    "token_entropy",
]

_CLASS_OF = {pitch: index for index, pitch in enumerate(DRUM_PITCHES)}
_N_CLASSES = len(DRUM_CLASSES)


def drum_grid(part: Part) -> BoolArray:
    """Which drums are struck on which 16th: (n_steps, 9), in the order of `DRUM_CLASSES`."""
    grid = np.zeros((part.n_steps, _N_CLASSES), dtype=bool)
    for step, pitch in zip(part.steps.tolist(), part.pitch.tolist(), strict=True):
        drum = _CLASS_OF.get(pitch)
        if drum is not None:
            grid[step, drum] = True
    return grid


def step_tokens(part: Part) -> IntArray:
    """What is struck on every 16th as one number: bit ``c`` for class ``c``, (n_steps,)."""
    return drum_grid(part) @ (1 << np.arange(_N_CLASSES))


def onset_steps_per_bar(part: Part) -> float:
    """On how many 16ths of a bar anything is struck."""
    return float(part.onset_grid.sum() / part.n_bars)


def polyphony(part: Part) -> float:
    """How many drums are struck together, on the steps on which any is.

    Notes
    -----
    MusPy ``polyphony`` on a roll in which a hit lasts one step.
    """
    together = drum_grid(part).sum(axis=1)
    struck = together[together > 0]
    return float(struck.mean()) if len(struck) else float("nan")


def n_drums(part: Part) -> float:
    """How many of the nine drums are used."""
    return float(drum_grid(part).any(axis=0).sum())


def token_entropy(part: Part) -> float:
    """How varied the strokes are: entropy of what is struck on a 16th, silence too, in bits."""
    return entropy_bits(np.bincount(step_tokens(part)))


def silent_step_rate(part: Part) -> float:
    """Share of 16ths on which nothing is struck."""
    return float(1.0 - part.onset_grid.mean())


def hits_per_bar_of(part: Part, drum: str) -> float:
    """How often one drum, by its name in `DRUM_CLASSES`, is struck in a bar."""
    return float(drum_grid(part)[:, DRUM_CLASSES.index(drum)].sum() / part.n_bars)


def kick_on_one_rate(part: Part) -> float:
    """Share of bars that begin with the bass drum."""
    kick = drum_grid(part)[:: part.steps_per_bar, DRUM_CLASSES.index("kick")]
    return float(kick.mean())


def backbeat_rate(part: Part) -> float:
    """Share of the second and fourth beats (of 4/4) with a snare drum.

    Raises
    ------
    ValueError
        If the part is in another time signature: it has no backbeat of this kind.
    """
    if part.steps_per_bar != 16:
        raise ValueError(f"a backbeat needs four beats in a bar, not {part.time_signature}")
    snare = drum_grid(part)[:, DRUM_CLASSES.index("snare")].reshape(-1, 16)
    return float(snare[:, (4, 12)].mean())


def kick_snare_syncopation(part: Part) -> float:
    """`syncopation` of what bass drum and snare play together, a bar.

    Cymbals keep the time: with them no drum part would be syncopated.
    """
    return syncopation(part.only(np.isin(part.pitch, DRUM_PITCHES[:2])))
