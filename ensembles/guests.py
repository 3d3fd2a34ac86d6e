"""Processes beside the bots: who joins the band without a part of the piece, such as a leader."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from director.director import Casting, Director
from ensembles.processes import BotProcess, command_of
from musebots.network import Address

__all__ = ["GuestProcess", "GuestSpec"]

log = logging.getLogger(__name__)

GRACE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class GuestSpec:
    """Who comes: its id, what is run for it (`musebots.registry.resolve`), role and settings.

    `without` says what the music does when it dies.
    """

    id: str
    reference: str
    role: str
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    without: str = "the music goes on"

    def casting(self, seed: int) -> Casting:
        """What it is told when it joins."""
        return Casting(self.role, seed, json.dumps(dict(self.settings), sort_keys=True))


class GuestProcess:
    """A guest in a process of its own; whatever becomes of it, the music goes on."""

    def __init__(self, spec: GuestSpec, process: BotProcess, director: Director) -> None:
        self._spec = spec
        self._process = process
        self._director = director
        self._watcher = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, spec: GuestSpec, director: Director, address: Address) -> GuestProcess:
        """Start it; the Director must expect it."""
        command = command_of(spec.reference, spec.id, address)
        return cls(spec, await BotProcess.start(command, is_tied=True), director)

    async def end(self) -> None:
        """Let it go; no process is left afterwards."""
        self._watcher.cancel()
        await self._process.end(GRACE_SECONDS)

    async def _watch(self) -> None:
        code = await self._process.wait()
        if self._director.is_over:
            return
        lines = self._process.last_lines
        said = lines[-1] if lines else "it said nothing"
        log.error("%s has died (%s): %s; %s", self._spec.id, code, said, self._spec.without)
        self._director.bot_gone(self._spec.id)
