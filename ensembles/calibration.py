"""Calibrate the monitor on a piece: play it offline many times over, and fit a background."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from random import Random

from creativity.background import Background, Setup
from creativity.calibrating import Plan, calibrate
from creativity.collecting import Collector
from creativity.scoring import Run
from ensembles.config import Piece
from ensembles.rehearsals import Rehearsals
from ensembles.rendering import Guest, perform_here
from ensembles.stage import mistakes_of
from musebots.generators import STEPS_PER_BEAT
from musebots.messages import Fader
from musebots.musebot import Musebot
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

__all__ = ["calibrate_piece", "numbered_run", "play_run", "run_seed"]

FIRST_SEED = 1_000_000_000
"""Runs of a background have seeds from here on: nobody's own session is among them by accident."""
SEEDS_PER_BACKGROUND = 1_000_000
MINUTE_SECONDS = 60.0
WANDERER_BARS = 8
WANDERER_LEAD_BEATS = 2.0


class Wanderer(Musebot):
    """Moves the band's fader every so many bars, anywhere: for a background that knows steering."""

    role = "listener"

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = Random(f"{seed} wanderer")

    async def play(self) -> None:
        async for bar in self.clock.bars(lead=WANDERER_LEAD_BEATS):
            if bar % WANDERER_BARS == 0:
                value = self._chance.uniform(-1.0, 1.0)
                self.tell(Fader("", value, self.clock.meter_map.bar_tick(bar)))


def run_seed(seed: int, index: int) -> int:
    """The seed of the n-th run of a background."""
    return FIRST_SEED + seed * SEEDS_PER_BACKGROUND + index


def play_run(piece: Piece, *, seed: int, bars: int | None = None, bpm: float | None = None) -> Run:
    """Play a piece offline and return what every bot's network did.

    Raises
    ------
    BotFailed
        When a bot's code raises.
    """

    async def session() -> Run:
        score = piece.score(bars=bars, bpm=bpm, seed=seed)
        ears = Collector()
        guests = {"collector": Guest(ears)}
        if piece.table.steering is not None:
            guests["wanderer"] = Guest(Wanderer(seed))
        await perform_here(piece, score, [], network=LoopbackNetwork(), listeners=guests)
        return ears.playing(score.end_tick)

    return run_offline(session())


def numbered_run(piece: Piece, seed: int, bars: int | None, bpm: float | None, index: int) -> Run:
    """The n-th run from a seed on; for `ensembles.rehearsals`, the number comes last."""
    return play_run(piece, seed=run_seed(seed, index), bars=bars, bpm=bpm)


def calibrate_piece(
    piece: Piece,
    *,
    n_runs: int,
    bars: int | None = None,
    seed: int = 0,
    setup: Setup | None = None,
    flags_per_hour: float = 4.0,
    n_jobs: int = 1,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Background:
    """Make the background of a piece; the same arguments and networks give the same background.

    Parameters
    ----------
    piece : Piece
    n_runs : int
        >= 4; how often it is played. What can be promised grows with it.
    bars : int, optional
        Length of a run; the piece's own unless given.
    seed : int
        Of the first run.
    setup : Setup, optional
        How windows are scanned.
    flags_per_hour : float
        What is counted on the runs held out.
    n_jobs : int
        So many runs are played at a time, each in a process of its own.
    on_progress : callable
        Hears the share done, 0..1.

    Raises
    ------
    BackgroundError
        If no bot tells its activations.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one step is too small to share
    score = piece.score(bars=bars)
    n_steps = score.end_tick // (480 // STEPS_PER_BEAT)
    plan = Plan.of(
        n_runs,
        setup=setup or Setup(),
        flags_per_hour=flags_per_hour,
        seconds_per_step=score.tempo_map.seconds_at(score.end_tick) / n_steps,
    )
    made = {"seed": seed, "bars": score.n_bars, "n_runs": n_runs}
    if piece.table.steering is not None:
        made["steered"] = 1  # faders were everywhere: steering is normal here
    play = partial(numbered_run, piece, seed, bars, None)
    with mistakes_of(piece), Rehearsals(play, n_jobs) as rehearsals:
        return calibrate(
            rehearsals,
            plan,
            piece=piece.name,
            made=made,
            on_progress=on_progress,
        )
