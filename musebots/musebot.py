"""A musebot: an agent that plays. Subclass it, write `play`, and send notes ahead of time."""

from __future__ import annotations

import json
import zlib
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Self

from musebots.agent import NS_PER_SECOND, Agent
from musebots.band import Band
from musebots.clock import Clock
from musebots.continuity import Continuity
from musebots.errors import BotFailed, ConfigError
from musebots.form import Course, Section
from musebots.harmony import Harmony
from musebots.messages import (
    MAX_NOTES_PER_MESSAGE,
    NOT_STARTED,
    Bars,
    Broadcast,
    Cancel,
    Control,
    Ending,
    Form,
    HarmonyPlan,
    Heard,
    Message,
    Notes,
    OscValue,
    Ready,
    Roster,
    State,
    Tempo,
    Wanted,
    Welcome,
)
from musebots.network import Wire
from musebots.notes import Note
from musebots.timebase import ticks_from_beats

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Musebot", "bot_seed"]

KEPT_TICKS = 32 * 4 * 480
NEUTRAL_KNOBS = {"intensity": 0.5, "density": 0.5, "register": 0.5}


def bot_seed(seed: int, bot_id: str) -> tuple[int, int]:
    """The entropy of one bot's random generator: independent of launch order and hash seed."""
    return (seed & (2**63 - 1), zlib.crc32(bot_id.encode()))


def _is_async(function: object) -> bool:
    return iscoroutinefunction(function) or isasyncgenfunction(function)


