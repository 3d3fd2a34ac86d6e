"""What a bot is made of: its code and its network, by digest, so that a session says who played."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from importlib import resources
from pathlib import Path

from pydantic import JsonValue

from ensembles.config import BotSpec
from musebots.registry import STOCK_MODULES, source_file

__all__ = ["makings_of"]


def makings_of(bot: BotSpec, version: Path | None = None) -> dict[str, JsonValue]:
    """A bot's reference, settings, and sha256 of its code and network, where they can be read.

    `version` is a copy of its file that it runs instead.
    """
    code, network = version or _code(bot.bot), _network(bot)
    return {
        "reference": bot.bot,
        "role": bot.role,
        "settings": bot.settings,
        "code": None if code is None else _digest(code),
        "network": None if network is None else _identity(network),
    }


def _code(reference: str) -> Path | None:
    """The file that the bot's class is in."""
    path = source_file(reference)
    if path is not None:
        return path
    module = STOCK_MODULES.get(reference, reference.partition(":")[0])
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _network(bot: BotSpec) -> Path | None:
    """Its checkpoint: of its settings, or the one that comes with a stock bot."""
    chosen = bot.settings.get("checkpoint")
    if isinstance(chosen, str):
        return Path(chosen)
    shipped = Path(str(resources.files("musebots") / "checkpoints" / f"{bot.bot}.safetensors"))
    return shipped if bot.bot in STOCK_MODULES and shipped.is_file() else None


def _identity(checkpoint: Path) -> str | None:
    """The sha256 by which a network is known in activations and backgrounds: its card says it."""
    try:
        card = json.loads(checkpoint.with_suffix(".json").read_text(encoding="utf-8"))
        return str(card["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return _digest(checkpoint)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
