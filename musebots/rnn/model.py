"""The network of all three roles, for training: features -> GRU -> what to play. Needs torch.

Live, `musebots.rnn.stepper` computes the same function with numpy; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from musebots.rnn.checkpoint import Checkpoint
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
        Logits of the velocity levels: drums (n_windows, n_steps, 9, 8), a voice (.., 1, 8).
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

    Heads: the token; how each drum is struck, given the token; how hard a voice's note is struck,
    given the token and the velocity levels of the last note and of the one a bar ago. A voice's
    levels go to the head alone, so that what it plays does not depend on how hard.

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
    has_touch : bool
        Whether it says how hard notes are struck; checkpoints of voices used not to.
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
        has_touch: bool = True,
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
        self.has_touch = has_touch
        if has_touch:
            self._add_touch(n_units, vocabulary.n_tokens)

    def _add_touch(self, n_units: int, n_tokens: int) -> None:
        # drums, each: velocity levels and offset; a voice: velocity levels
        n_touch = _N_CLASSES * (N_VELOCITY_LEVELS + 1) if self.is_drums else N_VELOCITY_LEVELS
        self.touch = nn.Linear(n_units, n_touch)
        self.touch_of_token = nn.Embedding(n_tokens, n_touch)
        nn.init.zeros_(self.touch_of_token.weight)
        if self.is_drums:
            # read by the generator: how far hits stray from the expected offset, in 16ths
            self.register_buffer("offset_spread", torch.zeros(_N_CLASSES))
            return
        self.touch_of_last = nn.Embedding(N_VELOCITY_LEVELS + 1, n_touch)
        self.touch_of_bar_ago = nn.Embedding(N_VELOCITY_LEVELS + 1, n_touch)
        nn.init.zeros_(self.touch_of_last.weight)
        nn.init.zeros_(self.touch_of_bar_ago.weight)

    def _table(self, feature_name: str) -> nn.Embedding:
        table = self.tables[FEATURES[feature_name].table or feature_name]
        assert isinstance(table, nn.Embedding)
        return table

    def forward(
        self,
        features: Tensor,
        tokens: Tensor | None = None,
        heard_levels: Tensor | None = None,
    ) -> Output:
        """Compute the distribution of every step's token from the features of the steps up to it.

        Parameters
        ----------
        features : Tensor
            (n_windows, n_steps, n_features), int64.
        tokens : Tensor, optional
            The tokens played, (n_windows, n_steps): how hard something is struck depends on what
            it is; without them there is no velocity and no offset.
        heard_levels : Tensor, optional
            For a voice, (n_windows, n_steps, 2): level plus 1 of the last note and of the one a
            bar ago, 0 where not known; none are known by default.
        """
        columns = [self._table(name)(features[..., i]) for i, name in enumerate(self.feature_names)]
        x = self.dropout(torch.cat(columns, dim=-1))  # (n_windows, n_steps, n_inputs)
        activations, _ = self.gru(x)  # (n_windows, n_steps, n_units)
        hidden = self.dropout(activations)
        velocity = offset = None
        if self.has_touch and tokens is not None:
            touch = self.touch(hidden) + self.touch_of_token(tokens)
            if self.is_drums:
                touch = touch.unflatten(-1, (_N_CLASSES, N_VELOCITY_LEVELS + 1))
                velocity, offset = touch[..., :-1], touch[..., -1]
            else:
                if heard_levels is None:
                    heard_levels = torch.zeros((*tokens.shape, 2), dtype=torch.int64)
                touch = touch + self.touch_of_last(heard_levels[..., 0])
                touch = touch + self.touch_of_bar_ago(heard_levels[..., 1])
                velocity = touch.unsqueeze(-2)  # (n_windows, n_steps, 1, 8)
        return Output(self.token(hidden), velocity, offset, activations)


def model_of(checkpoint: Checkpoint, *, dropout: float = 0.0) -> RoleModel:
    """The network of a checkpoint, to be measured or trained on."""
    n_units = checkpoint.tensors["gru.weight_hh_l0"].shape[1]
    model = RoleModel(
        checkpoint.vocabulary,
        checkpoint.feature_names,
        n_units=n_units,
        dropout=dropout,
        has_touch="touch.weight" in checkpoint.tensors,
        token_width=checkpoint.tensors[f"tables.{TOKEN_TABLE}.weight"].shape[1],
    )
    model.load_state_dict({n: torch.from_numpy(t.copy()) for n, t in checkpoint.tensors.items()})
    return model
