"""What the Director does with each message: take it, send it on, or see that it is not heard."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from director.announcing import Announcements
from director.caretaker import Caretaker
from director.conducting import Conducting
from director.endings import Endings
from director.findings import Finding, Findings
from director.housekeeping import Housekeeping
from director.numbering import Numbering
from director.playback import Playback
from director.reception import Reception
from director.roster import LISTENER_ROLES, Member
from director.score import Score
from director.steering import Steerings
from director.succession import Succession
from director.tempo import Tempo
from director.transport import Transport
from musebots import messages as m
from musebots.clock import Clock
from musebots.intents import TOPIC
from musebots.network import Address, Wire
from musebots.topics import EXITING

__all__ = ["Dispatch"]

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Dispatch:
    """See the module's text; its parts are those of the Director.

    `ends_on_exiting`: where nobody negotiates, a bot that says that its form is finished ends the
    session with the bar.
    """

    score: Score
    clock: Clock
    wire: Wire
    reception: Reception
    playback: Playback
    housekeeping: Housekeeping
    succession: Succession
    announcements: Announcements
    findings: Findings
    steering: Steerings
    conducting: Conducting
    endings: Endings
    tempo: Tempo
    transport: Transport
    caretaker: Caretaker
    ends_on_exiting: bool
    numbers: Numbering = field(default_factory=Numbering)
    _n_strange: int = 0

    def receive(self, message: m.Message, datagram: bytes, source: Address) -> None:
        """A message has come; `ValueError` when it makes no sense."""
        if self.reception.understudies.is_retired(source):
            return
        match message:
            case m.Notes():
                self._take_notes(message, datagram, source)
            case m.Alive() if self._is_orphan(message.bot_id):
                self.wire.send(m.Off(), source)
            case m.Alive():
                member = self.reception.alive(message, source)
                if member is not None and member.is_classic:
                    self._send_gain(member)
            case m.ClockPing() if not self._is_from(message.bot_id, source):
                self.wire.send(m.Off(), source)  # of a session that is over
            case m.ClockPing():
                self.housekeeping.answered(message.bot_id)
                self.reception.ping(message, source)
            case m.Hello():
                self._see_who_arrives(message)
                if self.reception.hello(message, source):
                    self.numbers.begin(message.bot_id)
                    self.housekeeping.begin(message.bot_id)
            case m.Ready() | m.Bye() | m.Progress() | m.State():
                self._take_news(message, source)
            case m.Broadcast():
                self._take_broadcast(message, datagram)
            case m.HarmonyPlan():
                self.announcements.be_led(message)
            case m.Activations():
                self._relay_to("activations", message.bot_id, datagram)
            case m.Flag() | m.Monitoring():
                self._take_finding(message, datagram, source)
            case m.Cancel() if self._is_from(message.bot_id, source):
                self.playback.cancel(message.bot_id, message.from_tick)
                self.reception.retained.keep_notes(message.bot_id, datagram)
                self._relay_to("notes", message.bot_id, datagram)
            case m.Fader() | m.Policy():
                self.steering.take(message, datagram)
            case m.Steer() | m.Steered() | m.Assessed() | m.Action() if self._is_here(source):
                self.steering.take(message, datagram)
            case m.Control():
                self._take_control(message, datagram)
            case m.Mix():
                self._take_mix(message)
            case m.Instrument():
                self.playback.change_instrument(message.bot_id, message.instrument)
                self.reception.retained.keep_move(message)
            case m.SetTempo():
                self.tempo.set(message.bpm, ramp_beats=message.ramp_beats)
            case m.Hold():
                self._take_hold(message)
            case m.Lead() if self._is_here(source) and self._is_from(message.bot_id, source):
                self.tempo.hear_leader(message)
            case m.Heard() if self._is_here(source) and self._is_from(message.bot_id, source):
                self.reception.retained.keep_notes(message.bot_id, datagram)
                self._relay_to("notes", message.bot_id, datagram)
            case m.Add() | m.Remove() | m.Replace():
                self.caretaker.asked(message, source)
            case m.Stop():
                self.conducting.stop()

    def _see_who_arrives(self, message: m.Hello) -> None:
        """Somebody who was not launched here, from another machine or by hand, may play too."""
        is_known = message.bot_id in self.reception.roster.members
        if not is_known and not self.playback.has_strip(message.bot_id) and message.role not in (
            LISTENER_ROLES
        ):  # fmt: skip
            self.caretaker.arrived(message.bot_id, message.role)

    def _take_news(self, message: m.Ready | m.Bye | m.Progress | m.State, source: Address) -> None:
        """What a bot says of itself, or somebody who is to take its place."""
        if self.succession.is_waiting(message.bot_id, source):
            self.succession.take_news(message.bot_id, message)
            return
        if not self._is_from(message.bot_id, source):
            return
        match message:
            case m.Ready():
                self.reception.ready(message.bot_id)
            case m.Bye():
                self.housekeeping.gone(message.bot_id)
            case m.Progress():
                self.housekeeping.progress(message)
            case m.State() if message.bot_id in self.reception.roster.members:
                self.reception.retained.keep_state(message)

    def _is_orphan(self, bot_id: str) -> bool:
        """In a session that is taken up again: a bot of before, whose new self is awaited."""
        member = self.reception.roster.members.get(bot_id)
        is_awaited = member is not None and member.state == "expected" and not member.is_classic
        return self.score.first_bar > 0 and is_awaited

    def _is_from(self, bot_id: str, source: Address) -> bool:
        """Whether a message may be a bot's: it comes from where that said hello."""
        member = self.reception.roster.members.get(bot_id)
        return (
            member is None
            or member.is_classic
            or member.address == source
            or self.succession.is_waiting(bot_id, source)
        )

    def _is_here(self, source: Address) -> bool:
        """Whether it comes from somebody who is in the session."""
        return any(member.address == source for member in self.reception.roster.here)

    def _take_notes(self, message: m.Notes, datagram: bytes, source: Address) -> None:
        if not self.playback.has_strip(message.bot_id):
            self._n_strange += 1
            if self._n_strange == 1:
                log.warning("no strip for %s: its notes are not heard", message.bot_id)
            return
        bot_id, may_play = message.bot_id, self.reception.understudies.may_play
        if not self._is_from(bot_id, source):
            return
        self.numbers.take(bot_id, source, message.number)
        notes = [n for n in message.notes if may_play(bot_id, source, n.onset_ticks)]
        self.housekeeping.answered(bot_id)
        if not notes:
            return
        self.playback.add(bot_id, notes)
        self.reception.retained.keep_notes(bot_id, datagram)
        self._relay_to("notes", bot_id, datagram)

    def _take_broadcast(self, message: m.Broadcast, datagram: bytes) -> None:
        self.reception.tell.broadcast(message, datagram)
        self.announcements.be_led(message)
        if message.topic == TOPIC:
            self.endings.hear(message)
        if message.topic != EXITING or not self.clock.is_started:
            return
        if self.endings.has_band or not self.ends_on_exiting:
            self.endings.propose(message.sender)
        else:
            who = message.sender or "a bot"
            log.info("%s has finished its form: the band ends with this bar", who)
            self.conducting.stop_at_bar_line()

    def _take_finding(self, message: Finding, datagram: bytes, source: Address) -> None:
        """What the monitor has to say; a stranger's word does not count."""
        if not self._is_here(source):
            return
        tick = int(self.clock.tick_now) if self.clock.is_started else self.score.start_tick
        self.findings.take(message, tick)
        if isinstance(message, m.Flag):
            self.playback.mark(message.first_tick, message.headline)
        self._relay_to("flags", message.bot_id, datagram)

    def _take_control(self, message: m.Control, datagram: bytes) -> None:
        self.reception.retained.keep_control(message, datagram)
        chosen = [
            member
            for member in self.reception.roster.here
            if message.bot_id in ("", member.bot_id) and not member.is_classic
        ]
        self.reception.tell.relay(datagram, chosen)

    def _take_hold(self, message: m.Hold) -> None:
        if self.tempo.ask_leader is not None:
            log.warning("the music goes on: another clock leads it, hold it there")
        elif message.is_held:
            self.transport.hold()
        else:
            self.transport.resume()

    def _take_mix(self, message: m.Mix) -> None:
        self.playback.change_mix(
            message.bot_id, message.name, message.value, fade_seconds=message.fade_seconds
        )
        self.reception.retained.keep_move(message)
        for member in self.reception.roster.here:
            if member.is_classic:
                self._send_gain(member, fade_seconds=message.fade_seconds)

    def _relay_to(self, topic: str, bot_id: str, datagram: bytes) -> None:
        """Send on what a bot said of a topic, to the others who hear it."""
        role = self.reception.role_of(bot_id)
        hearers = [
            member
            for member in self.reception.roster.here
            if member.bot_id != bot_id and member.wants(topic, role)
        ]
        self.reception.tell.relay(datagram, hearers)

    def _send_gain(self, member: Member, *, fade_seconds: float = 0.0) -> None:
        """A classic bot sounds by itself: tell it the gain at which it should, and how soon."""
        if member.address is not None:
            then = asyncio.get_running_loop().time() + fade_seconds
            gain = self.playback.mix.gain_at(member.bot_id, then)
            self.wire.send(m.Gain(min(1.0, gain), 1000.0 * fade_seconds), member.address)
