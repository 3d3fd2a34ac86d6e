"""The steerer's place in a performance: when there is one, as guest or as a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from creativity.assessor.taste import Taste, read_taste
from director.director import Director
from director.score import Score
from director.steering import SteeringNews
from ensembles.config import Piece
from ensembles.guests import GuestProcess, GuestSpec
from musebots.errors import ConfigError
from musebots.messages import Policy
from musebots.network import Address

__all__ = [
    "DRIVEN", "NO_TASTE", "STEERER_ID", "TASTE_FILE", "OnDemand", "guest_of", "is_flag_driven",
    "is_steered", "taste_of", "with_policy", "words_of",
]  # fmt: skip

log = logging.getLogger(__name__)

STEERER_ID = "steerer"
GUEST = GuestSpec(
    STEERER_ID, "creativity.steerer:Steerer", "steerer", without="the faders stay as they are"
)
DRIVEN = ("nudge", "insist", "encourage", "damp")
FLAG_DRIVEN = ("encourage", "damp")
TASTE_FILE = Path("taste.json")
"""Where `musebots rate fit` writes, and where a taste is looked for: in the working folder."""
NO_TASTE = "none"
QUESTION = "creative"
"""Of the two that listeners are asked: what policies aim at."""


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


def taste_of(
    piece: Piece, wanted: str | None, *, on_notice: Callable[[str], None] = log.warning
) -> Taste | None:
    """What listeners prefer: the file that the performer names, or the piece, or `TASTE_FILE`.

    Raises
    ------
    ConfigError
        If a file that was named cannot be used; of the one in the working folder it is told.
    """
    if wanted == NO_TASTE:
        return None
    table = piece.table.steering
    named = wanted or (table.taste if table is not None else None)
    if named is not None:
        return read_taste(Path(named), QUESTION)
    try:
        return read_taste(TASTE_FILE, QUESTION) if TASTE_FILE.is_file() else None
    except ConfigError as error:
        on_notice(str(error))
        return None


def words_of(taste: Taste | None) -> str:
    """Who judges how creative the band is, in one line, with the weight w of people's ratings."""
    if taste is None:
        return "creativity is judged by the machine's proxy alone (w = 0: nobody has rated)"
    return taste.words


def guest_of(taste: Taste | None) -> GuestSpec:
    """The steerer, and what it is told of listeners."""
    return GUEST if taste is None else replace(GUEST, settings={"taste": taste.to_values()})


class OnDemand:
    """The steerer in a process of its own, started with the first policy that needs it.

    Whatever becomes of it, the music goes on, as the faders stand.

    Parameters
    ----------
    guest : GuestSpec
        As `guest_of` gives it.
    """

    def __init__(self, guest: GuestSpec) -> None:
        self._guest = guest
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
        director.reception.expect(STEERER_ID, self._guest.casting(director.score.seed))
        director.roster.leave(STEERER_ID)  # nobody waits for it
        process = await GuestProcess.start(self._guest, director, address)
        try:
            await asyncio.Event().wait()
        finally:
            await process.end()
