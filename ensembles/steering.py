"""The steerer's place in a performance: when there is one, as guest or as a process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from director.director import Director
from director.score import Score
from director.steering import SteeringNews
from ensembles.config import Piece
from ensembles.guests import GuestProcess, GuestSpec
from musebots.errors import ConfigError
from musebots.messages import Policy
from musebots.network import Address

__all__ = ["DRIVEN", "STEERER_ID", "OnDemand", "is_flag_driven", "is_steered", "with_policy"]

STEERER_ID = "steerer"
GUEST = GuestSpec(
    STEERER_ID, "creativity.steerer:Steerer", "steerer", without="the faders stay as they are"
)
DRIVEN = ("nudge", "insist", "encourage", "damp")
FLAG_DRIVEN = ("encourage", "damp")


def with_policy(score: Score, mode: str | None, target: float | None) -> Score:
    """The score with another policy to begin with; None leaves what the piece says.

    Raises
    ------
    ConfigError
        If there is no such policy, or the target is out of range.
    """
    policy = score.policy
    if mode is not None:
        policy = replace(policy, mode=mode)
    if target is not None:
        policy = replace(policy, target=target)
    try:
        return replace(score, policy=policy.checked())
    except ValueError as error:
        raise ConfigError(str(error)) from error


def is_steered(piece: Piece, score: Score) -> bool:
    """Whether a steerer is there from the start: the piece speaks of steering, or a policy does."""
    return piece.table.steering is not None or score.policy.mode in DRIVEN


def is_flag_driven(policy: Policy) -> bool:
    """Whether a policy acts upon flags, so that the monitor has to listen."""
    return policy.mode in FLAG_DRIVEN


class OnDemand:
    """The steerer in a process of its own, started with the first policy that needs it.

    Whatever becomes of it, the music goes on, as the faders stand.
    """

    def __init__(self) -> None:
        self._is_wanted = asyncio.Event()

    def hear(self, news: SteeringNews, tick: int) -> None:
        """Somebody has chosen a policy, or moved something else."""
        if isinstance(news, Policy) and news.mode in DRIVEN:
            self._is_wanted.set()

    def start(self) -> None:
        """It is wanted from the start."""
        self._is_wanted.set()

    @contextlib.asynccontextmanager
    async def serving(self, director: Director, address: Address) -> AsyncIterator[None]:
        """Start it once it is wanted, while the block runs; no process is left afterwards."""
        task = asyncio.create_task(self._serve(director, address))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _serve(self, director: Director, address: Address) -> None:
        await self._is_wanted.wait()
        process = await GuestProcess.start(GUEST, director, address)
        try:
            await asyncio.Event().wait()
        finally:
            await process.end()
