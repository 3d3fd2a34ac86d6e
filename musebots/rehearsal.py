"""A rehearsal room: one bot, a conductor that writes down everything, and virtual time.

This is the Director's side of the protocol with no mixer and no sound, for tests of single bots;
`musebots.testing.rehearse` and `musebots.conformance` are built on it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musebots import messages as m
from musebots.agent import NS_PER_SECOND, Link
from musebots.clock import Clock
from musebots.errors import BotFailed
from musebots.form import Section
from musebots.harmony import Key, parse_chords, spans_from
from musebots.network import Address, LoopbackNetwork, Wire
from musebots.notes import Note
from musebots.timebase import MeterMap, TempoMap, TimeSignature, ticks_from_beats

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["BOT_ID", "Heard", "Rehearsal", "Sheet"]

BOT_ID = "bot"
OTHERS_ID = "others"
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is rehearsed; see `musebots.testing.rehearse` for the parameters."""

    bars: int = 4
    bpm: float = 120.0
    key: str = "C major"
    chords: str = "C"
    time_signature: str = "4/4"
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    others: Sequence[Note] = ()
    others_role: str = "drums"


@dataclass(frozen=True, slots=True)
class Heard:
    """A note, and the tick at which it reached the conductor."""

    note: Note
    arrived_tick: float


class Rehearsal:
    """Plays a sheet with one bot on the running event loop.

    Parameters
    ----------
    sheet : Sheet
    disturb : callable, optional
        Called once a beat with a function that sends raw bytes to the bot.
    off_tick : int, optional
        When to send the bot home early.
    """

    def __init__(
        self,
        sheet: Sheet,
        *,
        disturb: Callable[[Callable[[bytes], None]], None] | None = None,
        off_tick: int | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self.alive_seconds: list[float] = []
        self.n_broadcasts = 0
        self.off_seconds: float | None = None
        self.end_seconds: float | None = None
        self._sheet = sheet
        self._disturb = disturb
        self._meter = MeterMap.constant(TimeSignature.parse(sheet.time_signature))
        self._end_tick = self._meter.bar_tick(sheet.bars)
        self._off_tick = self._end_tick if off_tick is None else off_tick
        self._loop = asyncio.get_running_loop()
        self._clock = Clock()
        self._clock.meter_map = self._meter
        self._clock.tempo_map = TempoMap.constant(sheet.bpm)
        self._wire = Wire(self._receive)
        self._ready = asyncio.Event()
        self._bot_address: Address | None = None

    @property
    def end_tick(self) -> int:
        """The final bar line."""
        return self._end_tick

    async def run(self, bot: Musebot) -> None:
        """Rehearse from hello to goodbye; what the bot did is in the attributes afterwards."""
        network = LoopbackNetwork()
        await self._wire.open(network)
        link = Link(BOT_ID, network, self._wire.address, patience_seconds=PATIENCE_SECONDS)
        life = asyncio.ensure_future(bot.run(link))
        music = asyncio.ensure_future(self._conduct())
        try:
            await asyncio.wait([life, music], return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                await music  # raises where the conductor gave up
                await asyncio.wait([life], timeout=PATIENCE_SECONDS)
            self.end_seconds = self._loop.time()
            if life.done():
                life.result()
        finally:
            for task in (life, music):
                task.cancel()
            await asyncio.gather(life, music, return_exceptions=True)
            self._wire.close()

    async def _conduct(self) -> None:
        try:
            await asyncio.wait_for(self._ready.wait(), PATIENCE_SECONDS)
        except TimeoutError as error:
            late = TimeoutError(f"not ready after {PATIENCE_SECONDS:g} s: does prepare() return?")
            raise BotFailed(BOT_ID, late) from error
        self._clock.start(self._loop.time() + self._tempo.seconds_at(self._meter.bar_tick(1)))
        self._tell_tempo()
        if self._disturb is not None:
            async for _ in self._clock.beats(lead=0.0):
                if self._clock.tick_now >= self._off_tick:
                    break
                self._disturb(self._send_bytes)
        await self._clock.until_tick(self._off_tick)
        self.off_seconds = self._loop.time()
        self._tell(m.Off())

    @property
    def _tempo(self) -> TempoMap:
        return self._clock.tempo_map

    def _tell_tempo(self) -> None:
        anchor_ns = round(self._clock.anchor_seconds * NS_PER_SECOND)
        for message in m.Tempo.parts(self._tempo.points, anchor_ns):
            self._tell(message)

    def _welcome(self) -> list[m.Message]:
        sheet, key = self._sheet, Key.parse(self._sheet.key)
        bar_beats = TimeSignature.parse(sheet.time_signature).bar_beats
        chords = parse_chords(sheet.chords, beats_per_bar=bar_beats)
        period = ticks_from_beats(sum(beats for beats, _ in chords))
        spans = [s for start in range(0, self._end_tick, period) for s in spans_from(chords, start)]
        settings = json.dumps(dict(sheet.settings))
        start_tick = self._meter.bar_tick(-1)
        others = m.Notes.of(OTHERS_ID, 0, sheet.others)
        return [
            m.Welcome(m.PROTOCOL_VERSION, BOT_ID, sheet.seed, start_tick, self._end_tick, settings),
            m.Bars.of(self._meter),
            *m.Tempo.parts(self._tempo.points),
            m.Form.of(Section("A", 0, self._end_tick)),
            m.HarmonyPlan.of(key, [span for span in spans if span.tick < self._end_tick]),
            m.Roster(((BOT_ID, "bot"), (OTHERS_ID, sheet.others_role))),
            *([others] if sheet.others else []),
        ]

    def _receive(self, message: m.Message, datagram: bytes, source: Address) -> None:
        match message:
            case m.Hello():
                self._bot_address = source
                for answer in self._welcome():
                    self._tell(answer)
            case m.Ready():
                self._ready.set()
            case m.Alive():
                self.alive_seconds.append(self._loop.time())
            case m.ClockPing():
                now_ns = round(self._loop.time() * NS_PER_SECOND)
                self._wire.send(m.ClockPong(message.sent_ns, now_ns, now_ns), source)
            case m.Notes():
                arrived = self._clock.tick_now if self._clock.is_started else float("-inf")
                self.heard += [Heard(note, arrived) for note in message.notes]
            case m.Broadcast():
                self.n_broadcasts += 1
            case m.Cancel():
                self.heard = [h for h in self.heard if h.note.onset_ticks < message.from_tick]

    def _tell(self, message: m.Message) -> None:
        self._send_bytes(m.encode(message))

    def _send_bytes(self, datagram: bytes) -> None:
        if self._bot_address is not None:
            self._wire.send_bytes(datagram, self._bot_address)