class Musebot(Agent):
    """The base of all bots.

    Attributes
    ----------
    id : str
        Name in the ensemble.
    clock : Clock
        Musical time: ``async for beat in self.clock.beats(lead=0.5)``.
    harmony : Harmony
        Key and chords: ``self.harmony.at(beat)``.
    course : Course
        The sections announced so far.
    band : Band
        What the others play, where `hears` asks for it (``hears = ("notes",)``).
    rng : numpy.random.Generator
        The only source of chance that keeps renders reproducible.
    settings : dict
        The bot's own table from the piece.
    knobs : dict of str to float
        Live controls, 0..1, neutral at 0.5.
    wanted : frozenset of str
        Topics that somebody hears and that need not be sent otherwise: ``"activations"``.

    Examples
    --------
    See `musebots.hello`.
    """

    role = "other"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("prepare", "play"):
            if not _is_async(getattr(cls, name)):
                raise TypeError(f"{cls.__name__}.{name} must be written as `async def {name}`")
        if _is_async(cls.hear):
            raise TypeError(f"{cls.__name__}.hear must be a plain `def hear`: nobody awaits it")

    @classmethod
    def make(cls, bot_id: str) -> Self:
        """Make a bot; whatever its own code does wrong there is told as its fault.

        Raises
        ------
        BotFailed
            When its `__init__` raises, or does not call ``super().__init__()``.
        """
        try:
            bot = cls()
            if not isinstance(getattr(bot, "wire", None), Wire):
                raise TypeError(f"{cls.__name__}.__init__ must call super().__init__()")
        except (Exception, SystemExit) as error:
            raise BotFailed(bot_id, error) from error
        return bot

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.harmony = Harmony()
        self.course = Course()
        self.band = Band()
        self.settings: dict[str, Any] = {}
        self.knobs: dict[str, float] = dict(NEUTRAL_KNOBS)
        self.wanted: frozenset[str] = frozenset()
        self.seed = 0
        self.n_sent = 0
        self._rng: np.random.Generator | None = None
        self._number = 0
        self._anchor_ns = NOT_STARTED
        self._offset_ns: int | None = None
        self._continuity = Continuity(self)

    async def prepare(self) -> None:
        """Load what takes time, before the music starts; `settings` and `rng` are known."""

    async def play(self) -> None:
        """Play: the bot's own code. When it returns the bot falls silent and stays in the band."""

    def hear(self, message: Message) -> None:
        """Take in a message that the base does not know what to do with, broadcasts above all."""

    def state(self) -> object:
        """What the bot must remember, beside its `rng`, to go on from this bar line after a crash.

        Plain values, tuples, lists, dicts and arrays; see `musebots.snapshots.packed`.
        """
        return None

    def resume(self, state: object) -> None:
        """Take over what `state` returned before a crash; between `prepare` and `play`."""

    @property
    def has_chance(self) -> bool:
        """Whether the bot has asked for its random generator yet."""
        return self._rng is not None

    @property
    def rng(self) -> np.random.Generator:
        """This bot's random generator, seeded from the session's seed and the bot's id."""
        if self._rng is None:
            import numpy as np  # only here: a bot without chance does not pay for it

            self._rng = np.random.default_rng(np.random.SeedSequence(bot_seed(self.seed, self.id)))
        return self._rng

    def send(self, *notes: Note) -> None:
        """Send notes, best ahead of their onset; what comes too late is counted as late."""
        for note in notes:
            if not isinstance(note, Note):
                raise TypeError(f"send takes notes, Note(onset=..., pitch=...), got {note!r}")
        if self.clock.resume_tick is not None:  # catching up after a crash
            notes = tuple(n for n in notes if not self._continuity.is_past(n.onset_ticks))
        for start in range(0, len(notes), MAX_NOTES_PER_MESSAGE):
            batch = notes[start : start + MAX_NOTES_PER_MESSAGE]
            self.tell(Notes.of(self.id, self._number, batch))
            self._number += 1
            self.n_sent += len(batch)

    def cancel(self, beat: float) -> None:
        """Take back all notes sent that begin at `beat` or later and are not committed yet."""
        self.tell(Cancel(self.id, ticks_from_beats(beat)))

    def broadcast(self, topic: str, *values: OscValue) -> None:
        """Tell every bot something, in the classic way: ``/broadcast/<topic> <id> <values>``."""
        if self.clock.resume_tick is None:  # else it has been said before the crash
            self.tell(Broadcast(topic, self.id, values))

    def section_at(self, tick: int) -> Section | None:
        """The section that `tick` lies in, if it has been announced."""
        return self.course.at_tick(tick)

    def on_welcome(self, welcome: Welcome) -> None:
        """Take over what the Director says of this session."""
        try:
            settings = json.loads(welcome.settings_json)
        except json.JSONDecodeError as error:
            raise ValueError(f"the settings in the welcome are no JSON: {error}") from error
        if not isinstance(settings, dict):
            raise ValueError("the settings in the welcome are no JSON object")
        self.settings = settings
        self.seed = welcome.seed
        self.clock.end_tick = welcome.end_tick if welcome.end_tick > 0 else None

    async def perform(self) -> None:
        """Prepare, report ready, play."""
        await self.prepare()
        if self.is_supervised:
            self._continuity.go_on()
            if self.clock.resume_tick is not None:  # what is still to be reached must be known well
                await self._ask_clock()
            self.clock.on_bar = self._continuity.enter
        self.tell(Ready(self.id))
        await self.play()
        if self.is_supervised:
            self._continuity.finish()

    def on_heartbeat(self) -> None:
        """Tell the supervisor, if there is one, that waiting is not hanging."""
        if self.is_supervised:
            self._continuity.reassure()

    def on_clock(self, offset_ns: int) -> None:
        """Refine where tick 0 lies on our clock."""
        if offset_ns != self._offset_ns:
            self._offset_ns = offset_ns
            self._place_anchor()

    def on_message(self, message: Message) -> None:
        """Keep harmony, form, tempo and the band's notes up to date."""
        match message:
            case Tempo():
                self.clock.change_tempo(message.onto(self.clock.tempo_map))
                self._anchor_ns = message.anchor_ns
                self._place_anchor()
            case Bars():
                self.clock.meter_map = message.meter_map
            case HarmonyPlan():
                self.harmony = self.harmony.replaced(message.key, message.spans)
                self._forget()
            case Ending():
                self.clock.end_tick = message.tick
            case Form():
                self.course = self.course.joined(message.section)
            case Notes() | Heard():
                self.band.add(message.bot_id, message.notes)
            case Cancel():
                self.band.cancel(message.bot_id, message.from_tick)
            case State():
                self._continuity.take(message)
            case Roster():
                self.band.roles = dict(message.bots)
            case Wanted():
                self.wanted = frozenset(message.topics.split())
            case Control() if message.name in self.knobs:
                self.knobs[message.name] = min(1.0, max(0.0, message.value))
            case _:
                try:
                    self.hear(message)
                except Exception as error:
                    self.fail(error)

    def setting(self, name: str, default: float) -> float:
        """A number from the bot's settings.

        Raises
        ------
        ConfigError
            When the piece gives something else.
        """
        value = self.settings.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigError(f"setting {name} must be a number, got {value!r}")
        return float(value)

    def _place_anchor(self) -> None:
        if self._anchor_ns == NOT_STARTED:
            self.clock.hold()
        elif self._offset_ns is not None:
            self.clock.start((self._anchor_ns - self._offset_ns) / NS_PER_SECOND)

    def _forget(self) -> None:
        """Drop what lies far behind, so that a long session does not grow."""
        if not self.clock.is_started:
            return
        horizon = int(self.clock.tick_now) - KEPT_TICKS
        self.harmony = self.harmony.forgotten_before(horizon)
        self.band.forget_before(horizon)
