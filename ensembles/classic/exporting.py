"""One of our bots as a folder that the conductors of 2015 can launch."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from ensembles.classic.folders import CONFIG, INFO, NOTHING, config_text
from ensembles.classic.sets import safe_id
from musebots import __version__
from musebots.errors import ConfigError
from musebots.registry import resolve, source_file
from musebots.topics import FORM, HARMONY, HEARD, SAID

__all__ = ["export_bot", "write_classic_files"]

SCRIPT = """#!/bin/bash
# Started by a conductor, which has written config.txt before.
cd "$(dirname "$0")"
PYTHON={python}
[ -x "$PYTHON" ] || PYTHON=python3
exec "$PYTHON" -m ensembles.classic.playing --bot {bot} "$@"
"""

WINDOWS_SCRIPT = '''' Started by a conductor, which has written config.txt before.
Set files = CreateObject("Scripting.FileSystemObject")
Set shell = CreateObject("WScript.Shell")
shell.CurrentDirectory = files.GetParentFolderName(WScript.ScriptFullName)
shell.Run """{python}"" -m ensembles.classic.playing --bot ""{bot}""", 0, False
'''
"""The Max conductors know a bot of Windows by its `run.vbs`."""

INFO_TEXT = """## name ##

{name}

## version ##

{version}

## instrumentation ##

{role}

type:
    @{role}

## platform ##

Python

## behaviour ##

{behaviour}

## messages ##

sends:
{sends}

receives:
{receives}

## license ##

## credits ##
"""


def export_bot(reference: str, folder: Path) -> Path:
    """Write a folder with `config.txt`, `info.txt`, `run.command`, `run.sh` and `run.vbs`.

    Parameters
    ----------
    reference : str
        A stock bot, ``module:Class``, a file, or a folder, whose contents are copied.
    folder : Path
        The new folder.

    Raises
    ------
    ConfigError
        If it exists already, or cannot be written.
    UnknownBot
        If there is no such bot.
    """
    bot = resolve(reference)
    source = source_file(reference)
    try:
        if Path(reference).is_dir():
            shutil.copytree(
                reference, folder, ignore=shutil.ignore_patterns("__pycache__", ".*", "heard-*")
            )
        else:
            folder.mkdir(parents=True)
            if source is not None:
                shutil.copyfile(source, folder / "bot.py")
    except FileExistsError as error:
        raise ConfigError(f"{folder} exists already; choose another") from error
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error
    doc = (bot.__doc__ or "").strip().splitlines()
    write_classic_files(
        folder,
        "." if source is not None else reference,
        role=bot.role,
        behaviour=doc[0] if doc else "",
        sends=_topics(bot.sends),
        receives=_topics((*HARMONY, *(HEARD if FORM in bot.sends else ()), *bot.hears)),
    )
    return folder


def write_classic_files(
    folder: Path,
    reference: str,
    *,
    role: str,
    behaviour: str,
    sends: str = f"    @{NOTHING}",
    receives: str = f"    @{NOTHING}",
) -> None:
    """Write the files that make a folder a classic musebot.

    Raises
    ------
    ConfigError
        If one cannot be written.
    """
    name = safe_id(folder.resolve().name)
    config = config_text(name, host="127.0.0.1", conductor_port=4747, port=7475, output_channels=2)
    info = INFO_TEXT.format(
        name=name,
        version=__version__,
        role=role,
        behaviour=behaviour,
        sends=sends,
        receives=receives,
    )
    script = SCRIPT.format(python=shlex.quote(sys.executable), bot=shlex.quote(reference))
    python = sys.executable if sys.platform == "win32" else "python"
    windows = WINDOWS_SCRIPT.format(python=python, bot=reference).replace("\n", "\r\n")
    texts = {CONFIG: config, INFO: info, "run.command": script, "run.sh": script}
    texts["run.vbs"] = windows
    try:
        for file_name, text in texts.items():
            path = folder / file_name
            path.write_bytes(text.encode())
            if file_name.startswith("run."):
                path.chmod(0o755)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error


def _topics(names: tuple[str, ...]) -> str:
    """Classic topics, one a line; what is our dialect's own is left out."""
    said = [topic for name in names for topic in (SAID if name == FORM else (name,))]
    names = tuple(name for name in said if name.partition("/")[0] not in OWN_TOPICS)
    return "\n".join(f"    @{name}" for name in names or (NOTHING,))


OWN_TOPICS = ("notes", "activations", "flags", "time")
