"""Where simulated phrases begin, who steers them, and what was played. Needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from creativity.learning.material import Windows
from musebots.novelty.phrases import Phrases

__all__ = ["Played", "Start", "Steer"]


class Steer(Protocol):
    """Who turns the choice of a network, step by step."""

    @property
    def is_locked(self) -> bool:
        """Whether a note outside key and chord may get no likelier: `musebots.rnn.locks`."""

    def logits(self, hidden: Tensor, step: int) -> Tensor:
        """What to play from, (n_phrases, n_tokens), in place of the readout of `hidden`."""

    def took(self, tokens: Tensor, step: int) -> None:
        """What was played, (n_phrases,)."""


@dataclass(frozen=True, eq=False)
class Start:
    """Where phrases begin: all that a network needs to go on from there.

    Parameters
    ----------
    windows : Windows
        The phrases, of which the judged steps are to be played anew.
    hidden : Tensor
        (n_phrases, n_units), after the steps before.
    sounding : Tensor
        (n_phrases,): MIDI pitch that sounds, -1 for silence.
    age : Tensor
        (n_phrases,): 16ths since the last onset, up to 16; 0 when there was none.
    """

    windows: Windows
    hidden: Tensor
    sounding: Tensor
    age: Tensor

    def __len__(self) -> int:
        return len(self.windows)

    def taken(self, which: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Start:
        """Some of them."""
        at = torch.from_numpy(which)
        return Start(self.windows.taken(which), self.hidden[at], self.sounding[at], self.age[at])


@dataclass(frozen=True, eq=False)
class Played:
    """What was played.

    Parameters
    ----------
    tokens : Tensor
        (n_phrases, n_steps).
    hidden : Tensor
        (n_phrases, n_steps, n_units): the unsteered states from which each step was read.
    features : Tensor
        (n_phrases, n_steps, n_features): what was heard.
    logits : Tensor
        (n_phrases, n_steps, n_tokens): what it was chosen from, steered, before temperature.
    allowed : Tensor
        (n_phrases, n_steps, n_tokens): what could be chosen.
    phrases : Phrases
        The steps before, and what was played.
    is_shifted : bool
        Whether `hidden` are the states of a network that heard another style.
    """

    tokens: Tensor
    hidden: Tensor
    features: Tensor
    logits: Tensor
    allowed: Tensor
    phrases: Phrases
    is_shifted: bool = False
