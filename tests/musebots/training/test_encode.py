"""What is measured is honest: a step is told nothing of what is to be predicted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mido")

from musebots.rnn.features import FEATURES, ROLE_FEATURES
from musebots.rnn.vocabulary import ROLES, Role
from musebots.training.corpora import read_corpus
from musebots.training.encode import Encoder, Knobs, unheard_features, vocabulary_for
from musebots.training.pieces import Piece

N_BARS = 12


@pytest.fixture
def band(tmp_path: Path, tune: Callable[..., Any], write_events: Callable[..., Path]) -> Path:
    """One piece with all three parts, with velocities that differ."""
    plain = tune("band", source="helland", n_bars=N_BARS)
    melody = [[t, d, p, 60 + (i * 7) % 40] for i, (t, d, p, _) in enumerate(plain["melody"])]
    bass = [[24 * i, 18, 36 + i % 7, 80 + i % 9] for i in range(4 * N_BARS)]
    drums = [[12 * i, i % 3, 70 + i % 30] for i in range(8 * N_BARS)]
    return write_events(tmp_path, [plain | {"melody": melody, "bass": bass, "drums": drums}])


def other_from(piece: Piece, step: int) -> Piece:
    """The same piece, but with other notes from a step on."""
    rng = np.random.default_rng(0)
    voice, velocity = piece.voice.copy(), piece.velocity.copy()
    notes = np.arange(piece.n_steps) >= step
    others = rng.choice(voice[voice > 0], size=piece.n_steps)  # a bass stays in its octaves
    voice[notes] = np.where(voice > 0, others, voice)[notes]
    velocity[notes & (rng.random(piece.n_steps) < 0.5)] = 0
    return replace(piece, voice=voice, velocity=velocity)


@pytest.mark.parametrize("role", ROLES)
def test_no_feature_but_the_knobs_tells_of_what_comes(band: Path, role: Role) -> None:
    (piece,) = read_corpus(role, band).pieces
    vocabulary = vocabulary_for(role, [piece])
    names = ROLE_FEATURES[role]
    encoder = Encoder(vocabulary, names, Knobs([piece]))
    is_knob = np.array([FEATURES[name].is_knob for name in names])
    whole = encoder.encode(piece)
    assert len(whole.tokens) == 16 * N_BARS
    for step in (1, 37, 16 * 8, 16 * 8 + 5):
        other = encoder.encode(other_from(piece, step))
        assert not np.array_equal(other.tokens[step:], whole.tokens[step:])
        before, after = (one.features[: step + 1, ~is_knob] for one in (whole, other))
        assert np.array_equal(before, after)


def test_levels_are_those_of_notes_already_played(band: Path) -> None:
    (piece,) = read_corpus("melody", band).pieces
    encoder = Encoder(vocabulary_for("melody", [piece]), ("step",), Knobs([piece]))
    encoded = encoder.encode(piece)
    onsets = np.flatnonzero(encoded.is_note)
    assert (encoded.levels[onsets, 0] >= 0).all()
    assert encoded.heard_levels[0].tolist() == [0, 0, 0]
    last = encoded.heard_levels[onsets[1:], 0] - 1
    assert np.array_equal(last, encoded.levels[onsets[:-1], 0])
    bar_ago = encoded.heard_levels[16:, 1]
    assert np.array_equal(bar_ago, encoded.levels[:-16, 0] + 1)


def test_a_flat_part_has_no_levels(tunes: Path) -> None:
    (piece, *_) = read_corpus("melody", tunes).pieces
    encoder = Encoder(vocabulary_for("melody", [piece]), ("step",), Knobs([piece]))
    assert (encoder.encode(piece).levels == -1).all()


def test_features_never_known_in_a_style_are_its_unheard_ones(band: Path, tunes: Path) -> None:
    names = ("step", "others", "place", "previous")
    found = []
    for folder in (band, tunes):
        pieces = read_corpus("melody", folder).pieces
        encoder = Encoder(vocabulary_for("melody", pieces), names, Knobs(pieces))
        found += [(piece.style, encoder.encode(piece)) for piece in pieces]
    assert unheard_features(names, found) == {"folk": ("others",)}
