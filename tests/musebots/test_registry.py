"""References become classes, and wrong ones become one clear sentence."""

from __future__ import annotations

import sys

import pytest

from musebots.errors import UnknownBot
from musebots.musebot import Musebot
from musebots.registry import STOCK_MODULES, check_reference, resolve, stock_bots

BOT = """
from musebots import Musebot

class {name}(Musebot):
    pass
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A bot's folder; what importing it leaves behind is undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    made = tmp_path / "night-owl"
    made.mkdir()
    (made / "bot.py").write_text(BOT.format(name="Owl"))
    return made


def _refused(reference: object) -> str:
    with pytest.raises(UnknownBot) as caught:
        resolve(str(reference))
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(STOCK_MODULES))
def test_every_stock_name_is_a_musebot(name):
    assert issubclass(resolve(name), Musebot)


def test_stock_bots_are_listed_with_what_they_do():
    listed = stock_bots()
    assert list(listed) == list(STOCK_MODULES)
    assert all(listed.values())


def test_a_module_and_class_is_found():
    assert resolve("musebots.hello:Hello") is resolve("hello")


def test_a_module_in_the_current_directory_is_found(folder, monkeypatch):
    (folder / "owls_of_mine.py").write_text(BOT.format(name="Owl"))
    monkeypatch.chdir(folder)
    assert resolve("owls_of_mine:Owl").__name__ == "Owl"


def test_the_only_musebot_of_a_folder_is_found(folder):
    found = resolve(str(folder))
    assert found.__name__ == "Owl"
    assert resolve(str(folder)) is found


def test_a_bot_imports_what_lies_beside_it(folder):
    (folder / "night_scales.py").write_text("SCALE = (0, 3, 5)\n")
    (folder / "bot.py").write_text("from night_scales import SCALE\n" + BOT.format(name="Owl"))
    assert resolve(str(folder)).__name__ == "Owl"


def test_a_musebot_that_was_only_imported_is_not_the_folders_own(folder):
    text = "from musebots.hello import Hello\n" + BOT.format(name="Owl")
    (folder / "bot.py").write_text(text)
    assert resolve(str(folder)).__name__ == "Owl"


def test_a_manifest_chooses_among_several(folder):
    (folder / "bot.py").write_text(BOT.format(name="Owl") + BOT.format(name="Bat"))
    assert "defines Owl, Bat; choose one with 'class = \"Owl\"'" in _refused(folder)


def test_the_class_that_a_manifest_names_is_found(folder):
    (folder / "bot.py").write_text(BOT.format(name="Owl") + BOT.format(name="Bat"))
    (folder / "musebot.toml").write_text('class = "Bat"\n')
    assert resolve(str(folder)).__name__ == "Bat"


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ('class = "Ow"', "no 'Ow' (did you mean 'Owl'?)"),
        ("class = 3", "class must be text, got 3"),
        ('klass = "Owl"', "unknown key 'klass'"),
        ("class =\n", "line 1"),
    ],
)
def test_a_wrong_manifest_is_refused(folder, manifest, words):
    (folder / "musebot.toml").write_text(manifest)
    assert words in _refused(folder)


def test_a_folder_without_a_musebot_is_refused(folder):
    (folder / "bot.py").write_text("x = 1\n")
    assert "defines no subclass of Musebot" in _refused(folder)


def test_a_folder_without_code_is_refused(tmp_path):
    assert "holds no bot.py" in _refused(tmp_path)


def test_code_that_fails_is_told_with_its_own_error(folder):
    (folder / "bot.py").write_text("1 / 0\n")
    assert "cannot be imported: ZeroDivisionError: division by zero" in _refused(folder)
    assert "ZeroDivisionError" in _refused(folder)


def test_a_stock_name_misspelt_is_told_with_the_nearest():
    sentence = _refused("melodie")
    assert "did you mean 'melody'?" in sentence
    assert "package.module:Class" in sentence


def test_a_module_that_is_not_there_is_told_by_name():
    assert "there is no module 'nowhere'" in _refused("nowhere.bots:Owl")


def test_a_class_that_is_not_there_is_told_with_the_nearest():
    assert "no 'Helo' (did you mean 'Hello'?); it defines Hello" in _refused("musebots.hello:Helo")


def test_a_class_that_is_no_musebot_is_refused():
    assert "Note is not a subclass of Musebot" in _refused("musebots.notes:Note")


def test_a_reference_is_checked_without_importing_it():
    check_reference("no_such_module:Owl")
    with pytest.raises(UnknownBot):
        check_reference("no such:Owl")


def test_a_python_file_is_a_bot(tmp_path):
    (tmp_path / "tune.py").write_text(
        "from musebots import Musebot\n\n\nclass Tune(Musebot):\n    pass\n"
    )
    assert resolve(str(tmp_path / "tune.py")).__name__ == "Tune"
    with pytest.raises(UnknownBot, match="there is no file"):
        resolve(str(tmp_path / "other.py"))
