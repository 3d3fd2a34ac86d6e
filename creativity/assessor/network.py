"""A network that predicts S from a phrase, live with numpy. Pure.

It hears of every step: the symbol, those of one and two bars before, the place in the bar, whether
the note fits key or chord, whether anything starts or holds, and how many bits it was worth. Two
layers look at neighbouring steps; the bits per onset, of the phrase and of the two bars before it,
and means and largest values over the phrase go through a third. S is made of corners, ratios and a
longest run; the network is smooth, can be learned from, and can learn from listeners.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musebots.arrays import IntArray
from musebots.drumkit import DRUM_CLASSES
from musebots.novelty.phrases import Phrases, n_symbols
from musebots.rnn.vocabulary import HOLD, Role

__all__ = [
    "BITS_UNIT",
    "DILATION",
    "KERNEL",
    "MOST_BITS",
    "AssessorNetwork",
    "flags_of",
    "is_fitting",
    "symbol_codes",
]

KERNEL = 5
DILATION = 3
"""Of the second layer: it sees thirteen steps together with the first one's five."""

BITS_UNIT = 4.0
"""So many bits are 1 to the network."""
MOST_BITS = 16.0
"""More than these it does not tell apart."""

Floats = npt.NDArray[np.float64]


def symbol_codes(role: Role) -> npt.NDArray[np.float32]:
    """What each symbol is to the network, (n_symbols, n_codes).

    A voice's symbol stands for itself; a set of drums is the drums that are in it, and how many.
    """
    n = n_symbols(role)
    if role != "drums":
        return np.eye(n, dtype=np.float32)
    bits = (np.arange(n)[:, None] >> np.arange(len(DRUM_CLASSES))) & 1
    return np.column_stack([bits, bits.sum(axis=1), bits.sum(axis=1) == 0]).astype(np.float32)


def is_fitting(role: Role, pitches: IntArray, fitting: IntArray) -> npt.NDArray[np.bool_]:
    """Whether pitches, -1 for none, are in key or chord; drums always are."""
    if role == "drums":
        return np.ones(pitches.shape, dtype=np.bool_)
    return (pitches >= 0) & ((fitting >> (pitches % 12)) & 1).astype(np.bool_)


@dataclass(frozen=True, eq=False)
class AssessorNetwork:
    """A of one role.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    tensors : mapping of str to array
        As `creativity.learning.assessing` names them.
    """

    role: Role
    tensors: Mapping[str, npt.NDArray[np.float32]]

    def __call__(self, phrases: Phrases, bits: Floats) -> Floats:
        """A of each phrase, 0..1, (n_phrases,).

        Parameters
        ----------
        phrases : Phrases
        bits : array
            (n_phrases, n_heard), as `bits_with_before` gives them.
        """
        t, codes, bar = self.tensors, symbol_codes(self.role), phrases.steps_per_bar
        heard = np.arange(phrases.n_steps - bits.shape[1], phrases.n_steps)
        n_judged = phrases.n_steps - phrases.n_before
        columns = []
        for name, lag in (("now", 0), ("bar_ago", bar), ("two_bars_ago", 2 * bar)):
            at = heard - lag
            said = codes[phrases.symbols[:, np.maximum(0, at)]] * (at >= 0)[:, None]
            columns.append(said @ t[f"{name}.weight"].T)
        columns.append(t["place.weight"][phrases.step_in_bar[:, heard] % len(t["place.weight"])])
        flags, bits = flags_of(phrases)[:, heard], np.minimum(bits, MOST_BITS) / BITS_UNIT
        x = np.concatenate([*columns, flags, bits[..., None]], axis=2)  # (n, n_heard, n_inputs)
        x = np.maximum(0, _convolved(x, t["first.weight"], t["first.bias"], 1))
        x = x + np.maximum(0, _convolved(x, t["second.weight"], t["second.bias"], DILATION))
        bits, onset = bits * flags[..., 0], flags[..., 0]
        now, before = (
            bits[:, part].sum(axis=1) / np.maximum(1, onset[:, part].sum(axis=1))
            for part in (slice(-n_judged, None), slice(0, -n_judged))
        )
        x = x[:, -n_judged:]
        pooled = np.column_stack([x.mean(axis=1), x.max(axis=1), now, before])
        inner = np.maximum(0, pooled @ t["third.weight"].T + t["third.bias"])
        logit = inner @ t["verdict.weight"][0] + t["verdict.bias"][0]
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def flags_of(phrases: Phrases) -> npt.NDArray[np.float32]:
    """Whether anything starts, fits key or chord, and holds: (n, n_steps, 3)."""
    onset = phrases.is_onset
    fits = onset & is_fitting(phrases.role, phrases.pitch, phrases.fitting)
    holds = phrases.symbols == HOLD if phrases.role != "drums" else np.zeros_like(onset)
    return np.stack([onset, fits, holds], axis=2).astype(np.float32)


def _convolved(
    x: npt.NDArray[np.floating],
    weight: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    dilation: int,
) -> npt.NDArray[np.floating]:
    """What `torch.nn.Conv1d` computes along the steps, filled up with zeros at both ends."""
    half = (KERNEL - 1) // 2 * dilation
    padded = np.pad(x, ((0, 0), (half, half), (0, 0)))
    n_steps = x.shape[1]
    found = sum(
        padded[:, k * dilation : k * dilation + n_steps] @ weight[:, :, k].T for k in range(KERNEL)
    )
    return np.asarray(found + bias)
