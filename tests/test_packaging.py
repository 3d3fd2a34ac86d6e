"""What is shipped is whole: wheel, data, metadata, bootstrap, and the words of the README."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import musebots
from ensembles.pieces_format.model import TABLES

ROOT = Path(__file__).parent.parent
PACKAGES = ("musebots", "director", "creativity", "ensembles")
SHIPPED = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel, built from a copy so that no build leaves traces in the source tree."""
    copy = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        shutil.copy(ROOT / name, copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    code = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    built = _run([sys.executable, "-c", code], cwd=copy)
    return zipfile.ZipFile(copy / "dist" / built.stdout.splitlines()[-1])


def _run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, **options
    )  # type: ignore[call-overload]
    assert ended.returncode == 0, ended.stderr
    return ended


def _pyproject() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_holds_everything_that_is_no_cache(wheel):
    names = set(wheel.namelist())
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in names


def test_the_wheel_holds_checkpoints_pieces_and_licence(wheel):
    names = wheel.namelist()
    for role in ("melody", "bass", "drums"):
        assert f"musebots/checkpoints/{role}.safetensors" in names
        assert f"musebots/checkpoints/{role}.json" in names
    assert "ensembles/pieces/trio.toml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)


def test_the_wheel_alone_renders(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    code = (
        "import ensembles, sys; from ensembles.cli import run\n"
        "sys.exit(run(['render', 'trio', '--bars', '2', '-o', 'x.mid', '-q']) or "
        "'site' not in ensembles.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    _run([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    assert (tmp_path / "x.mid").read_bytes().startswith(b"MThd")


def test_the_version_is_told_once(wheel):
    assert _pyproject()["project"]["version"] == musebots.__version__
    assert f"musebots-{musebots.__version__}.dist-info/METADATA" in wheel.namelist()


def test_every_library_is_pinned_once():
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert len({_canonical(name) for name in pinned}) == len(pinned)
    project = _pyproject()["project"]
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    wanted = [*project["dependencies"], *(line for lines in extras.values() for line in lines)]  # type: ignore[misc]
    names = {_canonical(re.match(r"[\w-]+", line)[0]) for line in wanted}  # type: ignore[index]
    assert names - {_canonical(name) for name in pinned} == {"setuptools"}


def test_constraints_name_no_host_and_no_path():
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"https?:|file:|@|^-|/\w+/", text, re.MULTILINE)


def test_playing_needs_no_training_library():
    dependencies = " ".join(_pyproject()["project"]["dependencies"])  # type: ignore[arg-type]
    assert not re.search(r"torch|scipy|pytest|rtmidi", dependencies)


def test_bootstrap_is_read_by_pythons_that_are_too_old():
    text = (ROOT / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 7))


def test_bootstrap_uses_the_standard_library_only():
    tree = ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"))
    modules = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.partition(".")[0] for name in modules} <= set(sys.stdlib_module_names)


def test_every_key_of_a_piece_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    keys = {
        field.alias or name
        for table in TABLES.values()
        for name, field in table.model_fields.items()
    }
    assert [
        key for key in sorted(keys) if f"`{key}`" not in readme and f"[{key}]" not in readme
    ] == []


def test_every_command_and_option_stands_in_the_readme():
    from typer.main import get_command

    from ensembles.cli.app import app

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    group = get_command(app)
    common = {"--help", "--verbose", "--quiet"}
    missing = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        row = next((line for line in readme.splitlines() if f"| `musebots {name}" in line), "")
        options = [set(param.opts) for param in command.params if param.opts[0].startswith("-")]
        told = [{f"`{opt}`" in row for opt in opts} | {bool(opts & common)} for opts in options]
        missing += [name for is_told in told if True not in is_told]
    assert missing == []


def test_the_readme_begins_with_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line.split("#")[0].strip() for line in lines if line.startswith("make ")]
    assert commands[:2] == ["make play", "make test"]


def test_the_readme_shows_the_smallest_bot_word_for_word():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "musebots" / "hello.py").read_text(encoding="utf-8").strip() in readme


def test_the_pieces_in_the_readme_are_pieces():
    from ensembles.config import parse_piece

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pieces = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert [parse_piece(text).title for text in pieces] == ["Four chords", "Heard"]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
