"""What is trained: which network on which collection, how, and with how many seeds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ensembles.experiments.polyphony.collections import TOY
from musebots.training.polyphony.fit import FrameSettings

__all__ = ["TRIALS", "Trial", "toy_trials"]

_JSB, _NOTTINGHAM = "JSB_Chorales", "Nottingham"


@dataclass(frozen=True, slots=True)
class Trial:
    """One network to be trained on one collection, some times.

    Parameters
    ----------
    collection : str
        Its name.
    name : str
        For the tables.
    settings : FrameSettings
        What to train, and how.
    n_seeds : int
        Trainings, with successive seeds.
    """

    collection: str
    name: str
    settings: FrameSettings
    n_seeds: int

    @property
    def file_name(self) -> str:
        """Its name in letters, digits and ``-``."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


_JSB_STOCK = FrameSettings(
    cell="lstm", n_units=200, dropout=0.3, learning_rate=4e-3, batch_size=4, n_epochs=60
)
_JSB_NADE = FrameSettings(
    cell="lstm", n_units=200, nade_hidden=64, dropout=0.3, input_dropout=0.2, learning_rate=4e-3,
    batch_size=8, n_epochs=60,
)  # fmt: skip
_NOTTINGHAM_STOCK = FrameSettings(
    cell="lstm", n_units=300, dropout=0.2, learning_rate=4e-3, batch_size=4, n_epochs=40, patience=6
)
_NOTTINGHAM_NADE = FrameSettings(
    cell="lstm", n_units=300, nade_hidden=64, span=24, dropout=0.2, learning_rate=4e-3,
    batch_size=8, n_epochs=20, patience=6,
)  # fmt: skip

TRIALS = (
    Trial(_JSB, "GRU", replace(_JSB_STOCK, cell="gru"), 3),
    Trial(_JSB, "LSTM", _JSB_STOCK, 3),
    Trial(_JSB, "LSTM, transposed", replace(_JSB_STOCK, max_transposition=3), 3),
    Trial(_JSB, "LSTM-NADE", _JSB_NADE, 3),
    Trial(_JSB, "LSTM-NADE, intervals", replace(_JSB_NADE, span=24), 3),
    Trial(_NOTTINGHAM, "LSTM", _NOTTINGHAM_STOCK, 3),
    Trial(_NOTTINGHAM, "LSTM-NADE, intervals", _NOTTINGHAM_NADE, 1),
)
"""In the order of the tables."""


def toy_trials() -> tuple[Trial, ...]:
    """All kinds of networks, as small as they can be and still learn a toy."""
    small = FrameSettings(
        n_units=16, dropout=0.1, learning_rate=2e-2, batch_size=2, window_frames=24, n_epochs=10
    )
    nade = replace(small, cell="lstm", nade_hidden=8)
    return (
        Trial(TOY, "GRU", small, 2),
        Trial(TOY, "LSTM-NADE", nade, 1),
        Trial(TOY, "LSTM-NADE, intervals", replace(nade, span=4, max_transposition=2), 1),
    )
