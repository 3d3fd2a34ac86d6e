"""The network of all three roles, for training: features -> GRU -> what to play. Needs torch.

Live, `musebots.rnn.stepper` computes the same function with numpy; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from musebots.rnn.checkpoint import Checkpoint
from musebots.rnn.features import FEATURES, TOKEN_TABLE
from musebots.rnn.sampling import N_VELOCITY_LEVELS
from musebots.rnn.vocabulary import DRUM_CLASSES, Vocabulary

__all__ = ["Output", "RoleModel", "model_of"]

_TOKEN_WIDTH = 40
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
    state : Tensor
        Last hidden state, (n_windows, n_units).
    """

    logits: Tensor
    velocity: Tensor | None
    offset: Tensor | None
    state: Tensor


class RoleModel(nn.Module):
    """Embeddings of the features, one GRU layer, and the heads.

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
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        feature_names: tuple[str, ...],
        *,
        n_units: int = 256,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.feature_names = feature_names
        tables = {TOKEN_TABLE: nn.Embedding(vocabulary.n_tokens + 1, _TOKEN_WIDTH)}
        for name in feature_names:
            feature = FEATURES[name]
            if not feature.table:
                tables[name] = nn.Embedding(feature.size(vocabulary), feature.width)
        self.tables = nn.ModuleDict(tables)
        n_inputs = sum(self._table(name).embedding_dim for name in feature_names)
        self.gru = nn.GRU(n_inputs, n_units, batch_first=True)
        self.token = nn.Linear(n_units, vocabulary.n_tokens)
        self.dropout = nn.Dropout(dropout)
        self.is_drums = vocabulary.role == "drums"
        if self.is_drums:
            n_touch = _N_CLASSES * (N_VELOCITY_LEVELS + 1)  # per drum: velocity levels, offset
            self.touch = nn.Linear(n_units, n_touch)
            self.touch_of_token = nn.Embedding(vocabulary.n_tokens, n_touch)
            nn.init.zeros_(self.touch_of_token.weight)
            # read by the stepper: how far hits stray from the expected offset, in 16ths
            self.register_buffer("offset_spread", torch.zeros(_N_CLASSES))

    def _table(self, feature_name: str) -> nn.Embedding:
        table = self.tables[FEATURES[feature_name].table or feature_name]
        assert isinstance(table, nn.Embedding)
        return table

    def forward(
        self, features: Tensor, tokens: Tensor | None = None, state: Tensor | None = None
    ) -> Output:
        """Compute the distribution of every step's token from the features of the steps up to it.

        Parameters
        ----------
        features : Tensor
            (n_windows, n_steps, n_features), int64.
        tokens : Tensor, optional
            The tokens played, (n_windows, n_steps): how hard a drum is struck depends on what
            else is; without them a drum model gives no velocity and offset.
        state : Tensor, optional
            Hidden state before the first step, (n_windows, n_units); zeros by default.
        """
        columns = [self._table(name)(features[..., i]) for i, name in enumerate(self.feature_names)]
        x = self.dropout(torch.cat(columns, dim=-1))  # (n_windows, n_steps, n_inputs)
        before = None if state is None else state.unsqueeze(0)
        hidden, last = self.gru(x, before)  # (n_windows, n_steps, n_units)
        hidden = self.dropout(hidden)
        velocity = offset = None
        if self.is_drums and tokens is not None:
            touch = self.touch(hidden) + self.touch_of_token(tokens)
            touch = touch.unflatten(-1, (_N_CLASSES, N_VELOCITY_LEVELS + 1))
            velocity, offset = touch[..., :-1], touch[..., -1]
        return Output(self.token(hidden), velocity, offset, last[0])


def model_of(checkpoint: Checkpoint, *, dropout: float = 0.0) -> RoleModel:
    """The network of a checkpoint, to be measured or trained on."""
    n_units = checkpoint.tensors["gru.weight_hh_l0"].shape[1]
    model = RoleModel(
        checkpoint.vocabulary, checkpoint.feature_names, n_units=n_units, dropout=dropout
    )
    model.load_state_dict({n: torch.from_numpy(t.copy()) for n, t in checkpoint.tensors.items()})
    return model
