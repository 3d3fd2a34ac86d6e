"""Small random networks, so that the tests of playing need neither torch nor a training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from musebots.rnn.checkpoint import Checkpoint
from musebots.rnn.exact import GRID
from musebots.rnn.features import FEATURES, ROLE_FEATURES, TOKEN_TABLE
from musebots.rnn.vocabulary import (
    BassVocabulary,
    DrumVocabulary,
    MelodyVocabulary,
    Role,
    Vocabulary,
)

N_UNITS = 12
WIDTH = 5
VOCABULARIES: dict[Role, Vocabulary] = {
    "melody": MelodyVocabulary(("folk",), "folk"),
    "bass": BassVocabulary(("rock",), "rock"),
    "drums": DrumVocabulary(("rock",), "rock", (0, 1, 4, 6, 5, 261)),
}


def random_checkpoint(role: Role, seed: int = 0) -> Checkpoint:
    """An untrained network with weights wide enough to play lively music."""
    rng = np.random.default_rng(seed)
    vocabulary, names = VOCABULARIES[role], ROLE_FEATURES[role]
    shapes: dict[str, tuple[int, ...]] = {
        f"tables.{TOKEN_TABLE}.weight": (vocabulary.n_tokens + 1, WIDTH)
    }
    for name in names:
        if not FEATURES[name].table:
            shapes[f"tables.{name}.weight"] = (FEATURES[name].size(vocabulary), WIDTH)
    shapes |= {
        "gru.weight_ih_l0": (3 * N_UNITS, WIDTH * len(names)),
        "gru.weight_hh_l0": (3 * N_UNITS, N_UNITS),
        "gru.bias_ih_l0": (3 * N_UNITS,),
        "gru.bias_hh_l0": (3 * N_UNITS,),
        "token.weight": (vocabulary.n_tokens, N_UNITS),
        "token.bias": (vocabulary.n_tokens,),
    }
    if role == "drums":
        shapes |= {
            "touch.weight": (81, N_UNITS),
            "touch.bias": (81,),
            "touch_of_token.weight": (vocabulary.n_tokens, 81),
            "offset_spread": (9,),
        }
    else:
        shapes |= {
            "levels.last": (9, 8),
            "levels.bar_ago": (9, 8),
            "levels.step": (24, 8),
        }
    tensors = {
        # whole numbers: the same on every machine, as a normal distribution need not be
        name: (rng.integers(-1_250_000, 1_250_001, shape) * GRID).astype(np.float32)
        for name, shape in shapes.items()
    }
    return Checkpoint(vocabulary, names, tensors)


@pytest.fixture
def make_checkpoint() -> Callable[..., Checkpoint]:
    """Make an untrained network: ``make_checkpoint(role, seed)``."""
    return random_checkpoint


@pytest.fixture(params=["melody", "bass", "drums"])
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    """A network of each role."""
    return random_checkpoint(request.param)
