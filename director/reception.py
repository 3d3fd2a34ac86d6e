"""Who comes and goes: the Director's door. It greets, times, hears heartbeats, and tells the band.

Bots that said hello speak our dialect and get the whole state; others are classic musebots, which
get the classic messages and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from director.retained import KEPT_TICKS, Retained
from director.roster import Member, Roster
from director.score import Passage, Score
from director.telling import Telling
from director.understudies import Understudies
from musebots import messages as m
from musebots.agent import NS_PER_SECOND
from musebots.clock import Clock
from musebots.network import Address, Wire
from musebots.timebase import TempoPoint

__all__ = ["Casting", "Reception", "passage_messages"]

log = logging.getLogger(__name__)

CONDUCTOR = "Conductor"  # the sender of what an ensemble file tells its bots
ON_DEMAND = ("activations", "scores")  # topics that bots send only while somebody hears them


@dataclass(frozen=True, slots=True)
class Casting:
    """What a bot is told when it joins: its seed and its own settings (JSON).

    `greetings` are topics and values that a classic bot is told as broadcasts instead.
    """

    role: str
    seed: int
    settings_json: str = "{}"
    greetings: tuple[tuple[str, m.OscValue], ...] = ()


class Reception:
    """See the module's text.

    Parameters
    ----------
    score : Score
    cast : mapping of str to Casting
        The bots that are expected, by id.
    clock : Clock
        The Director's own.
    wire : Wire
        What the Director speaks through.
    on_change : callable
        Called whenever somebody has come, gone or got ready.
    """

    def __init__(
        self,
        score: Score,
        cast: Mapping[str, Casting],
        clock: Clock,
        wire: Wire,
        on_change: Callable[[], None],
    ) -> None:
        self.roster = Roster()
        for bot_id, casting in cast.items():
            self.roster.expect(bot_id, casting.role)
        self.retained = Retained()
        self.tell = Telling(wire, self.roster, self.retained)
        self.understudies = Understudies()
        self.announced: list[Passage] = []
        self.pulse_listeners: tuple[Address, ...] = ()
        self._score = score
        self._cast = dict(cast)
        self._clock = clock
        self._wire = wire
        self._on_change = on_change
        self._n_foreign = 0
        self._wanted = ""
        self._loop = asyncio.get_running_loop()

    def alive(self, message: m.Alive, source: Address) -> Member | None:
        """A heartbeat; returns the member if it has just (re)joined."""
        member = self.roster.alive(message, source, self._loop.time())
        if member is not None:
            log.info("%s joined", member.bot_id)
            if member.is_classic and member.address is not None:
                self._greet(member.bot_id, member.address)
                self.tell.retained(member.address, is_classic=True)
            self.members_changed()
        return member

    def _greet(self, bot_id: str, to: Address) -> None:
        """A classic bot's own words from its ensemble file."""
        casting = self._cast.get(bot_id)
        for topic, value in casting.greetings if casting else ():
            self._wire.send(m.Broadcast(topic, CONDUCTOR, (value,)), to)

    def place(self, bot_id: str, address: Address) -> None:
        """A classic bot is started that will listen there."""
        self.roster.place(bot_id, address)

    def expect(self, bot_id: str, casting: Casting) -> None:
        """Another bot was started, while the session runs."""
        self._cast[bot_id] = casting
        self.roster.expect(bot_id, casting.role)

    def remove(self, bot_id: str) -> None:
        """A bot is taken out of the band: send it home, and know it no more."""
        member = self.roster.members.get(bot_id)
        if member is not None and member.address is not None:
            self._wire.send(m.Off(), member.address)
            self.understudies.retire(member.address)
        self.understudies.cancel(bot_id)
        self.roster.remove(bot_id)
        self.retained.forget(bot_id)
        self.retained.forget_notes(bot_id)
        self.retained.forget_state(bot_id)
        self._cast.pop(bot_id, None)
        self.members_changed()

    def hello(self, message: m.Hello, source: Address) -> bool:
        """Somebody speaks our dialect: say welcome and everything that it needs to know.

        Returns whether it plays under this id from now on; an understudy does not yet.
        """
        if message.version != m.PROTOCOL_VERSION:
            self._n_foreign += 1
            if self._n_foreign > 1:
                return False
            log.warning(
                "%s speaks version %d of our protocol, we speak %d: not admitted",
                message.bot_id, message.version, m.PROTOCOL_VERSION,
            )  # fmt: skip
            return False
        known = self.roster.members.get(message.bot_id)
        is_understudy = (
            known is not None
            and known.state == "ready"
            and known.address is not None
            and self.understudies.hello(message.bot_id, source, known.address)
        )
        if known is not None and is_understudy:
            self._tell_everything(known, source)
            return False
        member = self.roster.hello(message, source, self._loop.time())
        self._tell_everything(member, source)
        self.members_changed()
        return True

    def take_over(self, bot_id: str) -> None:
        """The understudy of a bot plays from now on; the other goes home."""
        member = self.roster.members[bot_id]
        if member.address is not None:
            self._wire.send(m.Off(), member.address)
            member.address = self.understudies.take_over(bot_id, member.address)
            log.info("%s has been replaced", bot_id)
            self.members_changed()

    def ready(self, bot_id: str) -> None:
        """A bot is prepared."""
        self.roster.ready(bot_id)
        self.members_changed()

    def ping(self, message: m.ClockPing, source: Address) -> None:
        """Answer a clock exchange."""
        now_ns = round(self._loop.time() * NS_PER_SECOND)
        self._wire.send(m.ClockPong(message.sent_ns, now_ns, now_ns), source)

    def leave(self, bot_id: str) -> bool:
        """A bot is gone; whether that is news."""
        if self.roster.leave(bot_id) is None:
            return False
        log.info("%s left", bot_id)
        self.retained.forget(bot_id)
        self.members_changed()
        return True

    def fallen_silent(self) -> list[Member]:
        """Bots whose heartbeat has just stopped for too long."""
        silent = self.roster.fall_silent(self._loop.time())
        for member in silent:
            log.warning("%s is %s: no heartbeat", member.bot_id, member.state)
        if silent:
            self.members_changed()
        return silent

    def announce(self, passage: Passage) -> None:
        """Tell a passage's form and harmony, now and to whoever joins while it lasts."""
        gone = self._now - KEPT_TICKS
        self.announced = [one for one in self.announced if one.section.end_tick > gone] + [passage]
        for message in passage_messages(passage):
            self.tell.ours(message)

    def reharmonise(self, led: Callable[[Passage], Passage]) -> None:
        """Tell the chords of the passages announced that sound otherwise now."""
        for index, passage in enumerate(self.announced):
            if passage.section.end_tick <= self._now:
                continue
            changed = led(passage)
            if (changed.key, changed.spans) != (passage.key, passage.spans):
                self.announced[index] = changed
                for message in passage_messages(changed)[1:]:
                    self.tell.ours(message)

    @property
    def _now(self) -> float:
        """Where the music is, in ticks."""
        return self._clock.tick_now if self._clock.is_started else self._score.start_tick

    def tell_tempo(self, points: Sequence[TempoPoint]) -> None:
        """Tell these points of the tempo map, and when tick 0 falls."""
        for message in self._tempo(points):
            self.tell.ours(message)

    def _tempo(self, points: Sequence[TempoPoint]) -> tuple[m.Tempo, ...]:
        anchor_ns = m.NOT_STARTED
        if self._clock.is_started and not self._clock.is_held:
            anchor_ns = round(self._clock.anchor_seconds * NS_PER_SECOND)
        return m.Tempo.parts(points, anchor_ns)

    def role_of(self, bot_id: str) -> str:
        """The role that a bot has in this piece; empty for one that has none."""
        casting = self._cast.get(bot_id)
        return casting.role if casting else ""

    def _tell_everything(self, member: Member, to: Address) -> None:
        """Say welcome, and all that has been said and still holds."""
        for answer in self._welcome(member):
            self._wire.send(answer, to)
        heard = [
            bot_id
            for bot_id in self.retained.players  # who is dead by now, or not yet back, has played
            if bot_id != member.bot_id and member.wants("notes", self.role_of(bot_id))
        ]
        for datagram in self.retained.notes(heard):
            self._wire.send_bytes(datagram, to)
        for datagram in self.retained.controls(member.bot_id):
            self._wire.send_bytes(datagram, to)
        self.tell.retained(to, is_classic=False)
        if self._wanted:
            self._wire.send(m.Wanted(self._wanted), to)

    def _welcome(self, member: Member) -> list[m.Message]:
        """Everything that a bot needs to know, also one that joins late or comes back."""
        casting = self._cast.get(member.bot_id, Casting(member.role, self._score.seed))
        now = float(self._score.first_tick)
        if self._clock.is_started:
            now = max(now, self._clock.tick_now)
        state = self.retained.state(member.bot_id, now)
        messages: list[m.Message] = [
            *state,  # before the welcome, upon which the bot begins
            m.Welcome(
                m.PROTOCOL_VERSION,
                member.bot_id,
                casting.seed,
                self._score.start_tick,
                self._clock.end_tick or self._score.end_tick,
                casting.settings_json,
            ),
            m.Bars.of(self._score.meter_map),
            *self._tempo(self._clock.tempo_map.points),
        ]
        since = state[0].tick if state else now
        for passage in self.announced:
            if passage.section.end_tick > since:
                messages += passage_messages(passage)
        return messages

    def members_changed(self) -> None:
        """Somebody has come, gone or changed: tell the band."""
        here = self.roster.here
        self.pulse_listeners = tuple(
            member.address
            for member in here
            if member.address is not None and (member.is_classic or member.wants("time"))
        )
        players = tuple((x.bot_id, x.role) for x in here if not x.is_listener)
        self.tell.ours(m.Roster(players))
        wanted = " ".join(topic for topic in ON_DEMAND if any(x.asks_for(topic) for x in here))
        if wanted != self._wanted:
            self._wanted = wanted
            self.tell.ours(m.Wanted(wanted))
        self._on_change()


def passage_messages(passage: Passage) -> list[m.Message]:
    """What a bot is told of a passage; chords travel in as many datagrams as they take."""
    chords = [
        m.HarmonyPlan.of(passage.key, passage.spans[start : start + m.MAX_CHORDS_PER_MESSAGE])
        for start in range(0, len(passage.spans), m.MAX_CHORDS_PER_MESSAGE)
    ]
    return [m.Form.of(passage.section), *chords]
