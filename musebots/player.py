"""A bot whose notes come from a sequence generator: what melody, bass and drums have in common.

Each bar is planned `lead` beats before its bar line. Who listens to whom is a matter of lead: the
drums plan first, and the bass hears their bar half a beat later, when it plans its own. As long as
that is more than a message takes (half a beat is 250 ms at 120 bpm, 62 ms at 480), what a bot hears
does not depend on the network, and the same seed gives the same music live and offline. Of the bar
before everybody has been heard by then, and what is negotiated (`musebots.negotiation`) was said a
bar ahead.

A fader that is moved by hand is heard at once: what was planned and has not been handed out yet is
planned anew, from the first step on that is still open. So are other chords than were known, in a
piece that follows somebody's.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from musebots.conversation import Conversation
from musebots.errors import ConfigError
from musebots.form import Course, Section
from musebots.generators import STEP_TICKS, SequenceGenerator, Step, StepContext
from musebots.leaning import Leaning
from musebots.messages import (
    AT_ONCE,
    Broadcast,
    Fader,
    HarmonyPlan,
    Horizon,
    Message,
    Policy,
    Steer,
    Welcome,
)
from musebots.musebot import Musebot
from musebots.notes import Note
from musebots.planning import Planner, cut_where
from musebots.soon import Soon
from musebots.surroundings import Surroundings
from musebots.telemetry import Telemetry
from musebots.timebase import beats_from_ticks
from musebots.topics import FORM

if TYPE_CHECKING:
    from musebots.rnn.vocabulary import Role

__all__ = ["GeneratorBot"]

RANGES = {"temperature": (0.0, 10.0), "top_p": (0.0, 1.0), "repetition": (0.0, 1.0)}
HORIZON_SECONDS = 0.05
"""The Director's commit horizon, until it tells of another."""
WAY_SECONDS = 0.05
"""What a message may take: a step that begins after horizon and way can still be changed."""
REPLANS_APART_SECONDS = 0.05
HALF_STEP_TICKS = STEP_TICKS // 2


