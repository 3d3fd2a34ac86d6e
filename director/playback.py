"""From the bots' notes to the outputs: scheduling, mixing, and silence. Times come from the clock.

Events are handed to the outputs one commit horizon before they sound. Until then a note can be
cancelled, muted and re-timed; after that it is the output's.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence

from director.mix import Mix
from director.outputs.base import (
    Ending,
    InstrumentChanged,
    Level,
    Marker,
    NoteOff,
    NoteOn,
    Output,
    OutputEvent,
    StripAdded,
    TempoChange,
)
from director.scheduler import Scheduled, Scheduler
from director.score import Score, Strip
from director.sounds import program_of, sounds_for
from director.witness import Unseen, Witness
from musebots.clock import Clock
from musebots.notes import Note
from musebots.timebase import TempoMap

__all__ = ["DEFAULT_HORIZON_SECONDS", "Playback"]

DEFAULT_HORIZON_SECONDS = 0.05
FADE_STEP_SECONDS = 0.05
TICK_SLACK = 1e-3


class Playback:
    """See the module's text.

    Parameters
    ----------
    score : Score
    clock : Clock
        The Director's own; started before `start` is called.
    outputs : sequence of Output
        Already open; whoever opened them closes them.
    horizon_seconds : float
        The commit horizon.
    witness : Witness, optional
        Sees what is planned and what is silenced.
    """

    def __init__(
        self,
        score: Score,
        clock: Clock,
        outputs: Sequence[Output],
        *,
        horizon_seconds: float = DEFAULT_HORIZON_SECONDS,
        witness: Witness | None = None,
    ) -> None:
        self._witness: Witness = witness or Unseen()
        self.scheduler = Scheduler(score.swing, score.swing_unit_ticks, end_tick=score.end_tick)
        self.mix = Mix.of(score.strips)
        self._clock = clock
        self._outputs = outputs
        self._horizon_seconds = horizon_seconds
        self._strips = {strip.bot_id: strip for strip in score.strips}
        self._channels = {strip.bot_id: strip.channel for strip in score.strips}
        self._committed_tick = -1
        self._first_tick = 0  # what begins before is not heard
        self._heard_levels: dict[str, tuple[float, float, float]] = {}
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._fade_alarm: asyncio.TimerHandle | None = None
        self._is_over = False

    def start(self) -> None:
        """The clock has been started: tell the outputs, and set the first levels."""
        for output in self._outputs:
            output.start(self._clock.anchor_seconds)
        self._send_levels()
        self._arm()

    def has_strip(self, bot_id: str) -> bool:
        """Whether this bot has a place in the mix."""
        return bot_id in self._channels

    @property
    def channels(self) -> Mapping[str, int]:
        """Every bot that has a place in the mix, and its MIDI channel (0..15)."""
        return self._channels

    @property
    def strips(self) -> tuple[Strip, ...]:
        """Every place in the mix, as it began."""
        return tuple(self._strips.values())

    @property
    def horizon_seconds(self) -> float:
        """The commit horizon."""
        return self._horizon_seconds

    def set_horizon(self, seconds: float) -> None:
        """Another commit horizon, from now on."""
        self._horizon_seconds = seconds
        self._arm()

    def add_strip(self, strip: Strip) -> None:
        """Another bot gets a place in the mix; one that has it keeps its fader."""
        if strip.bot_id in self._channels:
            return
        self._strips[strip.bot_id] = strip
        self._channels[strip.bot_id] = strip.channel
        self.mix = self.mix.with_strip(strip)
        tick = max(0, self.committed_tick() + 1)
        self._send(StripAdded(tick, self._clock.tempo_map.seconds_at(tick), strip))
        self._send_levels()

    def add(self, bot_id: str, notes: Sequence[Note]) -> None:
        """Take in a bot's notes; `KeyError` for a bot without a strip."""
        channel, committed = self._channels[bot_id], self.committed_tick()
        self._witness.planned(bot_id, notes)
        for note in notes:
            if self._first_tick and note.onset_ticks < self._first_tick:
                continue
            self.scheduler.add(bot_id, channel, note, committed_tick=committed)
        self._arm()

    def cancel(self, bot_id: str, from_tick: int) -> None:
        """Void a bot's notes that have not begun."""
        self.scheduler.cancel(bot_id, from_tick)

    def change_tempo(self, tempo_map: TempoMap, tick: int) -> None:
        """The clock follows another tempo map from `tick` on."""
        self._send(TempoChange(tick, tempo_map.seconds_at(tick), tempo_map))
        self._arm()

    def end_at(self, tick: int) -> None:
        """The piece ends at this bar line, sooner than its score does."""
        self.scheduler.end_tick = tick
        self._send(Ending(tick, self._clock.tempo_map.seconds_at(tick)))

    def mark(self, tick: int, text: str) -> None:
        """Have something written into the recordings at `tick`."""
        self._send(Marker(tick, self._clock.tempo_map.seconds_at(tick), text))

    def change_mix(self, bot_id: str, name: str, value: float, *, fade_seconds: float) -> None:
        """Move one control; see `Mix.changed`."""
        self.mix = self.mix.changed(
            bot_id, name, value, now_seconds=self._loop.time(), fade_seconds=fade_seconds
        )
        self._send_levels()

    def change_instrument(self, bot_id: str, name: str) -> None:
        """Give a strip another instrument.

        Raises
        ------
        ValueError
            For an unknown strip, or an instrument that it may not have.
        """
        strip = next((strip for strip in self.strips if strip.bot_id == bot_id), None)
        if strip is None:
            raise ValueError(f"no strip {bot_id!r}; there are {', '.join(self.channels)}")
        names = sounds_for(strip.role, strip.channel)
        if name not in names:
            raise ValueError(f"{bot_id} can sound like {', '.join(names)}; got {name!r}")
        self.mix = self.mix.with_instrument(bot_id, name)
        program = program_of(name)
        tick = max(0, self.committed_tick())
        seconds = self._clock.tempo_map.seconds_at(tick)
        self._send(InstrumentChanged(tick, seconds, bot_id, strip.channel, name, program))

    def silence(self, bot_id: str) -> None:
        """A bot is gone: forget what it has pending and end what it has sounding."""
        self._witness.silenced(bot_id)
        self._emit(self.scheduler.silence(self.committed_tick() + 1, bot_id=bot_id))

    def hush(self) -> None:
        """Forget all that is pending and end all that sounds; what is sent afterwards is played."""
        if self._clock.is_started and not self._is_over:
            self._emit(self.scheduler.silence(self.committed_tick() + 1))

    def finish(self, end_tick: int | None = None) -> None:
        """End everything: at the final bar line, or, without one, right now. Once is enough."""
        if self._is_over:
            return
        self._is_over = True
        for alarm in (self._alarm, self._fade_alarm):
            if alarm is not None:
                alarm.cancel()
        if end_tick is not None:
            self._emit(self.scheduler.release(end_tick))
            self._emit(self.scheduler.silence(end_tick))
        else:
            self._emit(self.scheduler.silence(self.committed_tick() + 1))
            for output in self._outputs:
                output.panic()

    def hold(self) -> None:
        """The clock stands still: be silent, and keep what is to come."""
        self._arm()
        self._emit(self.scheduler.pause(self.committed_tick() + 1))
        for output in self._outputs:
            output.panic()

    def go_on(self) -> None:
        """The clock goes on, from where it was held or from elsewhere."""
        for output in self._outputs:
            output.start(self._clock.anchor_seconds)
        self._heard_levels.clear()  # to an output a panic may have been the end of them
        self._send_levels()
        self._arm()

    def skip_to(self, tick: int) -> None:
        """The music goes on at `tick`; what was to begin before is dropped, now and later."""
        self.scheduler.drop_before(tick)
        self._first_tick = max(self._first_tick, tick)
        self._committed_tick = max(self._committed_tick, tick - 1)

    def committed_tick(self) -> int:
        """The last tick that has been, or may have been, handed to the outputs."""
        if self._clock.is_started and not self._clock.is_held:
            ahead = self._loop.time() + self._horizon_seconds - self._clock.anchor_seconds
            reached = math.floor(self._clock.tempo_map.tick_at(ahead) + TICK_SLACK)
            self._committed_tick = max(self._committed_tick, reached)
        return self._committed_tick

    def _arm(self) -> None:
        """Set the alarm for the next event, one horizon before it sounds."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        tick = self.scheduler.next_tick()
        is_moving = self._clock.is_started and not self._clock.is_held
        if tick is not None and is_moving and not self._is_over:
            when = self._clock.seconds_at(tick) - self._horizon_seconds
            self._alarm = self._loop.call_at(when, self._release)

    def _release(self) -> None:
        self._emit(self.scheduler.release(self.committed_tick()))
        self._arm()

    def _emit(self, events: Iterable[Scheduled]) -> None:
        for event in events:
            seconds = self._clock.tempo_map.seconds_at(event.tick)
            where = (event.tick, seconds, event.bot_id, event.channel, event.pitch)
            self._send(NoteOn(*where, event.velocity) if event.is_on else NoteOff(*where))

    def _send_levels(self) -> None:
        """Send the levels that have changed; while a fade runs, come back for more."""
        if not self._clock.is_started or self._is_over:
            return
        now, tick = self._loop.time(), max(0, self.committed_tick())
        for bot_id, strip in self.mix.strips.items():
            level = (self.mix.gain_at(bot_id, now), strip.pan, strip.reverb)
            if self._heard_levels.get(bot_id) != level:
                self._heard_levels[bot_id] = level
                seconds = self._clock.tempo_map.seconds_at(tick)
                self._send(Level(tick, seconds, bot_id, self._channels[bot_id], *level))
        if self._fade_alarm is not None:
            self._fade_alarm.cancel()
            self._fade_alarm = None
        if now < self.mix.fade_end_seconds:
            when = min(now + FADE_STEP_SECONDS, self.mix.fade_end_seconds)
            self._fade_alarm = self._loop.call_at(when, self._send_levels)

    def _send(self, event: OutputEvent) -> None:
        for output in self._outputs:
            output.send(event)
