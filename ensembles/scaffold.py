"""A new bot's folder: code, test, piece and README, from the templates beside this file."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from string import Template

from musebots.errors import ConfigError

__all__ = ["class_name", "make_bot_folder"]

_SUFFIX = ".template"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")


def class_name(name: str) -> str:
    """The bot's class, from its name.

    Examples
    --------
    >>> class_name("night-owl")
    'NightOwl'
    """
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name))
    is_taken = keyword.iskeyword(joined) or joined in ("Musebot", "Note")
    return f"{joined}Bot" if is_taken else joined


def make_bot_folder(name: str, where: Path) -> Path:
    """Write a new bot's folder.

    Parameters
    ----------
    name : str
        The folder's name and the bot's id.
    where : Path
        The folder goes into this one.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    ConfigError
        If the name cannot be one, the folder exists, or it cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"a bot's name begins with a letter and has letters, digits, '-' and '_', got {name!r}"
        )
    if find_spec(name.replace("-", "_")) is not None:
        raise ConfigError(f"{name!r} is the name of a Python module; choose another")
    folder = where / name
    names = {"name": name, "class_name": class_name(name)}
    try:
        folder.mkdir(parents=True)
        for template in resources.files("ensembles").joinpath("templates").iterdir():
            if template.name.endswith(_SUFFIX):
                text = Template(template.read_text(encoding="utf-8")).substitute(names)
                target = folder / template.name.removesuffix(_SUFFIX)
                target.write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(f"{folder} exists already; choose another name or --dir") from error
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from error
    return folder
