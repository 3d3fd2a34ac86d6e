"""The person that a performance follows: who listens to them, and whether they lead the tempo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import JsonValue

from director.director import Director
from director.sync.remote import RemoteLeader
from director.sync.slaving import GRID_TICKS, SlavedClock
from ensembles.guests import GuestSpec

__all__ = ["PERSON_ID", "Hearing"]

PERSON_ID = "person"
MIDI_PERSON = "ensembles.midi_person:MidiPerson"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Somebody plays at a MIDI port; with `follows_tempo` the band keeps with them."""

    port: str
    follows_tempo: bool = False

    def check(self) -> None:
        """Find the port before anything is started.

        Raises
        ------
        OutputUnavailable
            If it is not there.
        """
        from director.ports import input_name  # mido

        input_name(self.port)

    @property
    def guest(self) -> GuestSpec:
        """The process that listens."""
        settings: dict[str, JsonValue] = {"port": self.port, "tempo": self.follows_tempo}
        return GuestSpec(PERSON_ID, MIDI_PERSON, "person", settings, "the band plays on by itself")

    @contextlib.asynccontextmanager
    async def of(self, director: Director) -> AsyncIterator[None]:
        """While the block runs, keep this Director with the player, if that is wanted."""
        if not self.follows_tempo:
            yield
            return
        following = asyncio.create_task(keep_with_person(director))
        following.add_done_callback(lambda _: director.stop())  # it never ends by itself
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


async def keep_with_person(director: Director) -> None:
    """Keep the Director's clock on what the person's listener says of their beats."""
    bpm = director.score.tempo_map.bpm_at(0)
    leader = RemoteLeader("the player", PERSON_ID, bpm=bpm, bar_beats=4.0)
    director.be_led(leader.ask_tempo, leader.hear)
    slaved, clock = SlavedClock(leader.grid), director.clock
    await clock.started()
    while True:
        next_tick = ((clock.tick_now + 1.0) // GRID_TICKS + 1) * GRID_TICKS
        await clock.until_tick(max(0.0, next_tick))
        if leader.knows_tempo:
            slaved.steer(director)
