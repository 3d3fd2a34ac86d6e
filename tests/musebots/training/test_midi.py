"""Any folder of MIDI files is a corpus; damaged files are named and left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mido")

import mido

from musebots.errors import CorpusError
from musebots.harmony import Key
from musebots.hearing.estimate import estimate_chords, estimate_key
from musebots.training.corpora import Corpus, read_corpus
from musebots.training.midi import read_song

Writer = Callable[..., Path]


def read(role: Any, folder: Path) -> Corpus:
    """Read a folder as a corpus of a role."""
    return read_corpus(role, folder)


def test_melody_is_the_lead_in_its_key_over_its_chords(tmp_path: Path, band_file: Writer) -> None:
    band_file(tmp_path / "song.mid", shift=2)
    (piece,) = read("melody", tmp_path).pieces
    assert piece.key.relative_major_pc == 2
    assert piece.voice[:5].tolist() == [74, -1, 76, -1, 78]
    assert [str(piece.chords[16 * bar]) for bar in range(4)] == ["D", "Bm", "G", "A"]
    assert (piece.source, piece.style) == ("midi", "midi")


def test_bass_is_the_bass_and_hears_the_kick(tmp_path: Path, band_file: Writer) -> None:
    band_file(tmp_path / "song.mid")
    (piece,) = read("bass", tmp_path).pieces
    assert piece.voice[[0, 16, 32, 48]].tolist() == [36, 45, 41, 43]
    assert np.flatnonzero(piece.kicks)[:4].tolist() == [0, 8, 16, 24]


def test_drums_are_the_ninth_channel(tmp_path: Path, band_file: Writer) -> None:
    band_file(tmp_path / "song.mid")
    (piece,) = read("drums", tmp_path).pieces
    assert piece.voice[:5].tolist() == [0b101, 0, 0b100, 0, 0b110]
    assert piece.velocity[0, 0] == 90


def test_damaged_files_are_skipped_with_name_and_reason(
    tmp_path: Path, band_file: Writer, midi_track: Callable[..., Any]
) -> None:
    whole = band_file(tmp_path / "whole.mid")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "torn.mid").write_bytes(whole.read_bytes()[:-700])
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "noise.MIDI").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "readme.txt").write_text("no music")
    silent = mido.MidiFile()
    silent.tracks = [midi_track("nothing", [])]
    silent.save(tmp_path / "silent.mid")
    corpus = read("melody", tmp_path)
    assert {piece.name for piece in corpus.pieces} == {"whole.mid"}
    reasons = dict(corpus.skipped)
    assert set(reasons) == {"sub/torn.mid", "empty.mid", "noise.MIDI", "silent.mid"}
    assert all(reasons.values())
    assert "no notes" in reasons["silent.mid"]


@pytest.mark.parametrize("seed", range(40))
def test_no_corruption_raises_anything_but_a_reason(
    tmp_path: Path, band_file: Writer, seed: int
) -> None:
    path = band_file(tmp_path / "song.mid", n_bars=4)
    rng = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for place in rng.integers(len(content), size=12):
        content[place] = int(rng.integers(256))
    path.write_bytes(bytes(content[: rng.integers(20, len(content))]))
    for role in ("melody", "bass", "drums"):
        try:
            read(role, tmp_path)
        except CorpusError as error:
            assert "song.mid" in str(error)


def test_only_damaged_files_are_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd")
    with pytest.raises(CorpusError, match=r"1 files or pieces were skipped, for example a.mid"):
        read("bass", tmp_path)


def test_each_time_signature_is_a_piece_of_its_own(
    tmp_path: Path, midi_track: Callable[..., Any]
) -> None:
    song = mido.MidiFile(ticks_per_beat=480)
    waltz = mido.MetaMessage("time_signature", numerator=3, denominator=4)
    notes = [(float(beat), 1.0, 60 + beat % 5) for beat in range(8 + 12)]
    song.tracks = [midi_track("tune", notes, meta=[(8.0, waltz)])]
    song.save(tmp_path / "song.mid")
    first, second = read("melody", tmp_path).pieces
    assert (str(first.time_signature), first.n_steps) == ("4/4", 32)
    assert (str(second.time_signature), second.n_steps) == ("3/4", 48)
    assert second.voice[0] == 60 + 8 % 5


def test_splits_follow_the_names_and_never_leave_training_empty(
    tmp_path: Path, band_file: Writer
) -> None:
    for index in range(30):
        band_file(tmp_path / f"{index}.mid", n_bars=4)
    splits = {piece.name: piece.split for piece in read("bass", tmp_path).pieces}
    assert set(splits.values()) == {"train", "valid", "test"}
    held_out = next(name for name, split in splits.items() if split == "valid")
    for name in splits:
        if name != held_out:
            (tmp_path / name).unlink()
    assert [piece.split for piece in read("bass", tmp_path).pieces] == ["train"]


def test_smpte_time_is_refused(tmp_path: Path, band_file: Writer) -> None:
    path = band_file(tmp_path / "song.mid")
    content = bytearray(path.read_bytes())
    content[12:14] = (0xE7, 0x28)  # 25 frames a second, 40 ticks a frame
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="SMPTE"):
        read_song(path)


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_key_of_a_scale_with_weight_on_its_triad(tonic: int, mode: str) -> None:
    key = Key(tonic, mode)
    chroma = np.zeros(12)
    chroma[list(key.scale)] = 1
    chroma[[tonic, (tonic + 7) % 12, (tonic + (4 if mode == "major" else 3)) % 12]] += 2
    assert estimate_key(chroma) == key


def test_chords_hold_through_silence_and_passing_notes() -> None:
    chroma = np.zeros((4, 12))
    chroma[0, [0, 4, 7]] = 1
    chroma[1, [0, 4, 7, 2]] = (1, 1, 1, 0.3)
    chroma[3, [7, 11, 2, 5]] = 1
    assert [str(chord) for chord in estimate_chords(chroma, Key(0))] == ["C", "C", "C", "G7"]


def test_absurdly_long_file_is_refused_not_unrolled(
    tmp_path: Path, midi_track: Callable[..., Any]
) -> None:
    song = mido.MidiFile(ticks_per_beat=1)
    song.tracks = [midi_track("tune", [(float(i), 1.0, 60) for i in range(20)] + [(5e5, 1.0, 60)])]
    song.save(tmp_path / "song.mid")
    with pytest.raises(CorpusError, match="longer than 100000 16ths"):
        read("melody", tmp_path)
