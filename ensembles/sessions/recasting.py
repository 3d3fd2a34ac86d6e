"""History with another cast: some bots play anew, the others say and play what they did.

Director and new bots run on virtual time, as in a render. Each bot of before is a *ghost*: it says
hello, and then sends what it sent, when it did. The tempo is that of history from the beginning.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from director.director import Casting, Director
from director.outputs.base import StripAdded
from director.outputs.memory import MemoryOutput
from director.outputs.recording import last_tempo_map
from director.score import Score
from ensembles.sessions.reading import Heard, Session, Stretch, Take, joined
from ensembles.stage import opened
from musebots import messages as m
from musebots.agent import Link
from musebots.errors import ConfigError
from musebots.faults import one_fault
from musebots.messages import PROTOCOL_VERSION, Message
from musebots.network import Address, LoopbackNetwork, Wire
from musebots.notes import Note
from musebots.offline import run_offline
from musebots.registry import resolve

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["recast", "rehear"]

OF_THE_PERFORMERS = (
    m.Control, m.Fader, m.HarmonyPlan, m.Horizon, m.Instrument, m.Mix, m.Panic, m.Policy,
)  # fmt: skip
SILENCED = None
HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Act:
    """Something that a ghost does: says a message, or falls silent (None)."""

    at: float
    bot_id: str
    message: Message | None


def recast(session: Session, replaced: Mapping[str, str]) -> tuple[Take, int]:
    """Replay a session with other bots in the place of some.

    Parameters
    ----------
    session : Session
    replaced : mapping of str to str
        Reference of the new bot, by the id of the one whose place it takes.

    Returns
    -------
    (Take, int)
        What is played, and how many notes of it came late.

    Raises
    ------
    ConfigError
        When there is no such bot.
    BotFailed
        When the code of a new bot raises.
    """
    stretch, take = joined(session), session.take()
    score = _score(take)
    there = [strip.bot_id for strip in score.strips]
    for bot_id in replaced:
        if bot_id not in there:
            raise ConfigError(f"there is no bot {bot_id!r} in it; there are {', '.join(there)}")
    bots = {bot_id: resolve(reference) for bot_id, reference in replaced.items()}
    output = MemoryOutput()
    n_late = run_offline(
        _performed(
            stretch,
            score,
            cast=_cast(stretch, score, replaced),
            output=output,
            made=lambda: {bot_id: bot.make(bot_id) for bot_id, bot in bots.items()},
        )
    )
    events = tuple(output.events)
    stop_tick = take.stop_tick
    if stop_tick is not None:
        events = tuple(event for event in events if event.tick <= stop_tick)
    return Take(score, events, stop_tick), n_late


def rehear(
    stretch: Stretch, bot_id: str, made: Callable[[], Musebot], activations: Iterable[Heard]
) -> None:
    """Let somebody listen to a session, to its activations, too, as if it was played now.

    Parameters
    ----------
    stretch : Stretch
    bot_id : str
        Of the listener; it is told what the one of this id was told then.
    made : callable
        Makes the listener, within the event loop.
    activations : iterable of Heard
    """
    score = _score(stretch.take())
    cast = _cast(stretch, score, {}) | {bot_id: stretch.cast[bot_id]}
    run_offline(
        _performed(
            stretch,
            score,
            cast=cast,
            output=MemoryOutput(),
            made=lambda: {bot_id: made()},
            activations=tuple(activations),
        )
    )


async def _performed(
    stretch: Stretch,
    score: Score,
    *,
    cast: Mapping[str, Casting],
    output: MemoryOutput,
    made: Callable[[], Mapping[str, Musebot]],
    activations: Sequence[Heard] = (),
) -> int:
    """Play it, those who are made for real and the others as ghosts; how many notes came late."""
    network = LoopbackNetwork()
    bots = made()
    async with opened([output], score):
        director = Director(score, cast, [output])
        address = await director.open(network)
        there = {strip.bot_id for strip in score.strips} - set(bots)
        ghosts = _Ghosts(stretch, director, there, activations)
        for bot_id in ghosts.late:
            director.roster.leave(bot_id)  # nobody waits for who came later
        with one_fault():
            async with asyncio.TaskGroup() as tasks:
                haunting = [
                    tasks.create_task(ghosts.run(network, address)),
                    tasks.create_task(ghosts.keep_alive(address)),
                ]
                playing = [
                    tasks.create_task(bot.run(Link(bot_id, network, address)))
                    for bot_id, bot in bots.items()
                ]
                report = await director.run()
                for task in haunting:
                    task.cancel()
                await asyncio.gather(*playing)
    return sum(report.n_late.values())


def _score(take: Take) -> Score:
    """The score with every bot that came, and with the tempo that it came to have."""
    strips = list(take.score.strips)
    for event in take.events:
        if isinstance(event, StripAdded) and all(s.bot_id != event.strip.bot_id for s in strips):
            strips.append(event.strip)
    tempo_map = last_tempo_map(take.score, list(take.events))
    return replace(take.score, strips=tuple(strips), tempo_map=tempo_map, first_bar=0)


def _cast(stretch: Stretch, score: Score, replaced: Mapping[str, str]) -> dict[str, Casting]:
    """Whoever has a strip; a bot of another kind begins without the settings of the one before."""
    makings = stretch.head["bots"]
    cast = {}
    for strip in score.strips:
        bot_id = strip.bot_id
        casting = stretch.cast.get(bot_id, Casting(strip.role, score.seed))
        before = makings.get(bot_id, {}).get("reference")
        if bot_id in replaced and replaced[bot_id] != before:
            casting = replace(casting, settings_json="{}")
        cast[bot_id] = casting
    return cast


class _Ghosts:
    """Those of before; one wire each, and one for whoever turned knobs."""

    def __init__(
        self,
        stretch: Stretch,
        director: Director,
        bot_ids: set[str],
        activations: Sequence[Heard],
    ) -> None:
        self._stretch = stretch
        self._director = director
        self._bot_ids = bot_ids
        self._activations = activations
        self._wires: dict[str, Wire] = {}
        self._hellos: dict[str, Heard] = {}
        self._heard = list(stretch.messages())
        for heard in self._heard:
            if isinstance(heard.message, m.Hello):
                self._hellos.setdefault(heard.message.bot_id, heard)
        self.late = {x for x in bot_ids if x in self._hellos and self._hellos[x].at is not None}

    async def run(self, network: LoopbackNetwork, director: Address) -> None:
        """Say hello, and from the start on everything at its time."""
        try:
            for bot_id in ("", *sorted(self._bot_ids)):
                self._wires[bot_id] = wire = Wire(_hear_nothing)
                await wire.open(network)
                if bot_id and bot_id not in self.late:
                    wire.send(self._hello(bot_id), director)
                    wire.send(m.Ready(bot_id), director)
            loop, clock = asyncio.get_running_loop(), self._director.clock
            for act in self._acts():
                if act.at > float("-inf"):
                    await clock.started()
                    await asyncio.sleep(clock.anchor_seconds + act.at - loop.time())
                if act.message is SILENCED:
                    self._director.playback.silence(act.bot_id)
                else:
                    self._wires[act.bot_id].send(act.message, director)
        finally:
            for wire in self._wires.values():
                wire.close()

    async def keep_alive(self, director: Address) -> None:
        """Every second: they are there, and answer."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for bot_id, wire in self._wires.items():
                if bot_id:
                    wire.send(m.Alive(bot_id), director)
                    wire.send(m.ClockPing(bot_id, 0), director)

    def _hello(self, bot_id: str) -> m.Hello:
        """As it introduced itself first; one that never did spoke the classic dialect."""
        heard = self._hellos.get(bot_id)
        if heard is not None and isinstance(heard.message, m.Hello):
            return heard.message
        role = self._director.reception.role_of(bot_id)
        return m.Hello(PROTOCOL_VERSION, bot_id, role, "", "")

    def _acts(self) -> Iterator[_Act]:
        """All that they did, in order of time."""
        return heapq.merge(
            self._said(self._heard),
            self._said(self._activations),
            self._played(),
            key=lambda act: act.at,
        )

    def _said(self, heard: Iterable[Heard]) -> Iterator[_Act]:
        for word in heard:
            at = float("-inf") if word.at is None else word.at
            match word.message:
                case m.Hello() as message if self._hellos[message.bot_id] is word:
                    if message.bot_id in self.late:
                        yield _Act(at, message.bot_id, message)
                        yield _Act(at, message.bot_id, m.Ready(message.bot_id))
                case m.Broadcast() as message if message.sender in self._bot_ids:
                    yield _Act(at, message.sender, message)
                case m.Activations() as message if message.bot_id in self._bot_ids:
                    yield _Act(at, message.bot_id, message)
                case m.Cancel() as message if message.bot_id in self._bot_ids:
                    yield _Act(at, message.bot_id, message)
                case m.Steer() as message if self._bot_ids:  # heard from members only
                    yield _Act(at, min(self._bot_ids), message)
                case message if isinstance(message, OF_THE_PERFORMERS):
                    yield _Act(at, "", message)

    def _played(self) -> Iterator[_Act]:
        numbers = dict.fromkeys(self._bot_ids, 0)
        for row in self._stretch.of("notes", "silenced"):
            bot_id, at = row["bot"], row["at"]
            if bot_id not in self._bot_ids or at is None:
                continue
            if row["event"] == "silenced":
                yield _Act(at, bot_id, SILENCED)
                continue
            notes = [Note.from_ticks(*_note(values)) for values in row["notes"]]
            yield _Act(at, bot_id, m.Notes.of(bot_id, numbers[bot_id], notes))
            numbers[bot_id] += 1


def _note(values: list[int]) -> tuple[int, int, int, int]:
    onset_ticks, pitch, duration_ticks, velocity = values
    return onset_ticks, pitch, duration_ticks, velocity


def _hear_nothing(message: Message, datagram: bytes, source: Address) -> None:
    """A ghost does what it did, whatever it is told."""
