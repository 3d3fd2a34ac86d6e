"""The typical bar of a style is a bar of the corpus, of ordinary density."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mido")

from musebots.rnn.vocabulary import DrumVocabulary
from musebots.training.corpora import read_corpus
from musebots.training.encode import vocabulary_for

Maker = Callable[..., dict[str, Any]]


def read_vocabulary(folder: Path) -> DrumVocabulary:
    """The vocabulary of a corpus of drums."""
    vocabulary = vocabulary_for("drums", read_corpus("drums", folder).pieces)
    assert isinstance(vocabulary, DrumVocabulary)
    return vocabulary


def test_the_commonest_beat_is_the_typical_one(
    tmp_path: Path, groove: Maker, write_events: Callable[..., Path]
) -> None:
    busy = groove("busy", n_bars=6)
    busy["drums16"] = [[step, c, 90, 0] for step in range(96) for c in range(9)]
    sparse = groove("sparse", n_bars=6)
    sparse["drums16"] = [[16 * bar, 0, 90, 0] for bar in range(6)]
    fill = groove("fill", beat_type="fill", n_bars=1)
    records = [groove("a", n_bars=8), groove("b", n_bars=8), busy, sparse, fill]
    vocabulary = read_vocabulary(write_events(tmp_path, records))
    (typical,) = vocabulary.grooves
    masks = [vocabulary.mask_of(token) for token in typical.tokens]
    assert masks == [0b101, 0, 0b100, 0, 0b110, 0, 0b100, 0] * 2


def test_a_handful_of_bars_is_no_style(
    tmp_path: Path, groove: Maker, write_events: Callable[..., Path]
) -> None:
    folder = write_events(tmp_path, [groove("a", n_bars=15)])
    assert read_vocabulary(folder).grooves == ()
