"""The monitor's place in a performance: which background, which settings, as guest or process."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from director.director import Casting, Director
from ensembles.config import Piece
from ensembles.pieces_format.model import MonitorTable
from ensembles.processes import BotProcess, command_of
from ensembles.signals import StopRequest
from musebots.errors import BackgroundError
from musebots.network import Address

__all__ = [
    "MONITOR_ID", "MonitorProcess", "MonitorSpec", "casting_of_monitor", "compiled_kernels",
    "monitor_of",
]  # fmt: skip

log = logging.getLogger(__name__)

MONITOR_ID = "monitor"
REFERENCE = "creativity.monitor:Monitor"
GRACE_SECONDS = 0.3
COMPILING = (
    sys.executable, "-P", "-c", "from creativity.streaming import warm_up; warm_up()",
)  # fmt: skip
LONG_SECONDS = 3.0
POLL_SECONDS = 0.05
NICENESS = 10
"""The music comes first: the monitor takes the processor time that nobody else wants."""


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """What the monitor is told."""

    background: Path
    flags_per_hour: float

    @property
    def settings(self) -> dict[str, JsonValue]:
        """Its settings, as it gets them when it joins."""
        return {"background": str(self.background), "flags_per_hour": self.flags_per_hour}


def monitor_of(
    piece: Piece, *, is_wanted: bool = False, on_notice: Callable[[str], None] = log.warning
) -> MonitorSpec | None:
    """The monitor that a piece, or the performer (`is_wanted`), asks for; None if nobody does.

    Without a background of its own a piece is listened to with the one that was shipped for it or,
    where there is none, with that of the trio, which is said.

    Raises
    ------
    BackgroundError
        If there is no background, or it cannot be used.
    """
    table = piece.table.monitor
    if table is None and not is_wanted:
        return None
    from creativity.background import load_background, shipped_background  # numba: only then

    table = table or MonitorTable()
    path = Path(table.background) if table.background else shipped_background(piece.name)
    if path is None:
        path = shipped_background("trio")
        if path is None:
            raise BackgroundError(
                f"there is no background for {piece.name}: make one with `musebots calibrate`, "
                "and name it as `background` in the piece's [monitor]"
            )
        on_notice(
            f"the monitor listens to {piece.name} with the background of trio, so what it promises "
            f"is not kept exactly; `musebots calibrate {piece.name}` makes its own"
        )
    load_background(path)  # whatever is wrong with it is said before the music
    return MonitorSpec(path, table.flags_per_hour)


def casting_of_monitor(spec: MonitorSpec, seed: int) -> Casting:
    """What the monitor is told when it joins."""
    return Casting("monitor", seed, json.dumps(spec.settings, sort_keys=True))


async def compiled_kernels(request: StopRequest, on_notice: Callable[[str], None]) -> None:
    """Have the scanner's inner loops compiled before there is any music: once on a machine.

    In a process of its own, which leaves them on disk; `request` ends the waiting.
    """
    process = await BotProcess.start(COMPILING)
    loop = asyncio.get_running_loop()
    began, is_told = loop.time(), False
    try:
        while process.is_running and not request.is_made:
            if not is_told and loop.time() - began > LONG_SECONDS:
                is_told = True
                on_notice("the monitor's scanner is compiled for this machine, once")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await process.end(0.0)


class MonitorProcess:
    """The monitor in a process of its own; whatever becomes of it, the music goes on."""

    def __init__(self, process: BotProcess, director: Director) -> None:
        self._process = process
        self._director = director
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, director: Director, address: Address) -> MonitorProcess:
        """Start it; the Director must expect it."""
        process = await BotProcess.start(command_of(REFERENCE, MONITOR_ID, address), is_tied=True)
        process.step_back(NICENESS)
        return cls(process, director)

    async def end(self) -> None:
        """Let it go; no process is left afterwards."""
        self._watcher.cancel()
        await self._process.end(GRACE_SECONDS)

    async def _watch(self) -> None:
        code = await self._process.wait()
        if not self._director.is_over:
            lines = self._process.last_lines
            said = lines[-1] if lines else "it said nothing"
            log.error("the monitor has died (%s): %s; the music goes on", code, said)
            self._director.bot_gone(MONITOR_ID)
