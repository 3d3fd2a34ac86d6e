"""The command line: exit codes, sentences, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ensembles import perform
from ensembles.cli import run
from musebots import __version__
from musebots.errors import OutputUnavailable

EXPENSIVE = ("torch", "pyo", "mido", "numpy")


def _python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, **options
    )  # type: ignore[call-overload]


def test_help_names_every_command(capsys):
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("play", "render", "list", "doctor", "check", "new", "train", "experiment"):
        assert f" {command} " in shown


def test_the_version_is_told(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"musebots {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["--foo"], ["plai"], ["render", "--bars", "0"], ["new"], []],
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_piece_is_one_sentence_and_2(capsys):
    assert run(["render", "tro"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("musebots: unknown piece 'tro'; did you mean 'trio'?")
    assert error.count("\n") == 1


def test_a_missing_device_exits_with_3(monkeypatch, capsys):
    def silent(*_: object, **__: object) -> None:
        raise OutputUnavailable("no sound device")

    monkeypatch.setattr(perform, "live", silent)
    assert run(["play", "trio"]) == 3
    assert capsys.readouterr().err == "musebots: no sound device\n"


def test_ctrl_c_exits_with_130_and_says_nothing(monkeypatch, capsys):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(perform, "live", interrupted)
    assert run(["play", "trio", "-q"]) == 130
    assert capsys.readouterr().err == ""


def test_play_hands_its_options_on(monkeypatch):
    heard = {}

    def live(piece, options, *_: object, **__: object):
        heard.update(piece=piece.name, options=options)
        return "done"

    monkeypatch.setattr(perform, "live", live)
    arguments = "play waltz --bars 3 --seed 5 --audio none --port 5000 -o w.mid -q"
    assert run(arguments.split()) == 0
    assert heard["piece"] == "waltz"
    options = heard["options"]
    assert (options.bars, options.seed, options.audio, options.port) == (3, 5, "none", 5000)
    assert str(options.midi_path) == "w.mid"


def test_training_without_torch_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("ensembles.cli.train.find_spec", lambda name: None)
    assert run(["train", "bass", "--corpus", str(tmp_path), "-o", "b.safetensors"]) == 3
    assert 'pip install "musebots[train]"' in capsys.readouterr().err


def test_a_training_that_was_stopped_says_how_to_go_on(monkeypatch, capsys, tmp_path):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "musebots.training.train", SimpleNamespace(train=stopped))
    assert run(["train", "bass", "--corpus", str(tmp_path), "-o", "b.safetensors"]) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_list_names_pieces_bots_and_outputs(capsys):
    assert run(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["pieces", "bots", "instruments", "outputs", "MIDI_ports"]
    assert {"trio", "waltz", "nightfall"} <= set(found["pieces"])
    assert set(found["bots"]) == {"melody", "bass", "drums", "hello", "responder", "listener"}


def test_list_is_readable_without_json(capsys):
    assert run(["list"]) == 0
    assert "3/4, 132 bpm, 64 bars" in capsys.readouterr().out


def test_check_exits_with_1_when_a_check_fails(monkeypatch, capsys):
    checks = (SimpleNamespace(name="sends alive", passed=True, detail=""),
              SimpleNamespace(name="stops", passed=False, detail="went on for 9 s"))  # fmt: skip
    conformance = SimpleNamespace(check=lambda reference: SimpleNamespace(checks=checks))
    monkeypatch.setitem(sys.modules, "musebots.conformance", conformance)
    assert run(["check", "hello"]) == 1
    shown = capsys.readouterr().out
    assert "FAIL  stops: went on for 9 s" in shown
    assert "hello: 1 of 2 checks passed" in shown


def test_the_process_ends_with_the_exit_code(tmp_path):
    ended = _python("-m", "ensembles", "render", "tro", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith("musebots: unknown piece")
    assert list(tmp_path.iterdir()) == []


def test_help_imports_nothing_expensive():
    code = (
        "import sys\nfrom ensembles.cli import run\nrun(['render', '--help'])\n"
        f"print([name for name in {EXPENSIVE!r} if name in sys.modules])"
    )
    assert _python("-c", code).stdout.splitlines()[-1] == "[]"


def test_importing_musebots_imports_nothing_expensive():
    code = (
        "import sys, musebots\n"
        f"print([name for name in {(*EXPENSIVE, 'typer', 'rich')!r} if name in sys.modules])"
    )
    assert _python("-c", code).stdout == "[]\n"


def test_a_playing_bot_imports_neither_torch_nor_midi_nor_sound():
    code = (
        "import sys\nfrom musebots.registry import resolve\nimport musebots.run\n"
        "from musebots.rnn.generator import load_generator\n"
        "[resolve(name) for name in ('melody', 'bass', 'drums')]\n"
        "print([name for name in ('torch', 'mido', 'pyo') if name in sys.modules])"
    )
    assert _python("-c", code).stdout == "[]\n"
