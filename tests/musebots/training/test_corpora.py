"""Event files are read as they are meant, and what does not fit is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mido")

from musebots.errors import CorpusError
from musebots.harmony import Chord, Key
from musebots.training.corpora import read_corpus
from musebots.training.pieces import HELD

Maker = Callable[..., dict[str, Any]]
Writer = Callable[..., Path]


def test_a_tune_is_read_note_by_note(tmp_path: Path, tune: Maker, write_events: Writer) -> None:
    corpus = read_corpus("melody", write_events(tmp_path, [tune("a", n_bars=2)]))
    (piece,) = corpus.pieces
    assert (piece.name, piece.source, piece.split, piece.style) == (
        "a", "nottingham", "train", "folk",
    )  # fmt: skip
    assert piece.voice[:8].tolist() == [60, HELD, 62, HELD, 64, HELD, 65, HELD]
    assert [str(piece.chords[step]) for step in (0, 15, 16, 31)] == ["C", "C", "Am", "Am"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"modern_composer_flag": True}, "20th century"),
        ({"multi_meter": True}, "time signature changes"),
        ({"n_meters": 3}, "time signature changes"),
        ({"irregular_bars": 2}, "time signature changes"),
        ({"meter": [7, 4]}, "longer than 24"),
        ({"meter": [4, 3]}, "denominator"),
        ({"chords": []}, "no chords"),
        ({"key": None}, "no key"),
        ({"melody": [["x"]]}, "unpack"),
    ],
)
def test_unfit_tune_is_skipped_with_its_reason(
    tmp_path: Path, tune: Maker, write_events: Writer, change: dict[str, Any], reason: str
) -> None:
    folder = write_events(tmp_path, [tune("good"), tune("bad", **change)])
    corpus = read_corpus("melody", folder)
    assert [piece.name for piece in corpus.pieces] == ["good"]
    ((name, why),) = corpus.skipped
    assert "bad" in name
    assert reason in why


def test_tune_is_cut_where_its_key_changes(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    keys = [[0, 0, "major"], [380, 7, "major"]]
    first, second = read_corpus("melody", write_events(tmp_path, [tune("a", keys=keys)])).pieces
    assert (first.key, second.key) == (Key(0), Key(7))
    assert (first.n_steps, second.n_steps) == (64, 64)  # at the bar line after the change
    assert second.first_phrase_bar == 0


def test_pickup_bar_belongs_to_no_phrase(tmp_path: Path, tune: Maker, write_events: Writer) -> None:
    (piece,) = read_corpus("melody", write_events(tmp_path, [tune("a", pickup=24)])).pieces
    assert piece.first_phrase_bar == 1


def test_copyleft_basses_and_guessed_melodies_are_left_out(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    notes = tune("x")["melody"]
    records = [
        tune("free", source="freedoom", bass=notes, melody_heuristic=True),
        tune("gpl", source="openmsx", bass=notes, melody_heuristic=True),
        tune("folk"),
    ]
    folder = write_events(tmp_path, records)
    assert [piece.name for piece in read_corpus("bass", folder).pieces] == ["free"]
    assert [piece.name for piece in read_corpus("melody", folder).pieces] == ["folk"]


def test_bass_hears_chords_estimated_without_it_and_the_kick(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    record = tune(
        "a", source="helland", bass=tune("x")["melody"],
        chords_nobass=[[0, 768, 2, "min7", 2]], drums=[[0, 0, 100], [25, 0, 90], [48, 1, 90]],
    )  # fmt: skip
    (piece,) = read_corpus("bass", write_events(tmp_path, [record])).pieces
    assert set(piece.chords) == {Chord(2, "min7")}
    assert np.flatnonzero(piece.kicks).tolist() == [0, 4]


def test_a_groove_keeps_touch_and_timing(
    tmp_path: Path, groove: Maker, write_events: Writer
) -> None:
    (piece,) = read_corpus("drums", write_events(tmp_path, [groove("g", n_bars=1)])).pieces
    assert piece.style == "rock"
    assert piece.voice[:6].tolist() == [0b101, 0, 0b100, 0, 0b110, 0]
    assert piece.velocity[4, 1] == 110
    assert piece.offset[0, 2] == pytest.approx(0.1)


def test_lines_that_are_not_json_and_files_that_end_early_are_named(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    write_events(tmp_path, [tune(f"t{i}") for i in range(40)], "whole")
    torn = write_events(tmp_path, [tune(f"u{i}", n_bars=64) for i in range(40)], "torn")
    file = torn / "torn.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-200])
    (tmp_path / "junk.jsonl.gz").write_bytes(b"not gzip at all")
    corpus = read_corpus("melody", tmp_path)
    assert len(corpus.pieces) >= 40
    assert {name for name, _ in corpus.skipped} >= {"torn.jsonl.gz", "junk.jsonl.gz"}


@pytest.mark.parametrize("role", ["melody", "bass", "drums"])
def test_corpus_without_anything_to_learn_is_an_error(tmp_path: Path, role: Any) -> None:
    with pytest.raises(CorpusError, match=f"no {role} part in its train split"):
        read_corpus(role, tmp_path)
    with pytest.raises(CorpusError, match="there is no"):
        read_corpus(role, tmp_path / "nowhere")
