"""The network of the yardstick: the frames so far -> recurrent layer -> a density over the next."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from musebots.training.polyphony.density import Density

__all__ = ["Cell", "FrameModel"]

Cell = Literal["gru", "lstm"]
_CELLS: dict[Cell, type[nn.GRU] | type[nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class FrameModel(nn.Module):
    """One recurrent layer, the cell of our musebots or its older sister, under a density.

    Parameters
    ----------
    density : Density
        What the layer's output conditions.
    cell : {"gru", "lstm"}
        Kind of the recurrent layer.
    n_keys, n_units : int
        Widths of a frame and of the layer.
    input_dropout, dropout : float
        Share of the keys heard and of the hidden activations that is hidden in training.
    """

    def __init__(
        self,
        density: Density,
        *,
        cell: Cell,
        n_keys: int,
        n_units: int,
        input_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.recurrent = _CELLS[cell](n_keys, n_units, batch_first=True)
        self.density = density
        self.input_dropout = nn.Dropout(input_dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor, is_real: Tensor) -> Tensor:
        """Compute what every frame costs given all frames before it; silence precedes the first.

        Parameters
        ----------
        frames : Tensor
            (n_rolls, n_frames, n_keys), 0.0 or 1.0.
        is_real : Tensor
            (n_rolls, n_frames), False where a shorter roll was filled up.

        Returns
        -------
        Tensor
            ``-ln p``, one for every real frame, roll after roll.
        """
        before = torch.cat([torch.zeros_like(frames[:, :1]), frames[:, :-1]], dim=1)
        hidden, _ = self.recurrent(self.input_dropout(before))  # (n_rolls, n_frames, n_units)
        hidden = self.dropout(hidden[is_real])  # (n_real, n_units)
        nats: Tensor = self.density(hidden, before[is_real], frames[is_real])
        return nats
