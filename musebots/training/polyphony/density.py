"""How probable a frame is, given what the recurrent layer says: two densities over all keys."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Density", "IndependentKeys", "Nade"]


class Density(nn.Module):
    """A probability for every set of keys, given a hidden state and the frame before."""

    def forward(self, hidden: Tensor, before: Tensor, frame: Tensor) -> Tensor:
        """Compute what frames cost.

        Parameters
        ----------
        hidden : Tensor
            Output of the recurrent layer, (n_frames, n_units).
        before : Tensor
            The frame before each, (n_frames, n_keys), 0 or 1.
        frame : Tensor
            The frames, (n_frames, n_keys), 0 or 1.

        Returns
        -------
        Tensor
            ``-ln p(frame | hidden, before)``, (n_frames,).
        """
        raise NotImplementedError


class IndependentKeys(Density):
    """Every key sounds or not whatever the others do: the literature's output layer.

    Parameters
    ----------
    n_units, n_keys : int
        Widths of the hidden state and of the keyboard.
    """

    def __init__(self, n_units: int, n_keys: int) -> None:
        super().__init__()
        self.key = nn.Linear(n_units, n_keys)

    def forward(self, hidden: Tensor, before: Tensor, frame: Tensor) -> Tensor:
        return _nats(self.key(hidden), frame)


class Nade(Density):
    """Key after key from low to high: each knows which of the lower ones sound.

    Parameters
    ----------
    n_units, n_keys : int
        Widths of the hidden state and of the keyboard.
    n_hidden : int
        Units behind each key.
    span : int
        So many semitones a key hears around it by distance, in this frame (below) and in the one
        before (both ways), with weights that all keys share; 0 makes this the plain NADE.
    dropout : float
        Share of the units behind the keys that is hidden in training.

    Notes
    -----
    ``p(v) = prod_i p(v_i | v_<i)``, each factor a logistic unit on a hidden layer that shares its
    weights among the factors: Larochelle and Murray, AISTATS 2011, eqs. 9-10; the recurrent layer
    gives the biases: Boulanger-Lewandowski, Bengio and Vincent, ICML 2012, section 5. With
    `span` the hidden layer of key i also gets ``sum_d A_d v_(i-d) + sum_d B_d u_(i+d)``, u the
    frame before: an interval or a step is learned once, not once for every key.
    """

    def __init__(
        self, n_units: int, n_keys: int, *, n_hidden: int = 64, span: int = 0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.span = span
        self.bias = nn.Linear(n_units, n_keys)
        self.hidden_bias = nn.Linear(n_units, n_hidden)
        self.below = nn.Parameter(torch.randn(n_keys, n_hidden) / n_keys**0.5)
        self.above = nn.Parameter(torch.randn(n_keys, n_hidden) / n_hidden**0.5)
        self.around = nn.Linear(3 * span + 1, n_hidden, bias=False) if span else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, before: Tensor, frame: Tensor) -> Tensor:
        each = frame.unsqueeze(-1) * self.below  # (n_frames, n_keys, n_hidden)
        lower = each.cumsum(dim=1) - each  # the sum over j < i
        behind = lower + self.hidden_bias(hidden).unsqueeze(1)
        if self.around is not None:
            behind = behind + self.around(self._around(before, frame))
        behind = self.dropout(behind.sigmoid())
        return _nats(self.bias(hidden) + (behind * self.above).sum(dim=-1), frame)

    def _around(self, before: Tensor, frame: Tensor) -> Tensor:
        """What each key hears by distance: (n_frames, n_keys, 3 * span + 1)."""
        n_keys, span = frame.shape[1], self.span
        below = nn.functional.pad(frame, (span, 0)).unfold(1, span, 1)[:, :n_keys]
        last = nn.functional.pad(before, (span, span)).unfold(1, 2 * span + 1, 1)
        return torch.cat([below, last], dim=-1)


def _nats(logits: Tensor, frame: Tensor) -> Tensor:
    """Binary cross-entropy, summed over the keys."""
    return nn.functional.binary_cross_entropy_with_logits(logits, frame, reduction="none").sum(-1)
