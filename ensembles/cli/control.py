"""`musebots tempo`, `mix`, `add` and so on: steer a band that plays, from another terminal.

Each sends one OSC message to the Director; any other program may send the same.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ensembles.cli.options import Key
from ensembles.cli.sending import send

__all__ = [
    "add", "fader", "finish", "go", "hold", "instrument", "knob", "mix", "policy", "remove",
    "replace", "stop", "tempo",
]  # fmt: skip

Director = Annotated[
    str, typer.Option("--director", metavar="HOST:PORT", help="Where the Director listens.")
]
HERE = "127.0.0.1:4747"
Reference = Annotated[
    str, typer.Argument(metavar="CLASS", help="A stock bot, module:Class, a file or a folder.")
]
Bot = Annotated[str, typer.Argument(metavar="BOT", help="A bot's id, or 'all'.")]


class Fader(StrEnum):
    """What a strip of the mixer has."""

    GAIN_DB = "gain_db"
    PAN = "pan"
    REVERB = "reverb"
    MUTE = "mute"
    SOLO = "solo"


class Mode(StrEnum):
    """Who moves the bots between calmer and bolder."""

    OFF = "off"
    FADER = "fader"
    NUDGE = "nudge"
    INSIST = "insist"
    ENCOURAGE = "encourage"
    DAMP = "damp"


class Means(StrEnum):
    """What is moved in a bot's network."""

    DIRECTION = "direction"
    UNITS = "units"


class Knob(StrEnum):
    """What every stock bot has."""

    INTENSITY = "intensity"
    DENSITY = "density"
    REGISTER = "register"


def tempo(
    bpm: Annotated[float, typer.Argument(min=10, max=480, help="Quarter notes a minute.")],
    ramp_beats: Annotated[
        float, typer.Option("--ramp", min=0, max=4096, help="Get there within so many beats.")
    ] = 0.0,
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Change the tempo of a band that plays, from the next beat on."""
    from musebots.messages import SetTempo

    send(SetTempo(bpm, ramp_beats), director, key)


def mix(
    bot: Bot,
    fader: Annotated[Fader, typer.Argument(help="What to move; 'all' has gain_db only.")],
    value: Annotated[float, typer.Argument(help="dB; -1..1 for pan; 0..1 for reverb, mute, solo.")],
    fade_seconds: Annotated[float, typer.Option("--fade", min=0, help="Seconds.")] = 0.0,
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Move a fader of the mixer while the band plays."""
    from musebots.messages import Mix

    if bot == "all" and fader is not Fader.GAIN_DB:
        raise typer.BadParameter("the master has gain_db only", param_hint="FADER")
    if not math.isfinite(value):
        raise typer.BadParameter("must be a number", param_hint="VALUE")
    send(Mix("" if bot == "all" else bot, fader.value, value, fade_seconds), director, key)


def instrument(
    bot: Bot,
    name: Annotated[str, typer.Argument(help="vibraphone, upright, jazz ...; see 'list'.")],
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Give a bot another instrument while the band plays."""
    from director.sounds import SOUNDS
    from musebots.messages import Instrument

    names = [sound.name for sound in SOUNDS]
    if name not in names:
        raise typer.BadParameter(f"there is {', '.join(names)}", param_hint="NAME")
    send(Instrument(bot, name), director, key)


def knob(
    bot: Bot,
    name: Annotated[Knob, typer.Argument(help="What to turn.")],
    value: Annotated[float, typer.Argument(min=0, max=1, help="0..1; 0.5 is neutral.")],
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Turn a bot's knob while it plays: how lively, how dense, how high."""
    from musebots.messages import Control

    send(Control("" if bot == "all" else bot, name.value, value), director, key)


def fader(
    bot: Bot,
    value: Annotated[
        float, typer.Argument(min=-1, max=1, help="-1 calmer .. 1 bolder; 0 as learned.")
    ],
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Make a bot, or with 'all' the band, calmer or bolder while it plays."""
    from musebots.messages import Fader as Moved

    send(Moved("" if bot == "all" else bot, value), director, key)


def policy(
    mode: Annotated[Mode, typer.Argument(help="Who moves the bots between calmer and bolder.")],
    target: Annotated[
        float, typer.Option("--target", min=0, max=1, help="How creative to be: nudge, insist.")
    ] = 0.5,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=1, help="How far from it is near enough.")
    ] = 0.1,
    means: Annotated[
        Means, typer.Option("--means", help="Move along the learned direction, or flagged units.")
    ] = Means.DIRECTION,
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Choose who moves the bots between calmer and bolder, while the band plays."""
    from musebots.messages import Policy

    send(Policy(mode.value, target, tolerance, means.value), director, key)


def add(
    reference: Reference,
    bot_id: Annotated[
        str | None, typer.Option("--id", help="Its id; the name of its class or file unless given.")
    ] = None,
    role: Annotated[
        str, typer.Option("--role", help="Chooses its sound: melody, bass, drums or your own word.")
    ] = "",
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Add a bot to a band that plays."""
    from musebots.messages import Add

    place = Path(reference)
    name = place.resolve().stem if place.exists() else re.split(r"[.:]", reference)[-1]
    send(Add(bot_id or name, _found(reference), role), director, key)


def remove(
    bot: Annotated[str, typer.Argument(metavar="BOT", help="A bot's id.")],
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Take a bot out of a band that plays."""
    from musebots.messages import Remove

    send(Remove(bot), director, key)


def replace(
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The id of the bot that goes.")],
    reference: Reference,
    director: Director = HERE,
    key: Key = "",
) -> None:
    """Let another bot take a bot's place, at a bar line, while the band plays."""
    from musebots.messages import Replace

    send(Replace(bot, _found(reference)), director, key)


def _found(reference: str) -> str:
    """A bot's reference as the Director can use it, wherever it was started; `UnknownBot`."""
    from musebots.registry import check_reference

    check_reference(reference)
    return str(Path(reference).resolve()) if Path(reference).exists() else reference


def hold(director: Director = HERE, key: Key = "") -> None:
    """Hold the music where it is; `musebots go` lets it go on."""
    from musebots.messages import Hold

    send(Hold(1), director, key)


def go(director: Director = HERE, key: Key = "") -> None:
    """Let music that was held go on, from where it stands."""
    from musebots.messages import Hold

    send(Hold(0), director, key)


def finish(director: Director = HERE, key: Key = "") -> None:
    """Ask the band to end: it agrees on a phrase to end with, and comes home together."""
    from musebots.messages import Broadcast

    send(Broadcast("exiting", "somebody", (1,)), director, key)


def stop(director: Director = HERE, key: Key = "") -> None:
    """End the session that plays."""
    from musebots.messages import Stop

    send(Stop(), director, key)
