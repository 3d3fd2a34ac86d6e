"""A new bot's folder is whole: its test passes, its piece loads, it keeps the rules."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ensembles.cli import run
from ensembles.config import load_piece
from ensembles.scaffold import class_name, make_bot_folder
from musebots.errors import ConfigError


def test_the_folder_holds_code_test_piece_and_readme(tmp_path):
    folder = make_bot_folder("night-owl", tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["README.md", "bot.py", "piece.toml", "test_bot.py"]
    assert "class NightOwl(Musebot):" in (folder / "bot.py").read_text()


def test_its_own_test_passes(tmp_path):
    folder = make_bot_folder("night-owl", tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "3 passed" in ended.stdout


def test_its_piece_renders(tmp_path, capsys):
    folder = make_bot_folder("night-owl", tmp_path)
    out = tmp_path / "owl.mid"
    assert run(["render", str(folder / "piece.toml"), "--bars", "2", "-o", str(out), "-q"]) == 0
    assert out.read_bytes().startswith(b"MThd")


def test_its_piece_seats_the_new_bot_first(tmp_path):
    folder = make_bot_folder("owl", tmp_path)
    first = load_piece(folder / "piece.toml").bots[0]
    assert (first.id, first.bot) == ("owl", str(folder))


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    assert run(["new", "owl", "--dir", str(tmp_path)]) == 0
    assert f"musebots play {tmp_path / 'owl' / 'piece.toml'}" in capsys.readouterr().out


def test_a_folder_that_exists_is_left_alone(tmp_path):
    make_bot_folder("owl", tmp_path)
    (tmp_path / "owl" / "bot.py").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        make_bot_folder("owl", tmp_path)
    assert (tmp_path / "owl" / "bot.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "7up", "a b", "../x", "a.b", "-x", "é"])
def test_a_name_that_cannot_be_is_refused(name, tmp_path):
    with pytest.raises(ConfigError, match="a bot's name begins with a letter"):
        make_bot_folder(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none", "note", "musebot"])
def test_a_name_that_is_taken_in_python_gets_another_class(name):
    assert class_name(name).endswith("Bot")
