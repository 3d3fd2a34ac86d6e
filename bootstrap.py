"""Set up `.venv` if need be, then play, render, test or lint: python3 bootstrap.py play -- trio.

Standard library only; also the way in on Windows, where there is no make.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "musebots-installed.json"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST, NEWEST = (3, 11), (3, 14)
IS_WINDOWS = os.name == "nt"
PACKAGES = ("musebots", "director", "creativity", "ensembles")
EXTRAS = {"play": "", "test": "[lan,link,midi,ssh,train,research,test]"}
LINTS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    (
        "import contracts",
        ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
    ),
)
LEFTOVERS = (".venv", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache",
             ".hypothesis", ".import_linter_cache", "musebots.egg-info", "artefacts")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["play", "render", "test", "lint", "clean"])
    parser.add_argument("arguments", nargs="*", help="for the program, after --")
    chosen = parser.parse_args()
    if chosen.command == "clean":
        return clean()
    if sys.version_info < OLDEST:
        return run_with_newer_python()
    if chosen.command in ("play", "render"):
        set_up("play")
        become([venv_script("musebots"), chosen.command, *chosen.arguments])
    set_up("test")
    if chosen.command == "lint":
        return 1 if failed_lints() else 0
    return test(chosen.arguments)


def test(arguments):
    """Lint, then pytest, whose summary is the last thing said; fail if either did."""
    failed = failed_lints()
    pytest = [venv_python(), "-m", "pytest", *arguments]
    if not failed:
        become(pytest)
    say("failed: %s; the tests follow" % ", ".join(failed))
    return subprocess.call(pytest, cwd=str(ROOT)) or 1


def failed_lints():
    failed = []
    for name, command in LINTS:
        say(name)
        if subprocess.call([venv_python(), *command], cwd=str(ROOT)):
            failed.append(name)
    return failed


def set_up(kind):
    """Make `.venv` hold what `kind` needs; nothing to do when it does already."""
    python = venv_python()
    installed = read_stamp() if is_sound(python) else {}
    wanted = fingerprint()
    if installed.get(kind) == wanted:
        return
    uv = shutil.which("uv")
    say("setting up .venv for '%s': about a minute, once" % kind)
    if not (uv and install_with_uv(uv, kind, is_new=not installed)):
        install_with_pip(kind, is_new=not is_sound(python) or not has_pip(python))
    now = dict.fromkeys(EXTRAS if kind == "test" else ("play",), wanted)
    kept = {name: hash_ for name, hash_ in installed.items() if hash_ == wanted}
    STAMP.write_text(json.dumps({**kept, **now}), encoding="utf-8")


def install_with_uv(uv, kind, is_new):
    if is_new and subprocess.call([uv, "venv", "--quiet", "--clear", "--python", sys.executable,
                                   str(VENV)]):  # fmt: skip
        return False
    backend = ["--torch-backend", "cpu"] if kind == "test" and sys.platform == "linux" else []
    command = [uv, "pip", "install", "--quiet", "--python", venv_python(), *backend]
    if subprocess.call([*command, "-c", str(CONSTRAINTS), "-e", target(kind)]) == 0:
        return True
    say("uv could not install it; trying pip")
    return False


def install_with_pip(kind, is_new):
    if is_new:
        if find_spec("ensurepip") is None or find_spec("venv") is None:
            fail(
                "this Python cannot make virtual environments: install its venv package (Debian, "
                "Ubuntu: apt install python%d.%d-venv) or uv, and try again" % sys.version_info[:2]
            )
        if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            fail("python -m venv failed; the reason stands above")
    pip = [venv_python(), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    if kind == "test" and sys.platform == "linux":
        install_cpu_torch(pip)
    if subprocess.call([*pip, "-c", str(CONSTRAINTS), "-e", target(kind)]):
        fail("pip could not install what '%s' needs; the reason stands above" % kind)


def install_cpu_torch(pip):
    """Linux wheels of torch bring CUDA along unless a CPU build is there first."""
    version = next(line.split("==")[1] for line in CONSTRAINTS.read_text(encoding="utf-8").split()
                   if line.startswith("torch=="))  # fmt: skip
    quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    build = "torch==%s+cpu" % version
    offered = [*pip, "--no-deps", "--only-binary", ":all:", build]
    if subprocess.call(offered, **quietly):
        # uv knows where CPU builds lie; pip would have to be told
        python = venv_python()
        by_uv = [python, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--python", python,
                 "--torch-backend", "cpu", "torch==%s" % version]  # fmt: skip
        if subprocess.call([*pip, "uv"], **quietly) or subprocess.call(by_uv, **quietly):
            say("found no CPU build of torch; the usual one may bring CUDA, which is large")


def run_with_newer_python():
    """Start again with a Python that is new enough, if there is one on the PATH."""
    here = [sys.argv[0], *sys.argv[1:]]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        candidates = [["python3.%d" % minor]] + ([["py", "-3.%d" % minor]] if IS_WINDOWS else [])
        for candidate in candidates:
            if shutil.which(candidate[0]) and is_sound(*candidate):
                become([shutil.which(candidate[0]), *candidate[1:], *here])
    fail(
        "musebots needs Python %d.%d or newer, this is %d.%d and there is no newer one on the "
        "PATH; see https://www.python.org/downloads" % (*OLDEST, *sys.version_info[:2])
    )


def is_sound(*python):
    """Whether this command starts a Python that is new enough."""
    code = "import sys; sys.exit(sys.version_info < %r)" % (OLDEST,)
    try:
        return subprocess.call([*python, "-c", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def has_pip(python):
    return subprocess.call([python, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0


def fingerprint():
    """Changes when what should be installed does, and when the folder moves."""
    parts = [str(ROOT).encode(), CONSTRAINTS.read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp():
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def target(kind):
    return str(ROOT) + EXTRAS[kind]


def venv_python():
    return venv_script("python")


def venv_script(name):
    return str(VENV / ("Scripts" if IS_WINDOWS else "bin") / name) + (".exe" if IS_WINDOWS else "")


def become(command):
    """Turn into `command`, so that signals and the exit code are its own."""
    sys.stdout.flush()
    if not IS_WINDOWS:
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:  # the program has it too, and ends by itself
            continue


def clean():
    for name in LEFTOVERS:
        shutil.rmtree(str(ROOT / name), ignore_errors=True)
    for package in (*PACKAGES, "tests"):
        for cache in sorted((ROOT / package).rglob("__pycache__")):
            shutil.rmtree(str(cache), ignore_errors=True)
    return 0


def say(text):
    print("bootstrap: " + text, flush=True)


def fail(text):
    sys.exit("bootstrap: " + text)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # what is half installed is mended by the next run
