"""Bootstrap sets up once, and ends with one clear sentence where it cannot."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def bootstrap(tmp_path, monkeypatch) -> ModuleType:
    """The script as a module, its environment in an empty folder; installing is an error."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.json")
    (tmp_path / ".venv").mkdir()
    return module


@pytest.fixture
def installed(bootstrap, monkeypatch) -> list[str]:
    """What would have been installed."""
    kinds: list[str] = []
    monkeypatch.setattr(bootstrap, "is_sound", lambda *python: True)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap, "has_pip", lambda python: True)
    monkeypatch.setattr(bootstrap, "install_with_pip", lambda kind, is_new: kinds.append(kind))
    return kinds


def test_nothing_is_installed_twice(bootstrap, installed):
    for _ in range(3):
        bootstrap.set_up("play")
    assert installed == ["play"]


def test_what_tests_need_includes_what_playing_needs(bootstrap, installed):
    bootstrap.set_up("test")
    bootstrap.set_up("play")
    assert installed == ["test"]


def test_tests_need_more_than_playing(bootstrap, installed):
    bootstrap.set_up("play")
    bootstrap.set_up("test")
    bootstrap.set_up("play")
    assert installed == ["play", "test"]


def test_other_requirements_are_installed_again(bootstrap, installed):
    bootstrap.set_up("test")
    stamp = json.loads(bootstrap.STAMP.read_text())
    bootstrap.STAMP.write_text(json.dumps({**stamp, "play": "older"}))
    bootstrap.set_up("play")
    assert installed == ["test", "play"]


def test_a_broken_stamp_is_installed_over(bootstrap, installed):
    bootstrap.STAMP.write_text("{")
    bootstrap.set_up("play")
    assert installed == ["play"]


def test_a_failed_install_is_not_taken_for_done(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_, **__: 1)
    with pytest.raises(SystemExit, match="bootstrap: "):
        bootstrap.set_up("play")
    assert not bootstrap.STAMP.exists()


def test_a_python_without_venv_is_told_what_to_install(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="install its venv package"):
        bootstrap.install_with_pip("play", is_new=True)


def test_an_old_python_alone_is_told_what_it_needs(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "is_sound", lambda *python: False)
    with pytest.raises(SystemExit, match=r"musebots needs Python 3\.11 or newer, this is"):
        bootstrap.run_with_newer_python()


def test_an_old_python_hands_over_to_the_newest(bootstrap, monkeypatch):
    commands: list[list[str]] = []

    def become(command: list[str]) -> None:
        commands.append(command)
        raise SystemExit

    monkeypatch.setattr(bootstrap, "is_sound", lambda *python: python[0] == "python3.12")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(bootstrap, "become", become)
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "play"])
    with pytest.raises(SystemExit):
        bootstrap.run_with_newer_python()
    assert commands == [["/somewhere/python3.12", "bootstrap.py", "play"]]


def test_failed_style_fails_although_the_tests_pass(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "failed_lints", lambda: ["ruff check"])
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_, **__: 0)
    assert bootstrap.test([]) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no exec and no SIGINT for children")
def test_the_program_takes_the_place_of_bootstrap(bootstrap):
    """Ctrl-C reaches the program itself, and its exit code is the one that is seen."""
    program = "import signal, sys; signal.signal(2, lambda *_: sys.exit(7)); print('on', flush=1);"
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bootstrap import become; "
        f"become([sys.executable, '-c', {program + ' signal.pause()'!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 7