class GeneratorBot(Musebot):
    """Plays what its generator decides, bar by bar; falls silent where the section says so.

    `network` names the kind of network, `style` is the tag it plays in by default. Settings:
    `temperature`, `top_p`, `repetition` (sampling), `rests` (0..1, how readily it rests where the
    piece leaves that open; 0 is never), `style`, `checkpoint` (a file; the shipped one
    by default); a subclass that has more names them in `known_settings`.
    """

    network: Role
    known_settings: tuple[str, ...] = (
        "checkpoint", "style", "temperature", "top_p", "repetition", "rests",
    )  # fmt: skip
    sends = ("notes", FORM)
    hears = ("notes",)
    lead = 1.0
    style = ""
    is_percussion = False
    _others_density: float | None = None
    _horizon_seconds = HORIZON_SECONDS
    _is_handled = False
    _is_prepared = False

    def on_welcome(self, welcome: Welcome) -> None:
        """From here on intents and faders may come, long before this bot is prepared."""
        super().on_welcome(welcome)
        self._talk = Conversation(self, rests=self.setting("rests", 1.0))
        self._surroundings = Surroundings(self, self._talk)
        self._leaning = Leaning(self.id)

    async def prepare(self) -> None:
        """Load the network."""
        for name in self.settings:
            if name not in self.known_settings:
                known = ", ".join(self.known_settings)
                raise ConfigError(f"there is no setting {name!r}; there are {known}")
        for name, (low, high) in RANGES.items():
            if not low < self.setting(name, high) <= high:
                raise ConfigError(f"{name} must be above {low} and up to {high}")
        if not 0.0 <= self.setting("rests", 1.0) <= 1.0:
            raise ConfigError("rests must be in 0..1")
        self._style = self.settings.get("style", self.style)
        self._generator = generator = self.make_generator()
        self._telemetry: Telemetry | None = None
        self._leaning.follow(generator)
        styles = getattr(generator, "styles", ())
        if "style" in self.settings and self._style not in styles:
            known = ", ".join(styles)
            raise ConfigError(f"setting style must be one of {known}, got {self._style!r}")
        self._planner = Planner(
            generator,
            self.context_at,
            is_percussion=self.is_percussion,
            on_step=self._on_step,
        )
        self._second_thought = Soon(self._replan, apart_seconds=REPLANS_APART_SECONDS)
        self._is_prepared = True

    def make_generator(self) -> SequenceGenerator:
        """The role's network with this bot's settings; override it to play something else."""
        from musebots.rnn.generator import load_generator  # numpy: only a bot that plays needs it

        return load_generator(
            self.network,
            rng=self.rng,
            checkpoint=self.settings.get("checkpoint"),
            temperature=self._own("temperature"),
            top_p=self._own("top_p"),
            repetition=self._own("repetition"),
        )

    async def play(self) -> None:
        """Plan and send bar after bar; the last one is an ending."""
        try:
            async for bar in self.clock.bars(lead=self.lead):
                self._play_bar(bar)
            await self._talk.finish_form()
            if self._is_handled and self.clock.end_tick is not None:
                await self.clock.until_tick(self.clock.end_tick - HALF_STEP_TICKS)
                self._tell_activations()
        finally:
            self._second_thought.cancel()

    def _play_bar(self, bar: int) -> None:
        """Plan a bar, send it, and tell what there is to tell."""
        start_tick = self.clock.meter_map.bar_tick(bar)
        end_tick = self.clock.meter_map.bar_tick(bar + 1)
        self._others_density = self._talk.density_before(bar)
        action = self._leaning.judge(start_tick)
        if action is not None:
            self.tell(action)
        notes = self._finished(start_tick, end_tick, self._planner.plan(start_tick, end_tick))
        heard = cut_where(self._surroundings.is_silent, notes)
        self.send(*heard)
        self._talk.say(bar, heard)
        self._tell_steered(start_tick, end_tick)
        self._tell_activations()

    def _finished(self, start_tick: int, end_tick: int, notes: list[Note]) -> list[Note]:
        """A bar as it is played: the last one ends the piece, a first one may open its section."""
        section = self.section_at(start_tick)
        if end_tick == self.clock.end_tick:
            return self.ending(start_tick, end_tick)
        if section is not None and section.start_tick == start_tick:
            return self.opening(section, notes)
        return notes

    def hear(self, message: Message) -> None:
        """Listen to what the others intend, and to who moves a fader."""
        if isinstance(message, Broadcast):
            self._talk.hear(message)
        elif isinstance(message, (Fader, Policy, Steer)):
            self._lean(message)
        elif isinstance(message, Horizon):
            self._horizon_seconds = message.seconds

    def on_message(self, message: Message) -> None:
        """Other chords than those that were planned for are planned for anew."""
        before = self.harmony
        super().on_message(message)
        if isinstance(message, HarmonyPlan) and self._is_prepared and not self.is_percussion:
            open_tick = self._planner.open_tick(self._first_open_tick())
            planned = self._planner.planned_ticks(open_tick)
            if any(self.harmony.at_tick(tick) != before.at_tick(tick) for tick in planned):
                self._second_thought.ask()

    # --- calmer or bolder -----------------------------------------------------------------------

    def _lean(self, message: Fader | Policy | Steer) -> None:
        """Take in what moves this bot; what was planned is planned anew where it is to be."""
        open_tick = self._first_open_tick()
        if self._is_prepared:
            open_tick = self._planner.open_tick(open_tick)
        if not self._leaning.take(message, open_tick) or not self._leaning.is_steerable:
            return
        from_tick = message.from_tick if not isinstance(message, Policy) else AT_ONCE
        self._is_handled |= from_tick == AT_ONCE and self.clock.is_started
        if self._is_prepared and self._planner.is_planned(max(open_tick, from_tick)):
            self._second_thought.ask()

    def _first_open_tick(self) -> int:
        """The first tick that can still be changed; the notes of a drummer's step may be early."""
        if not self.clock.is_started:
            return 0
        open_at = asyncio.get_running_loop().time() + self._horizon_seconds + WAY_SECONDS
        tick = math.ceil(self.clock.tempo_map.tick_at(open_at - self.clock.anchor_seconds))
        return max(0, tick + (HALF_STEP_TICKS if self.is_percussion else 0))

    def _replan(self) -> None:
        """What was planned and not handed out yet is planned anew; see the module's text."""
        try:
            self._plan_anew(self._planner.open_tick(self._first_open_tick()))
        except Exception as error:
            self.fail(error)

    def _plan_anew(self, from_tick: int) -> None:
        """Take back what begins from a step on, and send what is played there now."""
        self._leaning.forget_from(from_tick)
        if self._telemetry is not None:
            self._telemetry.forget_from(from_tick)
        bars = self._planner.replan(from_tick, self._revised)
        if not bars:
            return
        first_tick = from_tick - HALF_STEP_TICKS if self.is_percussion else from_tick
        self.cancel(beats_from_ticks(first_tick))
        for start_tick, end_tick, planned in bars:
            notes = cut_where(
                self._surroundings.is_silent, self._finished(start_tick, end_tick, planned)
            )
            self.send(*(note for note in notes if note.onset_ticks >= first_tick))
            self._tell_steered(start_tick, end_tick)
        self._tell_activations()

    def _revised(self, tick: int, context: StepContext) -> StepContext:
        """What is known at a step, with the faders as they stand there now, and over its chord."""
        if self.harmony.at_tick(tick) != context.chord:
            context = replace(context, **self._surroundings.harmony_at(tick))
        return replace(context, **self._lean_at(tick))

    def _lean_at(self, tick: int) -> dict[str, Any]:
        """What of a step's context the faders decide."""
        lean: dict[str, Any] = {
            "alpha": self._leaning.alpha_at(tick, self.section_at(tick)),
            "pull": self._leaning.pull_at(tick),
        }
        source = self._leaning.source_of(tick)
        if source is not None:
            meters = self.clock.meter_map
            lean["recall_bars"] = meters.bar_at(tick) - meters.bar_at(source)
        return lean

    def _tell_steered(self, start_tick: int, end_tick: int) -> None:
        told = self._leaning.told(start_tick, end_tick)
        if told is not None:
            self.tell(told)

    def _on_step(self, tick: int, step: Step) -> None:
        """Keep a step's activations, when somebody wants to hear them, and how it was steered."""
        self._leaning.observe(tick, self.section_at(tick))
        if "activations" not in self.wanted:
            return
        if self._telemetry is None:
            self._telemetry = Telemetry(self.id, str(getattr(self._generator, "network", "")))
        surprise = float(getattr(self._generator, "surprise", math.nan))
        self._telemetry.add(tick, step.hidden, surprise)

    def _tell_activations(self) -> None:
        """Tell them as they are planned; while a hand is on the fader, what is past changing."""
        if self._telemetry is None:
            return
        until_tick = self._first_open_tick() if self._is_handled else None
        for message in self._telemetry.messages(until_tick):
            self.tell(message)

    def state(self) -> object:
        """The network's state, its chance, its place in the music, and what the band agreed on."""
        return (
            self._planner.snapshot(),
            self._talk.intents.snapshot(),
            self.course,
            self._leaning.snapshot(),
        )

    def resume(self, state: object) -> None:
        """Go on as the network would have."""
        planned, intents, course, leaning = cast("tuple[Any, Any, Course, Any]", state)
        self._planner.restore(planned)
        self._leaning.restore(leaning)
        self._talk.intents.restore(intents)
        for section in course.sections:
            self.course = self.course.joined(section)

    def opening(self, section: Section, notes: list[Note]) -> list[Note]:
        """What to play in the first bar of a section; what was planned, unless a bot says more."""
        return notes

    def _own(self, name: str) -> float | None:
        """A number from the settings; None leaves it to the network's own default."""
        return self.setting(name, 0.0) if name in self.settings else None

    def ending(self, start_tick: int, end_tick: int) -> list[Note]:
        """What to play in the last bar."""
        raise NotImplementedError

    def accent(self, tick: int) -> int:
        """How hard a stroke that matters is played here, 1..127: it follows the intensity."""
        return round(56 + 48 * self._surroundings.knob("intensity", tick))

    def has_kick(self, tick: int) -> bool:
        """Whether the drums are known to play the bass drum on this step."""
        return False

    def has_bass(self, tick: int) -> bool:
        """Whether the bass is known to start a note on this step."""
        return False

    def _is_heard(self, tick: int, role: str, pitch: int | None = None) -> bool:
        """Whether a role has sent a note, of this pitch if it matters, for a step."""
        half = STEP_TICKS // 2
        start, end = (beats_from_ticks(tick + ticks) for ticks in (-half, half))
        heard = self.band.notes(start=start, end=end, role=role)
        return any(pitch is None or note.pitch == pitch for note in heard)

    def context_at(self, tick: int) -> StepContext:
        """All that is known at a step of the grid."""
        return StepContext(
            style=self._style,
            has_kick=self.has_kick(tick),
            others_density=self._others_density,
            has_bass=self.has_bass(tick),
            **{**self._surroundings.at(tick), **self._lean_at(tick)},
        )
