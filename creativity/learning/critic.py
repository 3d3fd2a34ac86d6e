"""A third network that says how likely music is, whatever played it. Needs torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from creativity.learning.played import Played, Start
from creativity.learning.simulation import Simulator
from musebots.rnn.checkpoint import Checkpoint, load_checkpoint
from musebots.rnn.features import FEATURES, TOKEN_TABLE
from musebots.rnn.vocabulary import DrumVocabulary

__all__ = ["Critic"]


class Critic:
    """Another checkpoint of the same role and features, of another seed and size.

    Parameters
    ----------
    checkpoint : Checkpoint
        The critic.
    played_by : Checkpoint
        Whose tokens it gets to hear.

    Raises
    ------
    ValueError
        If it does not hear the same features.
    """

    def __init__(self, checkpoint: Checkpoint, played_by: Checkpoint) -> None:
        if checkpoint.feature_names != played_by.feature_names:
            raise ValueError("a critic must hear the features that the player hears")
        self._network = Simulator(checkpoint)
        self._token_columns = [
            i for i, name in enumerate(checkpoint.feature_names)
            if FEATURES[name].table == TOKEN_TABLE
        ]  # fmt: skip
        own, theirs = checkpoint.vocabulary, played_by.vocabulary
        tokens = range(theirs.n_tokens)
        if isinstance(own, DrumVocabulary) and isinstance(theirs, DrumVocabulary):
            tokens = [own.token_of(theirs.mask_of(token)) for token in tokens]  # type: ignore[assignment]
        self._token = torch.tensor(list(tokens))
        self._heard = torch.cat([torch.zeros(1, dtype=torch.int64), 1 + self._token])

    @classmethod
    def loaded(cls, path: Path, played_by: Checkpoint) -> Critic:
        """Read one from a file."""
        return cls(load_checkpoint(path, role=played_by.role), played_by)

    @torch.no_grad()
    def nats_a_step(self, starts: Start, played: Played) -> npt.NDArray[np.float64]:
        """Mean surprise at each phrase's steps, (n_phrases,)."""
        n_before = starts.windows.phrases.n_before
        before = torch.from_numpy(starts.windows.features[:, :n_before].astype(np.int64))
        heard = torch.cat([before, played.features], dim=1)
        for column in self._token_columns:
            heard[..., column] = self._heard[heard[..., column]]
        hidden = self._network.hear(heard)[:, n_before:]
        log_p = torch.log_softmax(self._network.logits(hidden), dim=-1)
        told: Tensor = log_p.gather(2, self._token[played.tokens][:, :, None])[..., 0]
        return np.asarray(-told.mean(dim=1).double().numpy())
