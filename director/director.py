"""The Director: waits for the band, starts the music, relays what is said, and ends in silence.

What the bots play goes to `Playback`; who comes and goes is seen to by `Reception`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from director.caretaker import Caretaker, Nobody
from director.findings import Finding, Findings
from director.following import FollowedHarmony
from director.numbering import Numbering
from director.outputs.base import Output
from director.playback import DEFAULT_HORIZON_SECONDS, Playback
from director.pulse import CallAt, PulseSender
from director.reception import Casting, Reception
from director.roster import Member, Roster
from director.score import Passage, Score, Strip
from director.status import Status
from director.succession import Succession
from director.watch import Watch
from musebots import messages as m
from musebots.clock import Clock
from musebots.faults import one_fault
from musebots.network import LOOPBACK_HOST, Address, Network, Wire
from musebots.timebase import PPQ, TempoMap, ticks_from_beats

__all__ = ["DEFAULT_PORT", "Casting", "Director", "SessionReport"]

log = logging.getLogger(__name__)

DEFAULT_PORT = 4747
AHEAD_BARS = 4
SETTLE_SECONDS = 0.1
READY_SECONDS = 20.0
HOUSEKEEPING_SECONDS = 1.0
TAIL_SECONDS = 0.5
MAX_RAMP_BEATS = 4096
LEAVE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What a session came to.

    `n_late` counts notes that arrived behind the commit horizon, `n_missed` those of them that
    were over by then, `n_refused` those beyond the end or beyond all measure, `n_lost` datagrams of
    notes that never came; `faults` are datagrams that could not be read, by kind.
    `flags` and `monitoring` are what the monitor found, and how much it listened to.
    """

    n_notes: Mapping[str, int]
    n_late: Mapping[str, int]
    n_missed: Mapping[str, int]
    n_refused: Mapping[str, int]
    n_lost: Mapping[str, int]
    faults: Mapping[str, int]
    n_bars: int
    music_seconds: float
    was_stopped: bool
    flags: tuple[m.Flag, ...] = ()
    monitoring: Mapping[str, m.Monitoring] = field(default_factory=dict)


