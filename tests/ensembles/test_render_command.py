"""`musebots render`, from the command to the files."""

from __future__ import annotations

import hashlib
import json

from ensembles.cli import run


def _render(path, *arguments):
    return run(["render", "trio", "--bars", "4", "--seed", "1", "-o", str(path), *arguments])


def test_json_tells_what_was_rendered(tmp_path, capsys):
    path = tmp_path / "trio.mid"
    assert _render(path, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n_bars"] == 4
    assert report["n_late_notes"] == 0
    assert set(report["notes_per_bot"]) == {"melody", "bass", "drums"}
    assert report["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_without_json_one_line_is_told(tmp_path, capsys):
    assert _render(tmp_path / "trio.mid") == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert "trio.mid: 4 bars, " in shown


def test_quiet_says_nothing(tmp_path, capsys):
    assert _render(tmp_path / "trio.mid", "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_a_file_that_cannot_be_written_is_one_sentence_and_2(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert _render(tmp_path / "file" / "trio.mid") == 2
    error = capsys.readouterr().err
    assert error.startswith("musebots: ")
    assert error.count("\n") == 1


def test_a_tempo_out_of_range_exits_with_2(tmp_path, capsys):
    assert _render(tmp_path / "trio.mid", "--bpm", "9000") == 2
    assert "10..480" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
