"""Machine code is kept where it can be, and made anew where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import creativity

SCAN = (
    "import numpy as np, creativity.compiled as c\n"
    "source = {source!r}\n"
    "exec(compile(open(source).read(), source, 'exec'))\n"
    "print(c.compiled(triple)(3))\n"
)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions as POSIX has them")
@pytest.mark.parametrize("cache", ["/dev/null/nowhere", None])
def test_without_a_writable_folder_the_loops_are_compiled_all_the_same(
    tmp_path: Path, cache: str | None
) -> None:
    source = tmp_path / "site" / "loops.py"
    source.parent.mkdir()
    source.write_text("def triple(x):\n    return 3 * x\n")
    home = tmp_path / "home"
    home.write_text("a file, so that no cache folder can be made below it")
    (source.parent / "__pycache__").write_text("in the way of numba's folder")
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": str(Path(creativity.__file__).parents[1]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("NUMBA_CACHE_DIR", None)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    ended = subprocess.run(
        [sys.executable, "-c", SCAN.format(source=str(source))],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "9\n"), ended.stderr


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, creativity; print([m for m in ('numba', 'numpy') if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stdout == "[]\n", ended.stderr