class Director:
    """Conducts one session of one score.

    Parameters
    ----------
    score : Score
    cast : mapping of str to Casting
        The bots that are waited for, by id.
    outputs : sequence of Output
        Already open.
    call_at : CallAt, optional
        Where the classic pulse is sent from; the event loop by default.
    caretaker : Caretaker, optional
        Hears of bots that fail, and of wishes to have others.
    ends_on_exiting : bool
        Whether the session ends, at a bar line, when a bot broadcasts that its form is finished, as
        the classic conductors have it.
    anchor_for : callable, optional
        From the earliest time at which tick 0 could fall to when it is to; at once by default.
    on_finding : callable
        Hears what the monitor finds, and at which tick.
    """

    def __init__(
        self,
        score: Score,
        cast: Mapping[str, Casting],
        outputs: Sequence[Output],
        *,
        call_at: CallAt | None = None,
        caretaker: Caretaker | None = None,
        ends_on_exiting: bool = False,
        anchor_for: Callable[[float], float] | None = None,
        on_finding: Callable[[Finding, int], None] = lambda finding, tick: None,
        horizon_seconds: float = DEFAULT_HORIZON_SECONDS,
    ) -> None:
        self.score = score
        self.clock = Clock()
        self.clock.tempo_map = score.tempo_map
        self.clock.meter_map = score.meter_map
        self.playback = Playback(score, self.clock, outputs, horizon_seconds=horizon_seconds)
        self.caretaker: Caretaker = caretaker or Nobody()
        self._watch = Watch()
        self._ends_on_exiting = ends_on_exiting
        self._anchor_for = anchor_for or (lambda earliest: earliest)
        self._wire = Wire(self._receive, admits=self._admits)
        self._following = FollowedHarmony(score) if score.follows_harmony else None
        self.reception = Reception(score, cast, self.clock, self._wire, self._members_changed)
        self._succession = Succession(
            self.reception,
            self.playback,
            self.clock,
            start_tick=score.start_tick,
            on_taken_over=self._taken_over,
        )
        self._loop = asyncio.get_running_loop()
        self._pulse = PulseSender(
            self.clock,
            start_tick=score.start_tick,
            end_tick=score.end_tick,
            send=self._send_pulse,
            call_at=call_at or self._loop.call_at,
        )
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._numbers = Numbering()
        self._n_strange = 0
        self.findings = Findings(on_finding)
        self.is_over = False

    async def open(self, network: Network, *, host: str = LOOPBACK_HOST, port: int = 0) -> Address:
        """Open the port that bots find the Director at; returns its address."""
        await self._wire.open(network, host=host, port=port)
        return self._wire.address

    async def run(self) -> SessionReport:
        """Conduct the session, from waiting for the bots to silence; `open` first."""
        try:
            with one_fault():
                async with asyncio.TaskGroup() as tasks:
                    background = [
                        tasks.create_task(self._keep_house()),
                        tasks.create_task(self._announce()),
                        tasks.create_task(self._pulse.run()),
                    ]
                    await self._conduct()
                    self.is_over = True
                    await self._dismiss()
                    for task in background:
                        task.cancel()
        finally:
            if not self.is_over:  # something went wrong on the way
                self.playback.finish()
                self.reception.tell_all(m.Off())
            self._wire.close()
        return self._report()

    @property
    def address(self) -> Address:
        """Where bots find the Director, once it is open."""
        return self._wire.address

    @property
    def roster(self) -> Roster:
        """Who plays."""
        return self.reception.roster

    def stop(self) -> None:
        """End the session now."""
        self._stop.set()
        self._changed.set()

    def bot_gone(self, bot_id: str) -> None:
        """A bot's process or connection has ended: silence it and tell the others."""
        if self.reception.leave(bot_id):
            self.playback.silence(bot_id)
        self._watch.forget(bot_id)

    def add_bot(self, strip: Strip, casting: Casting) -> None:
        """Another bot was started; it plays as soon as it is ready."""
        self.playback.add_strip(strip)
        self.reception.expect(strip.bot_id, casting)

    def remove_bot(self, bot_id: str) -> None:
        """Send a bot home and forget it; its strip stays, in case that it comes back."""
        self.reception.remove(bot_id)
        self.playback.silence(bot_id)
        self._watch.forget(bot_id)

    def set_tempo(self, bpm: float, *, ramp_beats: float = 0.0) -> None:
        """Another tempo from the next beat on that is still open; the end still slows down.

        Raises
        ------
        ValueError
            When `bpm` or `ramp_beats` is out of range.
        """
        if not 0 <= ramp_beats <= MAX_RAMP_BEATS:
            raise ValueError(f"ramp_beats must be in 0..{MAX_RAMP_BEATS}, got {ramp_beats:g}")
        first_open = max(0, self.playback.committed_tick() + 1)
        tick = -(-first_open // PPQ) * PPQ
        tempo_map = self.clock.tempo_map.with_change(
            tick, bpm, ramp_ticks=ticks_from_beats(ramp_beats)
        )
        if self.score.ritardando is not None:
            tempo_map = tempo_map.with_ritardando(self.score.ritardando)
        log.info("tempo %g bpm", bpm)
        self._follow(tempo_map, tick)

    def steer(self, points: Sequence[tuple[int, float]]) -> None:
        """Other tempi from these ticks on, (tick, bpm); all must be open still. Nobody is told why.

        Raises
        ------
        ValueError
            When a tempo is out of range.
        """
        tempo_map = self.clock.tempo_map
        for tick, bpm in points:
            tempo_map = tempo_map.with_change(tick, bpm)
        self._follow(tempo_map, points[0][0])

    def _follow(self, tempo_map: TempoMap, tick: int) -> None:
        """The clock, the outputs and the band follow another tempo map from `tick` on."""
        changed = tempo_map.changed_points(self.clock.tempo_map)
        self.clock.change_tempo(tempo_map)
        self.playback.change_tempo(tempo_map, tick)
        self.reception.tell_tempo(changed)

    def status(self) -> Status:
        """Where the music is and who plays."""
        bots = tuple((member.bot_id, member.state) for member in self.roster.members.values())
        scheduler = self.playback.scheduler
        tick = self.score.start_tick
        if self.clock.is_started:
            tick = min(int(self.clock.tick_now // 1), self.score.end_tick - 1)
        position = self.clock.meter_map.position(tick)
        return Status(
            bar=position.bar,
            beat=position.beat_in_bar,
            bpm=self.clock.tempo_map.bpm_at(tick),
            bots=bots,
            n_late_notes=scheduler.n_late.total(),
            n_notes=scheduler.n_notes.total(),
            finding=self.findings.headline,
        )

    # --- the session ----------------------------------------------------------------------------

    async def _conduct(self) -> None:
        """Wait for the bots, start, and play to the end or until stopped."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while not (self.roster.is_ready or self._stop.is_set()):
                    self._changed.clear()
                    await self._changed.wait()
        if self._stop.is_set():
            return
        for member in self.roster.members.values():
            if not member.is_ready:
                log.warning("starting without %s: not ready in %g s", member.bot_id, READY_SECONDS)
        count_in_seconds = -self.score.tempo_map.seconds_at(self.score.start_tick)
        earliest = self._loop.time() + SETTLE_SECONDS + count_in_seconds
        self.clock.start(self._anchor_for(earliest))
        self.reception.tell_tempo(self.clock.tempo_map.points)
        self.playback.start()
        await self._until_end()
        if self._stop.is_set():
            self.playback.finish()
        else:
            self.playback.finish(self.score.end_tick)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), TAIL_SECONDS)

    async def _until_end(self) -> None:
        """Wait for the final bar line, or for `stop`, whichever comes first."""
        end = asyncio.ensure_future(self.clock.until_tick(self.score.end_tick))
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([end, stop], return_when=asyncio.FIRST_COMPLETED)
        finally:
            end.cancel()
            stop.cancel()

    async def _dismiss(self) -> None:
        """Send everybody home and wait a moment for their goodbyes."""
        self.reception.tell_all(m.Off())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                while any(not member.is_classic for member in self.roster.here):
                    self._changed.clear()
                    await self._changed.wait()

    async def _announce(self) -> None:
        """Tell each passage's form and harmony some bars ahead of its first bar line."""
        for passage in self.score.passages:
            bar = self.score.meter_map.bar_at(passage.section.start_tick)
            ahead_tick = self.score.meter_map.bar_tick(bar - AHEAD_BARS)
            if ahead_tick > self.score.start_tick:
                await self.clock.until_tick(ahead_tick)
            self.reception.announce(self._led(passage))

    def _led(self, passage: Passage) -> Passage:
        return passage if self._following is None else self._following.passage(passage)

    def _be_led(self, message: m.Broadcast | m.HarmonyPlan) -> None:
        """Take over the harmony that somebody announces, in a piece that follows."""
        tick = self.clock.tick_now if self.clock.is_started else self.score.start_tick
        if self._following is not None and self._following.take(message, tick):
            self.reception.reharmonise(self._led)

    async def _keep_house(self) -> None:
        """Send the list of bots as a heartbeat, and notice who has fallen silent or hangs."""
        while True:
            here = tuple(member.bot_id for member in self.roster.here)
            self.reception.tell_all(m.AgentList(here))
            slept_at = self._loop.time()
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            if self._loop.time() - slept_at < 2 * HOUSEKEEPING_SECONDS:
                self._judge()  # else it was us who were away, and what they said waits to be read

    def _judge(self) -> None:
        for member in self.reception.fallen_silent():
            self.playback.silence(member.bot_id)
            if member.is_classic and member.address is not None:
                self._wire.send(m.Off(), member.address)
            if member.state == "silent" or member.is_classic:
                self.caretaker.failing(member.bot_id, "no heartbeat")
        seconds_at = self.clock.seconds_at if self.clock.is_started else None
        for verdict in self._watch.verdicts(self.roster.here, self._loop.time(), seconds_at):
            self._fail(verdict.bot_id, verdict.words)

    def _fail(self, bot_id: str, words: str) -> None:
        """A bot does not behave: silence it, and leave the rest to whoever looks after it."""
        log.warning("%s: %s", bot_id, words)
        self.playback.silence(bot_id)
        self._watch.forget(bot_id)
        self.caretaker.failing(bot_id, words)

    def _admits(self, n_bytes: int, source: Address) -> bool:
        """Whether a datagram is read; who floods is silenced."""
        if self._watch.admits(n_bytes, source, self._loop.time()):
            return True
        if self._watch.is_news(source):
            log.warning("too much at once from %s:%d: ignored", *source)
            for member in self.roster.here:
                if member.address == source:
                    self._fail(member.bot_id, "it floods")
        return False

    def _report(self) -> SessionReport:
        scheduler = self.playback.scheduler
        tick = self.score.end_tick
        if self._stop.is_set():
            tick = max(0, min(int(self.clock.tick_now), tick)) if self.clock.is_started else 0
        return SessionReport(
            n_notes={bot_id: scheduler.n_notes[bot_id] for bot_id in self.playback.channels},
            n_late=dict(scheduler.n_late),
            n_missed=dict(scheduler.n_missed),
            n_refused=dict(scheduler.n_refused),
            n_lost={bot_id: n for bot_id, n in self._numbers.n_lost.items() if n},
            faults=dict(self._wire.faults),
            n_bars=self.score.meter_map.bar_at(tick),
            music_seconds=self.clock.tempo_map.seconds_at(tick),
            was_stopped=self._stop.is_set(),
            flags=tuple(self.findings.flags),
            monitoring=self.findings.monitoring,
        )

    # --- messages -------------------------------------------------------------------------------

    def _receive(self, message: m.Message, datagram: bytes, source: Address) -> None:
        if self.reception.understudies.is_retired(source):
            return
        match message:
            case m.Notes():
                self._take_notes(message, datagram, source)
            case m.Alive() if self._is_orphan(message.bot_id):
                self._wire.send(m.Off(), source)
            case m.Alive():
                member = self.reception.alive(message, source)
                if member is not None and member.is_classic:
                    self._send_gain(member)
            case m.ClockPing() if not self._is_from(message.bot_id, source):
                self._wire.send(m.Off(), source)  # of a session that is over
            case m.ClockPing():
                self._watch.answered(message.bot_id, self._loop.time())
                self.reception.ping(message, source)
            case m.Hello():
                if self.reception.hello(message, source):
                    self._numbers.begin(message.bot_id)
                    self._watch.begin(message.bot_id, self._loop.time())
            case m.Ready() | m.Bye() | m.Progress() | m.State():
                self._take_news(message, source)
            case m.Broadcast():
                self.reception.relay_broadcast(message, datagram)
                self._be_led(message)
                if self._ends_on_exiting and message.topic == "exiting":
                    self._stop_at_bar_line(message.sender)
            case m.HarmonyPlan():
                self._be_led(message)
            case m.Activations():
                self._relay_to("activations", message.bot_id, datagram)
            case m.Flag() | m.Monitoring():
                self._take_finding(message, datagram, source)
            case m.Cancel():
                self.playback.cancel(message.bot_id, message.from_tick)
            case m.Control():
                self.reception.retained.keep_control(message, datagram)
                chosen = [
                    member
                    for member in self.roster.here
                    if message.bot_id in ("", member.bot_id) and not member.is_classic
                ]
                self.reception.relay(datagram, chosen)
            case m.Mix():
                self._take_mix(message)
            case m.SetTempo():
                self.set_tempo(message.bpm, ramp_beats=message.ramp_beats)
            case m.Add() | m.Remove() | m.Replace():
                self.caretaker.asked(message, source)
            case m.Stop():
                self.stop()

    def _take_news(self, message: m.Ready | m.Bye | m.Progress | m.State, source: Address) -> None:
        """What a bot says of itself, or somebody who is to take its place."""
        if self._succession.is_waiting(message.bot_id, source):
            self._succession.take_news(message.bot_id, message)
            return
        if not self._is_from(message.bot_id, source):
            return
        match message:
            case m.Ready():
                self.reception.ready(message.bot_id)
            case m.Bye():
                self.bot_gone(message.bot_id)
            case m.Progress():
                self._watch.progress(message)
            case m.State() if message.bot_id in self.roster.members:
                self.reception.retained.keep_state(message)

    def _is_orphan(self, bot_id: str) -> bool:
        """In a session that is taken up again: a bot of before, whose new self is awaited."""
        member = self.roster.members.get(bot_id)
        is_awaited = member is not None and member.state == "expected" and not member.is_classic
        return self.score.first_bar > 0 and is_awaited

    def _is_from(self, bot_id: str, source: Address) -> bool:
        """Whether a message may be a bot's: it comes from where that said hello."""
        member = self.roster.members.get(bot_id)
        return (
            member is None
            or member.is_classic
            or member.address == source
            or self._succession.is_waiting(bot_id, source)
        )

    def _taken_over(self, bot_id: str) -> None:
        self._watch.begin(bot_id, self._loop.time())
        self.caretaker.took_over(bot_id)

    def _take_notes(self, message: m.Notes, datagram: bytes, source: Address) -> None:
        if not self.playback.has_strip(message.bot_id):
            self._n_strange += 1
            if self._n_strange == 1:
                log.warning("no strip for %s: its notes are not heard", message.bot_id)
            return
        bot_id, may_play = message.bot_id, self.reception.understudies.may_play
        if not self._is_from(bot_id, source):
            return
        self._numbers.take(bot_id, source, message.number)
        notes = [n for n in message.notes if may_play(bot_id, source, n.onset_ticks)]
        self._watch.answered(bot_id, self._loop.time())
        if not notes:
            return
        self.playback.add(bot_id, notes)
        self.reception.retained.keep_notes(bot_id, datagram)
        self._relay_to("notes", bot_id, datagram)

    def _take_finding(self, message: Finding, datagram: bytes, source: Address) -> None:
        """What the monitor has to say; a stranger's word does not count."""
        if not any(member.address == source for member in self.roster.here):
            return
        tick = int(self.clock.tick_now) if self.clock.is_started else self.score.start_tick
        self.findings.take(message, tick)
        if isinstance(message, m.Flag):
            self.playback.mark(message.first_tick, message.headline)
        self._relay_to("flags", message.bot_id, datagram)

    def _relay_to(self, topic: str, bot_id: str, datagram: bytes) -> None:
        """Send on what a bot said of a topic, to the others who hear it."""
        role = self.reception.role_of(bot_id)
        hearers = [
            member
            for member in self.roster.here
            if member.bot_id != bot_id and member.wants(topic, role)
        ]
        self.reception.relay(datagram, hearers)

    def _stop_at_bar_line(self, sender: str) -> None:
        """A bot's form is finished: end with the bar."""
        if not self.clock.is_started:
            return
        log.info("%s has finished its form: the band ends with this bar", sender or "a bot")
        meters = self.clock.meter_map
        tick = meters.bar_tick(meters.bar_at(self.clock.tick_now) + 1)
        wait = self.clock.seconds_at(tick) - self._loop.time()
        self._loop.call_later(max(0.0, wait), self.stop)

    def _take_mix(self, message: m.Mix) -> None:
        self.playback.change_mix(
            message.bot_id, message.name, message.value, fade_seconds=message.fade_seconds
        )
        for member in self.roster.here:
            if member.is_classic:
                self._send_gain(member, fade_seconds=message.fade_seconds)

    def _send_gain(self, member: Member, *, fade_seconds: float = 0.0) -> None:
        """A classic bot sounds by itself: tell it the gain at which it should, and how soon."""
        if member.address is not None:
            then = self._loop.time() + fade_seconds
            gain = self.playback.mix.gain_at(member.bot_id, then)
            self._wire.send(m.Gain(min(1.0, gain), 1000.0 * fade_seconds), member.address)

    def _members_changed(self) -> None:
        self._changed.set()
        if self.reception.pulse_listeners:
            self._pulse.listen()

    def _send_pulse(self, datagram: bytes) -> None:
        for address in self.reception.pulse_listeners:
            self._wire.endpoint.send_from_thread(datagram, address)
