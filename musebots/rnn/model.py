"""The network of all three roles, for training: features -> GRU -> what to play. Needs torch.

Live, `musebots.rnn.stepper` computes the same function with numpy; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from musebots.rnn.checkpoint import Checkpoint
from musebots.rnn.dynamics import LEVEL_TABLES
from musebots.rnn.features import FEATURES, TOKEN_TABLE
from musebots.rnn.sampling import N_VELOCITY_LEVELS
from musebots.rnn.vocabulary import DRUM_CLASSES, Vocabulary

__all__ = ["Cell", "Output", "RoleModel", "model_of"]

Cell = Literal["gru", "lstm"]

_TOKEN_WIDTH = 36
_N_CLASSES = len(DRUM_CLASSES)


@dataclass(frozen=True, slots=True)
class Output:
    """What the network says of a batch of windows.

    Parameters
    ----------
    logits : Tensor
        (n_windows, n_steps, n_tokens).
    velocity : Tensor or None
        Drums: logits of the velocity levels, (n_windows, n_steps, 9, 8).
    offset : Tensor or None
        Drums: expected offset in 16ths late (+) or early (-), (n_windows, n_steps, 9).
    hidden : Tensor
        Hidden activations after every step, before dropout, (n_windows, n_steps, n_units).
    """

    logits: Tensor
    velocity: Tensor | None
    offset: Tensor | None
    hidden: Tensor


class RoleModel(nn.Module):
    """Embeddings of the features, one recurrent layer, and the heads.

    Heads: the token; for drums how each one is struck, given the token. How hard a voice strikes
    is no affair of the network: see `musebots.rnn.dynamics`.

    Parameters
    ----------
    vocabulary : Vocabulary
        The role's words.
    feature_names : sequence of str
        Inputs, rows of `musebots.rnn.features.FEATURES`.
    n_units : int
        Width of the hidden layer.
    dropout : float
        Share of inputs and of hidden activations hidden from the heads while training.
    cell : {"gru", "lstm"}
        Kind of layer; only a GRU can be played.
    token_width : int
        Length of the embedding that all token-valued features share.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        feature_names: tuple[str, ...],
        *,
        n_units: int = 256,
        dropout: float = 0.3,
        cell: Cell = "gru",
        token_width: int = _TOKEN_WIDTH,
    ) -> None:
        super().__init__()
        self.feature_names = feature_names
        tables = {TOKEN_TABLE: nn.Embedding(vocabulary.n_tokens + 1, token_width)}
        for name in feature_names:
            feature = FEATURES[name]
            if not feature.table:
                tables[name] = nn.Embedding(feature.size(vocabulary), feature.width)
        self.tables = nn.ModuleDict(tables)
        n_inputs = sum(self._table(name).embedding_dim for name in feature_names)
        layer = nn.GRU if cell == "gru" else nn.LSTM
        self.gru = layer(n_inputs, n_units, batch_first=True)
        self.token = nn.Linear(n_units, vocabulary.n_tokens)
        self.dropout = nn.Dropout(dropout)
        self.is_drums = vocabulary.role == "drums"
        if self.is_drums:
            n_touch = _N_CLASSES * (N_VELOCITY_LEVELS + 1)  # per drum: velocity levels, offset
            self.touch = nn.Linear(n_units, n_touch)
            self.touch_of_token = nn.Embedding(vocabulary.n_tokens, n_touch)
            nn.init.zeros_(self.touch_of_token.weight)
            # read by the generator: how far hits stray from the expected offset, in 16ths
            self.register_buffer("offset_spread", torch.zeros(_N_CLASSES))

    def _table(self, feature_name: str) -> nn.Embedding:
        table = self.tables[FEATURES[feature_name].table or feature_name]
        assert isinstance(table, nn.Embedding)
        return table

    def forward(self, features: Tensor, tokens: Tensor | None = None) -> Output:
        """Compute the distribution of every step's token from the features of the steps up to it.

        Parameters
        ----------
        features : Tensor
            (n_windows, n_steps, n_features), int64.
        tokens : Tensor, optional
            The tokens played, (n_windows, n_steps): how hard a drum is struck depends on what
            else is; without them a drum model gives no velocity and offset.
        """
        columns = [self._table(name)(features[..., i]) for i, name in enumerate(self.feature_names)]
        x = self.dropout(torch.cat(columns, dim=-1))  # (n_windows, n_steps, n_inputs)
        activations, _ = self.gru(x)  # (n_windows, n_steps, n_units)
        hidden = self.dropout(activations)
        velocity = offset = None
        if self.is_drums and tokens is not None:
            touch = self.touch(hidden) + self.touch_of_token(tokens)
            touch = touch.unflatten(-1, (_N_CLASSES, N_VELOCITY_LEVELS + 1))
            velocity, offset = touch[..., :-1], touch[..., -1]
        return Output(self.token(hidden), velocity, offset, activations)


def model_of(checkpoint: Checkpoint, *, dropout: float = 0.0) -> RoleModel:
    """The network of a checkpoint, to be measured or trained on."""
    n_units = checkpoint.tensors["gru.weight_hh_l0"].shape[1]
    model = RoleModel(
        checkpoint.vocabulary,
        checkpoint.feature_names,
        n_units=n_units,
        dropout=dropout,
        token_width=checkpoint.tensors[f"tables.{TOKEN_TABLE}.weight"].shape[1],
    )
    own = {n: t for n, t in checkpoint.tensors.items() if not n.startswith(LEVEL_TABLES)}
    model.load_state_dict({n: torch.from_numpy(t.copy()) for n, t in own.items()})
    return model
