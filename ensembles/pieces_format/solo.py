"""A piece for one bot alone, so that a new bot can be heard before anything is written about it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from director.roster import MAX_NAME_LENGTH
from musebots.errors import UnknownBot
from musebots.registry import check_reference

__all__ = ["is_bot", "solo"]

PIECE = """
title = {title}
key = "A minor"
harmony = "{harmony}"
[[section]]
name = "A"
chords = "Am7 | Fmaj7 | Dm7 | E7"
bars = 16
[[bot]]
id = {id}
class = {reference}
"""


def is_bot(reference: str) -> bool:
    """Whether a bot goes by this reference: stock name, module:Class, or folder with a bot."""
    try:
        check_reference(reference)
    except UnknownBot:
        return False
    return True


def solo(reference: str, *, harmony: str = "written") -> str:
    """The TOML text of a piece in which the bot behind `reference` plays alone.

    A file or folder is named in full, so that the bot is found from wherever it is started.
    """
    place = Path(reference)
    name = place.resolve().stem if place.exists() else re.split(r"[.:]", reference)[-1]
    bot_id = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:MAX_NAME_LENGTH] or "bot"
    text = PIECE.format(
        title=json.dumps(f"{name} alone"),
        harmony=harmony,
        id=json.dumps(bot_id),
        reference=json.dumps(str(place.resolve()) if place.exists() else reference),
    )
    return text.replace("class =", "folder =") if place.is_dir() else text
