"""From a reference that a person writes to a Musebot class.

A reference is the name of a stock bot (``melody``), a module and class
(``package.module:Class``), a Python file, or a folder that holds a ``bot.py``.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from musebots.errors import UnknownBot

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["STOCK_MODULES", "check_reference", "resolve", "source_file", "stock_bots"]

STOCK_MODULES = {
    "melody": "musebots.melody",
    "bass": "musebots.bass",
    "drums": "musebots.drums",
    "hello": "musebots.hello",
    "responder": "musebots.responder",
    "listener": "musebots.listener",
}
"""Name of each stock bot, and the module whose only Musebot it is."""

_BOT_FILE = "bot.py"
_MANIFEST = "musebot.toml"


def resolve(reference: str, *, version: Path | None = None) -> type[Musebot]:
    """Find the class behind `reference`.

    Parameters
    ----------
    reference : str
        ``"melody"``, ``"package.module:Class"``, or a Python file, or a folder with a ``bot.py``,
        that defines exactly one Musebot (or several, one of which ``musebot.toml`` beside it names:
        ``class = "Name"``).

    version : Path, optional
        A copy of another version of the bot's file, to be run in its place.

    Raises
    ------
    UnknownBot
        If there is none, or its code cannot be imported.

    Notes
    -----
    The current directory, or the bot's folder, is appended to ``sys.path``: a bot may import what
    lies beside it, and never shadows a library. A folder is imported once per process.
    """
    if reference in STOCK_MODULES:
        return _only_musebot(_import(STOCK_MODULES[reference], reference), reference)
    if ":" in reference and not Path(reference).is_dir():
        module_name, _, class_name = reference.partition(":")
        _make_importable(Path.cwd())
        return _named_musebot(_import(module_name, reference), class_name, reference)
    check_reference(reference)
    place = Path(reference)
    return _from_file(place if place.is_file() else place / _BOT_FILE, reference, version)


def source_file(reference: str) -> Path | None:
    """The file that a bot's code is in; None for stock bots and installed modules."""
    place = Path(reference)
    for path in (place, place / _BOT_FILE):
        if reference not in STOCK_MODULES and path.is_file():
            return path.resolve()
    return None


def check_reference(reference: str) -> None:
    """Refuse what cannot be a bot, importing nothing.

    Raises
    ------
    UnknownBot
        If `reference` is no stock name, no ``module:Class``, no Python file and no folder with a
        ``bot.py``.
    """
    if reference in STOCK_MODULES or (Path(reference) / _BOT_FILE).is_file():
        return
    if reference.endswith(".py"):
        if Path(reference).is_file():
            return
        raise UnknownBot(f"there is no file {reference}")
    if Path(reference).is_dir():
        raise UnknownBot(f"the folder {reference} holds no {_BOT_FILE}")
    module_name, colon, class_name = reference.partition(":")
    if colon and class_name.isidentifier() and _is_dotted(module_name):
        return
    known = ", ".join(STOCK_MODULES)
    raise UnknownBot(
        f"unknown bot {reference!r}{_did_you_mean(reference, STOCK_MODULES)}; a bot is one of "
        f"{known}, or package.module:Class, or a Python file, or a folder with a {_BOT_FILE}"
    )


def stock_bots() -> dict[str, str]:
    """Every stock bot's name and the first line of its docstring."""
    return {name: _first_line(resolve(name)) for name in STOCK_MODULES}


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _first_line(bot: type[Musebot]) -> str:
    return (inspect.getdoc(bot) or "").partition("\n")[0]


def _did_you_mean(word: str, known: object) -> str:
    matches = get_close_matches(word, list(known), n=1) if isinstance(known, dict | list) else []
    return f" (did you mean {matches[0]!r}?)" if matches else ""


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _import(module_name: str, reference: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            raise UnknownBot(
                f"bot {reference!r}: there is no module {error.name!r} here or in the environment"
            ) from error
        raise UnknownBot(f"bot {reference!r} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:  # a bot's own code may raise anything
        raise _broken(reference, error) from error


def _broken(reference: str, error: BaseException) -> UnknownBot:
    return UnknownBot(f"bot {reference!r} cannot be imported: {type(error).__name__}: {error}")


def _named_musebot(module: ModuleType, class_name: str, reference: str) -> type[Musebot]:
    from musebots.musebot import Musebot

    found = getattr(module, class_name, None)
    if isinstance(found, type) and issubclass(found, Musebot):
        return found
    there = [bot.__name__ for bot in _musebots_in(module)]
    if found is not None:
        raise UnknownBot(f"bot {reference!r}: {class_name} is not a subclass of Musebot")
    offer = f"it defines {', '.join(there)}" if there else "it defines no Musebot"
    raise UnknownBot(
        f"bot {reference!r}: the module has no {class_name!r}"
        f"{_did_you_mean(class_name, there)}; {offer}"
    )


def _musebots_in(module: ModuleType) -> list[type[Musebot]]:
    """The Musebots that `module` itself defines."""
    from musebots.musebot import Musebot

    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Musebot)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
    ]


def _only_musebot(module: ModuleType, reference: str) -> type[Musebot]:
    bots = _musebots_in(module)
    if len(bots) == 1:
        return bots[0]
    if not bots:
        raise UnknownBot(f"bot {reference!r}: its code defines no subclass of Musebot")
    names = ", ".join(bot.__name__ for bot in bots)
    raise UnknownBot(
        f"bot {reference!r} defines {names}; choose one with 'class = \"{bots[0].__name__}\"' "
        f"in a {_MANIFEST} beside it"
    )


def _from_file(path: Path, reference: str, version: Path | None) -> type[Musebot]:
    module = _import_file(path.resolve(), reference, version)
    class_name = _manifest_class(path.parent / _MANIFEST)
    if class_name is None:
        return _only_musebot(module, reference)
    return _named_musebot(module, class_name, reference)


def _manifest_class(path: Path) -> str | None:
    """The class that a folder's manifest names; None without a manifest."""
    if not path.is_file():
        return None
    try:
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnknownBot(f"{path}: {error}") from error
    unknown = sorted(set(manifest) - {"class"})
    if unknown:
        raise UnknownBot(f"{path}: unknown key {unknown[0]!r}; the only key is 'class'")
    class_name = manifest.get("class")
    if class_name is not None and not isinstance(class_name, str):
        raise UnknownBot(f"{path}: class must be text, got {class_name!r}")
    return class_name


class _Version(SourceFileLoader):
    """Reads a module from a copy, and keeps no compiled form of it."""

    def __init__(self, name: str, path: Path, version: Path) -> None:
        super().__init__(name, str(path))
        self._version = version

    def get_data(self, path: str) -> bytes:
        return self._version.read_bytes()

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("not to be cached")


def _import_file(path: Path, reference: str, version: Path | None) -> ModuleType:
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    name = f"musebot_{path.parent.name.replace('-', '_')}_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    loader = _Version(name, path, version) if version is not None else None
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise UnknownBot(f"bot {reference!r}: {path.name} cannot be read")
    module = importlib.util.module_from_spec(spec)
    _make_importable(path.parent)
    sys.modules[name] = module  # before it runs: dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a bot's own code may raise anything
        del sys.modules[name]
        raise _broken(reference, error) from error
    return module
