"""Event files are read as they are meant, and what does not fit is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mido")

from musebots.errors import CorpusError
from musebots.harmony import Chord, Key
from musebots.rnn.features import PLACES
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
        ({"melody": [["x"]]}, "note 1 of melody"),
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


def test_copyleft_parts_and_sopranos_are_measured_but_not_learned(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    notes = tune("x")["melody"]
    records = [
        tune("free", source="freedoom", bass=notes, melody_heuristic=True),
        tune("gpl", source="openmsx", bass=notes, drums=[[0, 0, 90]]),
        tune("hymn", source="jsb", bass=notes),
        tune("folk"),
    ]
    folder = write_events(tmp_path, records)

    def names(role: Any, is_for_training: bool) -> list[str]:
        corpus = read_corpus(role, folder, is_for_training=is_for_training)
        return [piece.name for piece in corpus.pieces]

    assert names("bass", True) == ["free", "hymn"]
    assert names("melody", True) == ["free", "folk"]
    assert names("bass", False) == ["free", "gpl", "hymn"]
    assert names("melody", False) == ["free", "gpl", "hymn", "folk"]
    with pytest.raises(CorpusError, match="no drums part"):
        read_corpus("drums", folder)


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
    places = {name for name, _ in corpus.skipped}
    assert "junk.jsonl.gz:1" in places
    assert any(place.startswith("torn.jsonl.gz:") for place in places)


@pytest.mark.parametrize("role", ["melody", "bass", "drums"])
def test_corpus_without_anything_to_learn_is_an_error(tmp_path: Path, role: Any) -> None:
    with pytest.raises(CorpusError, match=f"no {role} part in its train split"):
        read_corpus(role, tmp_path)
    with pytest.raises(CorpusError, match="there is no"):
        read_corpus(role, tmp_path / "nowhere")


def test_programmed_drums_are_a_style_of_their_own_that_hears_the_others(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    drums = [[96 * bar + t, 0, 100] for bar in range(3) for t in (0, 26)]
    melody = [[24 * beat, 24, 60, 90] for beat in range(4)]
    record = tune("a", source="freedoom", melody=melody, bass=[], drums=drums)
    (piece,) = read_corpus("drums", write_events(tmp_path, [record])).pieces
    assert (piece.style, piece.n_steps) == ("programmed", 48)
    assert np.flatnonzero(piece.voice)[:2].tolist() == [0, 4]
    assert piece.offset[4, 0] == pytest.approx(2 / 6)
    assert np.isnan(piece.others[:16]).all()
    assert piece.others[16:].reshape(2, 16)[:, 0].tolist() == [4 / 16, 0.0]


def test_a_tune_alone_knows_of_no_others_but_where_it_is(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    (piece,) = read_corpus("melody", write_events(tmp_path, [tune("a", n_bars=9)])).pieces
    assert np.isnan(piece.others).all()
    places = [PLACES[place] for place in piece.places[::16]]
    assert places == ["opening"] * 2 + ["inside"] * 5 + ["closing", "final"]


def test_a_piece_without_a_split_belongs_to_the_one_asked_for(
    tmp_path: Path, tune: Maker, write_events: Writer
) -> None:
    folder = write_events(tmp_path, [tune("a", split=None), tune("b", split="train")])
    assert [p.name for p in read_corpus("melody", folder, split="test").split("test")] == ["a"]


def test_an_absent_split_is_told_with_those_that_there_are(tunes: Path) -> None:
    with pytest.raises(CorpusError, match=r"in its dev split; .*test \(1\), train \(6\)"):
        read_corpus("melody", tunes, split="dev")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1, 2]", "an object, not list"),
        ('{"melody": [[0, 6, 60, 90]]}', "no meter"),
        ('{"melody": [[0, 6, 60]], "meter": [4, 4]}', "note 1 of melody is not a list of 4"),
        ('{"melody": [[0, 6, 60, 90]], "meter": [4, 4], "key": [0, "dorian"]}', "dorian"),
        ('{"melody": [[1e9, 6, 60, 90]], "meter": [4, 4]}', "longer than"),
        ('{"melody": [[0, 6, 60, 90]], "mete', "not JSON"),
    ],
)
def test_a_broken_line_is_skipped_with_its_number_and_reason(
    tmp_path: Path, tune: Maker, line: str, reason: str
) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps(tune("good")) + "\n" + line + "\n")
    corpus = read_corpus("melody", file)
    ((place, why),) = corpus.skipped
    assert place.startswith("mine.jsonl:2")
    assert reason in why
    assert [piece.name for piece in corpus.pieces] == ["good"]
