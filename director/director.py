"""The Director of one session: its parts, put together, and what others may ask of it.

`Conducting` is the clockwork, `Dispatch` takes the bots' messages, `Playback` what they play,
`Reception` and `Housekeeping` see to who comes, goes and behaves.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from director.announcing import Announcements
from director.caretaker import Caretaker, Nobody
from director.conducting import Conducting
from director.desk import Desk
from director.dispatch import Dispatch
from director.endings import Endings
from director.findings import Finding, Findings
from director.housekeeping import Housekeeping
from director.outputs.base import Output
from director.playback import DEFAULT_HORIZON_SECONDS, Playback
from director.pulse import CallAt, PulseSender
from director.reception import Casting, Reception
from director.roster import Roster
from director.score import Score, Strip
from director.session_report import SessionReport
from director.status import Status
from director.steering import SteeringNews, Steerings
from director.succession import Succession
from director.tempo import Tempo
from director.transport import Transport
from director.witness import Unseen, Witness
from musebots.clock import Clock
from musebots.faults import one_fault
from musebots.messages import Fader, Instrument, Lead, Message, Off, encode
from musebots.network import LOOPBACK_HOST, Address, Network, Wire

__all__ = ["DEFAULT_PORT", "Casting", "Director", "SessionReport"]

DEFAULT_PORT = 4747


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
        the classic conductors have it. Where bots of ours play, they agree on where to end.
    anchor_for : callable, optional
        From the earliest time at which tick 0 could fall to when it is to; at once by default.
    on_finding : callable
        Hears what the monitor finds, and at which tick.
    witness : Witness, optional
        Sees every message, and what is planned and silenced.
    on_steering : callable
        Hears who moves the bots between calmer and bolder, and what comes of it, and at which tick.
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
        on_steering: Callable[[SteeringNews, int], None] = lambda news, tick: None,
        horizon_seconds: float = DEFAULT_HORIZON_SECONDS,
        witness: Witness | None = None,
    ) -> None:
        self.score = score
        self.clock = Clock()
        self.clock.tempo_map = score.tempo_map
        self.clock.meter_map = score.meter_map
        self.clock.end_tick = score.end_tick
        self.playback = Playback(
            score, self.clock, outputs, horizon_seconds=horizon_seconds, witness=witness
        )
        self._witness: Witness = witness or Unseen()
        self.findings = Findings(on_finding)
        self.is_over = False
        caretaker = caretaker or Nobody()
        self._wire = Wire(self._receive, admits=self._admits)
        self.reception = Reception(score, cast, self.clock, self._wire, self._members_changed)
        self.steering = Steerings(
            self.reception, self.playback, self.clock, on_steering, policy=score.policy
        )
        self.desk = Desk(self.reception, self.playback, self.findings)
        self._conducting = Conducting(
            score,
            self.clock,
            self.reception,
            self.playback,
            anchor_for=anchor_for or (lambda earliest: earliest),
        )
        self._housekeeping = Housekeeping(
            self.reception, self.playback, self.clock, self._wire, caretaker, self.desk.tell
        )
        self._announcements = Announcements(score, self.clock, self.reception)
        self._tempo = Tempo(score, self.clock, self.playback, self.reception)
        self.transport = Transport(self.clock, self.playback, self.reception, self._housekeeping)
        self._pulse = PulseSender(
            self.clock,
            start_tick=score.start_tick,
            send=self._send_pulse,
            call_at=call_at or asyncio.get_running_loop().call_at,
        )
        self._dispatch = Dispatch(
            score=score,
            clock=self.clock,
            wire=self._wire,
            reception=self.reception,
            playback=self.playback,
            housekeeping=self._housekeeping,
            succession=self._succession(caretaker),
            announcements=self._announcements,
            findings=self.findings,
            steering=self.steering,
            conducting=self._conducting,
            endings=Endings(
                score,
                self.clock,
                self.playback,
                self.reception,
                self._announcements,
                self._conducting,
                self._tempo,
            ),
            tempo=self._tempo,
            transport=self.transport,
            caretaker=caretaker,
            ends_on_exiting=ends_on_exiting,
        )

    def _succession(self, caretaker: Caretaker) -> Succession:
        def taken_over(bot_id: str) -> None:
            self._housekeeping.begin(bot_id)
            caretaker.took_over(bot_id)

        return Succession(
            self.reception,
            self.playback,
            self.clock,
            start_tick=self.score.start_tick,
            on_taken_over=taken_over,
        )

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
                        tasks.create_task(self._housekeeping.run()),
                        tasks.create_task(self._announcements.run()),
                        tasks.create_task(self._pulse.run()),
                    ]
                    await self._conducting.run()
                    self.is_over = True
                    await self._conducting.dismiss()
                    for task in background:
                        task.cancel()
        finally:
            if not self.is_over:  # something went wrong on the way
                self.playback.finish()
                self.reception.tell.all(Off())
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
        self._conducting.stop()

    def bot_gone(self, bot_id: str) -> None:
        """A bot's process or connection has ended: silence it and tell the others."""
        self._housekeeping.gone(bot_id)

    def add_bot(self, strip: Strip, casting: Casting) -> None:
        """Another bot was started; it plays as soon as it is ready."""
        self.playback.add_strip(strip)
        self.reception.expect(strip.bot_id, casting)

    def remove_bot(self, bot_id: str) -> None:
        """Send a bot home and forget it; its strip stays, in case that it comes back."""
        self._housekeeping.remove(bot_id)

    def set_tempo(self, bpm: float, *, ramp_beats: float = 0.0) -> None:
        """Another tempo from the next beat on that is still open; see `Tempo.set`."""
        self._tempo.set(bpm, ramp_beats=ramp_beats)

    def steer(self, points: Sequence[tuple[int, float]]) -> None:
        """Other tempi from these ticks on, as another clock wants them; see `Tempo.steer`."""
        self._tempo.steer(points)

    def restore(self, retained: Mapping[str, Any]) -> None:
        """Before the music: what was said, remembered and mixed in the session of before."""
        self.reception.retained.restore(retained)
        for move in self.reception.retained.moves():
            with contextlib.suppress(ValueError):  # of a strip that is not there this time
                if isinstance(move, Instrument):
                    self.playback.change_instrument(move.bot_id, move.instrument)
                else:
                    self.playback.change_mix(move.bot_id, move.name, move.value, fade_seconds=0.0)

    def be_led(
        self,
        ask_leader: Callable[[float], bool],
        hear_leader: Callable[[Lead], None] = lambda lead: None,
    ) -> None:
        """Somebody else leads the tempo, who is asked when it is to change, and may speak."""
        self._tempo.ask_leader, self._tempo.hear_leader = ask_leader, hear_leader

    def move_fader(self, fader: Fader) -> None:
        """Make a bot, or the band, calmer or bolder: as if somebody had sent the message."""
        self.steering.take(fader, encode(fader))

    def status(self) -> Status:
        """Where the music is and who plays."""
        bots = tuple(
            (member.bot_id, member.state)
            for member in self.roster.members.values()
            if member.role != "listener"
        )
        scheduler = self.playback.scheduler
        tick = self.score.start_tick
        if self.clock.is_started:
            tick = min(int(self.clock.tick_now // 1), self._end_tick - 1)
        position = self.clock.meter_map.position(tick)
        return Status(
            bar=position.bar,
            beat=position.beat_in_bar,
            bpm=self.clock.tempo_map.bpm_at(tick),
            bots=bots,
            n_late_notes=scheduler.n_late.total(),
            n_notes=scheduler.n_notes.total(),
            finding=self.findings.headline,
            steering=self.steering.headline,
            is_held=self.clock.is_held,
        )

    @property
    def _end_tick(self) -> int:
        """The final bar line: the score's, unless the band has agreed to end sooner."""
        return self.clock.end_tick or self.score.end_tick

    def _report(self) -> SessionReport:
        scheduler, is_stopped = self.playback.scheduler, self._conducting.is_stopped
        n_lost = self._dispatch.numbers.n_lost
        tick = self._end_tick
        if is_stopped:
            tick = max(0, min(int(self.clock.tick_now), tick)) if self.clock.is_started else 0
        return SessionReport(
            n_notes={bot_id: scheduler.n_notes[bot_id] for bot_id in self.playback.channels},
            n_late=dict(scheduler.n_late),
            n_missed=dict(scheduler.n_missed),
            n_refused=dict(scheduler.n_refused),
            n_lost={bot_id: n for bot_id, n in n_lost.items() if n},
            faults=dict(self._wire.faults),
            n_bars=self.score.meter_map.bar_at(tick),
            music_seconds=self.clock.tempo_map.seconds_at(tick),
            was_stopped=is_stopped,
            flags=tuple(self.findings.flags),
            monitoring=self.findings.monitoring,
            actions=tuple(self.steering.actions),
        )

    def _receive(self, message: Message, datagram: bytes, source: Address) -> None:
        self._witness.heard(message, datagram, source)
        self._dispatch.receive(message, datagram, source)
        self.desk.take(message, datagram, source)

    def _admits(self, n_bytes: int, source: Address) -> bool:
        return self._housekeeping.admits(n_bytes, source)

    def _members_changed(self) -> None:
        self._conducting.look_again()
        self.desk.tell()
        if self.reception.pulse_listeners:
            self._pulse.listen()

    def _send_pulse(self, datagram: bytes) -> None:
        for address in self.reception.pulse_listeners:
            self._wire.endpoint.send_from_thread(datagram, address)
