"""Taking up a session that was cut off: at the bar line it had reached, with all that was known."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from director.outputs.base import TempoChange
from director.retained import Retained
from director.score import Score
from ensembles.config import BotSpec
from ensembles.sessions.folder import SESSIONS, SessionFolder, all_folders
from ensembles.sessions.reading import Take, read_session, tempo_from
from ensembles.sessions.recorder import FORMAT
from musebots import messages as m
from musebots.errors import ConfigError
from musebots.timebase import TempoMap, TempoPoint

__all__ = ["Saved", "read_unfinished", "taken_up"]

_BOTS = TypeAdapter(tuple[BotSpec, ...])


@dataclass(frozen=True)
class Saved:
    """A session as far as it had come: what was asked for, the bar, the tempo, what was said.

    `bots` were in the band when it was cut off, `gone` had been taken out of it.
    """

    folder: SessionFolder
    request: dict[str, Any]
    bar: int
    tempo: tuple[tuple[int, float, bool], ...]
    retained: dict[str, Any]
    bots: tuple[BotSpec, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def tempo_map(self) -> TempoMap:
        """The tempo, with all changes that were made by hand."""
        return TempoMap(tuple(TempoPoint(*row) for row in self.tempo))

    def lineup(self, bots: Sequence[BotSpec]) -> tuple[BotSpec, ...]:
        """Who plays on: the piece's bots, as they were replaced, without those removed; and guests.

        Parameters
        ----------
        bots : sequence of BotSpec
            Those of the piece.
        """
        there = {bot.id: bot for bot in self.bots}
        stay = [there.pop(bot.id, bot) for bot in bots if bot.id not in self.gone]
        return (*stay, *there.values())

    def before(self, score: Score) -> Take:
        """What was played before the bar at which `score` goes on."""
        take = read_session(self.folder).take(before_tick=score.first_tick)
        if take.score.tempo_map == score.tempo_map:
            return take
        begun = TempoChange(0, 0.0, take.score.tempo_map)
        return replace(take, events=(begun, *take.events, tempo_from(score)))


def read_unfinished(root: Path = SESSIONS) -> Saved:
    """The session that was cut off last.

    Raises
    ------
    ConfigError
        When there is none, or it cannot be read.
    """
    folder = next((f for f in all_folders(root) if f.unfinished.is_file()), None)
    if folder is None:
        raise ConfigError(f"there is no unfinished session here ({root}) to resume")
    try:
        table = json.loads(folder.unfinished.read_text(encoding="utf-8"))
        if table["format"] != FORMAT:
            raise ValueError(f"format {table['format']}, not {FORMAT}")
        if _is_alive(int(table.get("pid", 0))):
            raise ValueError("it still plays")
        tempo = tuple((int(t), float(b), bool(r)) for t, b, r in table["tempo"])
        retained = _with_last_moves(table["retained"], folder)
        bots = _BOTS.validate_python(table.get("bots", ()))
        gone = tuple(str(bot_id) for bot_id in table.get("gone", ()))
        saved = Saved(
            folder, dict(table["request"]), int(table["bar"]), tempo, retained, bots, gone
        )
        _ = saved.tempo_map
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder.unfinished} cannot be resumed: {error}") from error
    return saved


def _is_alive(pid: int) -> bool:
    """Whether the process still runs that plays a session, where the system tells."""
    if pid <= 0 or pid == os.getpid() or not hasattr(os, "killpg"):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _with_last_moves(plain: Mapping[str, Any], folder: SessionFolder) -> dict[str, Any]:
    """What was retained at the bar line, and where knobs and faders were left after it."""
    retained = Retained()
    retained.restore(plain)
    for stretch in read_session(folder).stretches:
        for heard in stretch.messages():
            match heard.message:
                case m.Mix() | m.Instrument() as move:
                    retained.keep_move(move)
                case m.Control() | m.Fader() | m.Horizon() | m.Policy() as turned:
                    retained.keep_control(turned, heard.datagram)
    return retained.plain()


def taken_up(score: Score, saved: Saved) -> Score:
    """The score from the bar on at which a session was cut off, after at least one of count-in.

    Raises
    ------
    ConfigError
        When the piece is shorter by now.
    """
    if not 0 <= saved.bar < score.n_bars:
        raise ConfigError(f"the session was cut off at bar {saved.bar + 1} of {score.n_bars}")
    strips = {strip.bot_id: strip for strip in score.strips}
    guests = tuple(bot.strip for bot in saved.bots if bot.id not in strips)
    return replace(
        score,
        strips=(*score.strips, *guests),
        first_bar=saved.bar,
        tempo_map=saved.tempo_map,
        count_in_bars=max(1, score.count_in_bars),
    )
