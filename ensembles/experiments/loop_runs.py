"""Performances of the closed loop offline, and what of them is kept: each is played once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from creativity.ears import Scanned
from creativity.judging import Judge
from creativity.monitor import Monitor
from creativity.steerer import Steerer
from director.score import Score
from ensembles.config import Piece
from ensembles.monitoring import MONITOR_ID, monitor_of
from ensembles.rendering import Guest, perform_here
from ensembles.steering import STEERER_ID
from musebots.messages import Assessed, Message, Steered
from musebots.musebot import Musebot
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

__all__ = ["LEVELS", "Move", "Played", "kept", "perform"]

LEVELS = (0.05, 0.01)
"""Windows whose p-value is at most so are counted."""
Move = tuple[int, Message]
"""A bar, and what is said before it begins."""


@dataclass(slots=True)
class Played:
    """What came of a performance.

    Attributes
    ----------
    levels : dict of int to float
        The band's creativity as the policy sees it, by the bar that it was known before.
    scores : dict of int to float
        That of each two bars by themselves.
    faders : dict of str to list of float
        What was in force, bar by bar, by bot.
    n_flags, n_halved, n_acted : int
        Flags of the monitor; how often the gate took something; what the steerer did.
    n_windows, n_below : int, list of int
        Windows that the monitor scanned, of all bots and of the band; those at each of `LEVELS`.
    seconds : float
        Of music.
    after : dict of int to list of int
        By whole bars since the bot of a window was steered last: windows, those at each of
        `LEVELS`.
    """

    levels: dict[int, float] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    faders: dict[str, list[float]] = field(default_factory=dict)
    n_flags: int = 0
    n_halved: int = 0
    n_acted: int = 0
    n_windows: int = 0
    n_below: list[int] = field(default_factory=lambda: [0] * len(LEVELS))
    seconds: float = 0.0
    after: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Played:
        """What `asdict` gave, after a journey as JSON: its keys are texts."""
        by_bar = {
            name: {int(bar): value for bar, value in values[name].items()}
            for name in ("levels", "scores", "after")
        }
        return cls(**{**values, **by_bar})


class Hand(Musebot):
    """Sends messages before bars: whoever turns the knobs in this experiment."""

    role = "listener"

    def __init__(self, moves: Sequence[Move]) -> None:
        super().__init__()
        self._moves = moves

    async def play(self) -> None:
        for bar, message in self._moves:
            await self.clock.until_tick(self.clock.meter_map.bar_tick(bar) - 1440)
            self.tell(message)


def perform(
    piece: Piece,
    score: Score,
    judge: Judge,
    moves: Sequence[Move] = (),
    *,
    is_monitored: bool = False,
    flags_per_hour: float | None = None,
) -> Played:
    """Play a score offline with a steerer, and a monitor if asked for, while a hand moves.

    The monitor promises what the piece says, or `flags_per_hour`.
    """
    played = Played()
    meters = score.meter_map
    steered_until: dict[str, int] = {}

    def hear(news: Message, tick: int) -> None:
        if isinstance(news, Assessed) and not news.bot_id:
            bar = meters.bar_at(news.end_tick)
            played.levels[bar], played.scores[bar] = news.level, news.score
        elif isinstance(news, Steered):
            played.faders.setdefault(news.bot_id, []).append(news.value)
            if news.kl > 0:
                steered_until[news.bot_id] = news.end_tick

    def count(scanned: Scanned) -> None:
        is_below = [int(scanned.p_value <= level) for level in LEVELS]
        played.n_windows += 1
        played.n_below = [n + m for n, m in zip(played.n_below, is_below, strict=True)]
        ends = [end for bot, end in steered_until.items() if scanned.bot_id in ("", bot)]
        if ends and scanned.tick >= max(ends):
            signature = meters.time_signature_at(meters.bar_at(scanned.tick))
            bars = (scanned.tick - max(ends)) // signature.bar_ticks
            known = played.after.get(bars, [0] * (1 + len(LEVELS)))
            played.after[bars] = [n + m for n, m in zip(known, (1, *is_below), strict=True)]

    async def session() -> None:
        steerer = Steerer()
        steerer.judge = judge
        guests = {"hand": Guest(Hand(moves)), STEERER_ID: Guest(steerer)}
        if is_monitored:
            spec = monitor_of(piece, is_wanted=True)
            assert spec is not None
            monitor = Monitor()
            monitor.on_scanned = lambda scanned, _: count(scanned)
            promise = {} if flags_per_hour is None else {"flags_per_hour": flags_per_hour}
            guests[MONITOR_ID] = Guest(monitor, {**spec.settings, **promise})
        report = await perform_here(
            piece, score, [], network=LoopbackNetwork(), listeners=guests, on_steering=hear
        )
        played.n_flags, played.seconds = len(report.flags), report.music_seconds
        played.n_halved = sum("allowed" in action.why for action in report.actions)
        played.n_acted = len(report.actions) - played.n_halved

    run_offline(session())
    return played


def kept(folder: Path, name: str, play: Callable[[], Played]) -> Played:
    """What `play` gives; or, if it lies in the folder by that name, what is there."""
    path = folder / f"{name}.json"
    if path.exists():
        return Played.from_values(json.loads(path.read_text(encoding="utf-8")))
    played = play()
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(played)) + "\n", encoding="utf-8")
    return played
