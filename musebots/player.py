"""A bot whose notes come from a sequence generator: what melody, bass and drums have in common.

Each bar is planned `lead` beats before its bar line. Who listens to whom is a matter of lead: the
drums plan first, and the bass hears their bar half a beat later, when it plans its own. As long as
that is more than a message takes (half a beat is 250 ms at 120 bpm, 62 ms at 480), what a bot hears
does not depend on the network, and the same seed gives the same music live and offline.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from musebots.errors import ConfigError
from musebots.generators import (
    MAX_STEPS_TO_NEXT,
    STEP_TICKS,
    SequenceGenerator,
    Step,
    StepContext,
)
from musebots.musebot import Musebot
from musebots.notes import Note
from musebots.planning import Planner
from musebots.telemetry import Telemetry
from musebots.timebase import beats_from_ticks

if TYPE_CHECKING:
    from musebots.form import Section
    from musebots.rnn.vocabulary import Role

__all__ = ["GeneratorBot"]

RANGES = {"temperature": (0.0, 10.0), "top_p": (0.0, 1.0)}
PHRASE_BARS = 4
FILL_BEATS = 2


class GeneratorBot(Musebot):
    """Plays what its generator decides, bar by bar; falls silent where the section says so.

    `network` names the kind of network, `style` is the tag it plays in by default. Settings:
    `temperature`, `top_p` (sampling), `style`, `checkpoint` (a file; the shipped one by default);
    a subclass that has more names them in `known_settings`.
    """

    network: Role
    known_settings: tuple[str, ...] = ("checkpoint", "style", "temperature", "top_p")
    lead = 1.0
    style = ""
    is_percussion = False

    async def prepare(self) -> None:
        """Load the network."""
        for name in self.settings:
            if name not in self.known_settings:
                known = ", ".join(self.known_settings)
                raise ConfigError(f"there is no setting {name!r}; there are {known}")
        for name, (low, high) in RANGES.items():
            if not low < self.setting(name, high) <= high:
                raise ConfigError(f"{name} must be above {low} and up to {high}")
        self._style = self.settings.get("style", self.style)
        self._generator = generator = self.make_generator()
        self._telemetry: Telemetry | None = None
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

    def make_generator(self) -> SequenceGenerator:
        """The role's network with this bot's settings; override it to play something else."""
        from musebots.rnn.generator import load_generator  # numpy: only a bot that plays needs it

        return load_generator(
            self.network,
            rng=self.rng,
            checkpoint=self.settings.get("checkpoint"),
            temperature=self._own("temperature"),
            top_p=self._own("top_p"),
        )

    async def play(self) -> None:
        """Plan and send bar after bar; the last one is an ending."""
        async for bar in self.clock.bars(lead=self.lead):
            start_tick = self.clock.meter_map.bar_tick(bar)
            end_tick = self.clock.meter_map.bar_tick(bar + 1)
            notes = self._planner.plan(start_tick, end_tick)
            section = self.section_at(start_tick)
            if end_tick == self.clock.end_tick:
                notes = self.ending(start_tick, end_tick)
            elif section is not None and section.start_tick == start_tick:
                notes = self.opening(section, notes)
            self.send(*self._heard(notes))
            self._tell_activations()

    def _on_step(self, tick: int, step: Step) -> None:
        """Keep a step's activations, when somebody wants to hear them."""
        if "activations" not in self.wanted:
            return
        if self._telemetry is None:
            self._telemetry = Telemetry(self.id, str(getattr(self._generator, "network", "")))
        surprise = float(getattr(self._generator, "surprise", math.nan))
        self._telemetry.add(tick, step.hidden, surprise)

    def _tell_activations(self) -> None:
        if self._telemetry is not None:
            for message in self._telemetry.messages():
                self.tell(message)

    def state(self) -> object:
        """The network's state, its chance, and where in the music it is."""
        return self._planner.snapshot()

    def resume(self, state: object) -> None:
        """Go on as the network would have."""
        self._planner.restore(state)

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
        return round(56 + 48 * self._knob("intensity", self.section_at(tick)))

    def has_kick(self, tick: int) -> bool:
        """Whether the drums are known to play the bass drum on this step."""
        return False

    def context_at(self, tick: int) -> StepContext:
        """All that is known at a step of the grid."""
        position = self.clock.meter_map.position(tick)
        section = self.section_at(tick)
        change = self.harmony.next_change(tick)
        steps_to_next, next_chord = MAX_STEPS_TO_NEXT, None
        if change is not None and (change[0] - tick) <= MAX_STEPS_TO_NEXT * STEP_TICKS:
            steps_to_next = max(1, (change[0] - tick) // STEP_TICKS)
            next_chord = change[1]
        first_bar = self.clock.meter_map.bar_at(section.start_tick) if section else 0
        return StepContext(
            step_in_bar=position.tick_in_bar // STEP_TICKS,
            steps_per_bar=position.time_signature.bar_ticks // STEP_TICKS,
            is_compound=position.time_signature.is_compound,
            bar_in_phrase=(position.bar - first_bar) % PHRASE_BARS,
            key=self.harmony.key,
            chord=self.harmony.at_tick(tick),
            next_chord=next_chord,
            steps_to_next=steps_to_next,
            style=self._style,
            intensity=self._knob("intensity", section),
            density=self._knob("density", section),
            register=self._knob("register", section),
            is_fill=_is_fill(tick, section),
            has_kick=self.has_kick(tick),
        )

    def _knob(self, name: str, section: Section | None) -> float:
        """The section's wish, shifted by the performer's knob (0.5 leaves it as it is)."""
        wish = getattr(section, name) if section else 0.5
        return min(1.0, max(0.0, wish + self.knobs[name] - 0.5))

    def _heard(self, notes: list[Note]) -> list[Note]:
        """The notes of sections that this bot plays in, cut where it falls silent.

        A note belongs to the section of its step, however early it is played.
        """
        kept = []
        for note in notes:
            step_tick = round(note.onset_ticks / STEP_TICKS) * STEP_TICKS
            if self._is_tacet(step_tick):
                continue
            section = self.section_at(step_tick)
            end_tick = note.onset_ticks + note.duration_ticks
            if section and end_tick > section.end_tick and self._is_tacet(section.end_tick):
                duration_ticks = section.end_tick - note.onset_ticks
                note = replace(note, duration=beats_from_ticks(duration_ticks))
            kept.append(note)
        return kept

    def _is_tacet(self, tick: int) -> bool:
        section = self.section_at(tick)
        return section is not None and section.is_tacet(self.id)


def _is_fill(tick: int, section: Section | None) -> bool:
    """Whether a step belongs to the last beats of its section, which lead over to the next."""
    return section is not None and section.end_tick - tick <= FILL_BEATS * 4 * STEP_TICKS
