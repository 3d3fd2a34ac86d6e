"""The key's lock of `musebots.rnn.locks`, for many steps at once, with gradients. Needs torch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["is_outside", "locked"]


def is_outside(pitches: Tensor, fitting: Tensor) -> Tensor:
    """Which tokens are notes outside key and chord.

    Parameters
    ----------
    pitches : Tensor
        (..., n_tokens): their MIDI pitches, -1 for no note.
    fitting : Tensor
        (...): bit `c` says that pitch class `c` is in the key or in the chord.
    """
    fits = (fitting[..., None] >> (pitches.clamp(min=0) % 12)) & 1
    return (pitches >= 0) & (fits == 0)


def locked(steered: Tensor, plain: Tensor, outside: Tensor) -> Tensor:
    """The key's lock of `musebots.rnn.locks`: outside gets no likelier against all inside."""
    inside = [torch.logsumexp(x.masked_fill(outside, -torch.inf), dim=-1) for x in (steered, plain)]
    most = (inside[0] - inside[1])[..., None]
    return torch.where(outside, torch.minimum(steered, plain + most), steered)
