"""The page as a member of the band: it plays nothing, and keeps what it hears on the stage."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict

from pydantic import JsonValue

from director.sounds import sounds_for
from ensembles.web.frames import frame_of
from ensembles.web.state import Stage
from musebots import messages as m
from musebots.harmony import ChordSpan
from musebots.messages import Message, Welcome
from musebots.musebot import Musebot
from musebots.timebase import MeterMap, TempoMap

__all__ = ["PAGE_ID", "PageMember"]

PAGE_ID = "page"
KEPT_STEERED = 500  # bars of a bot


class PageMember(Musebot):
    """See the module's text.

    Attributes
    ----------
    stage : Stage
        Given by whoever runs the member, before it runs.
    on_frame : callable
        Hears activations, ready for browsers (`ensembles.web.frames`).
    """

    role = "listener"
    hears = (
        "notes", "activations", "scores", "flags", "desk", "levels", "controls", "ratings",
        "steering",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.on_frame: Callable[[bytes], None] = lambda frame: None
        self.on_rating: Callable[[m.Rating], None] = lambda rating: None
        self._flags: set[tuple[str, int, int]] = set()
        self._networks: dict[str, str] = {}
        self._steered: dict[str, deque[m.Steered]] = {}
        self._loop = asyncio.get_running_loop()

    def on_welcome(self, welcome: Welcome) -> None:
        """Put down what does not change."""
        super().on_welcome(welcome)
        self.stage.put("session", {
            **self.settings, "seed": welcome.seed,
            "start_tick": welcome.start_tick, "end_tick": welcome.end_tick,
        })  # fmt: skip

    def on_clock(self, offset_ns: int) -> None:
        """The Director's clock is known better: so is when the music begins."""
        super().on_clock(offset_ns)
        self._put_clock()

    def on_message(self, message: Message) -> None:
        """Keep what the base keeps, and put it on the stage."""
        super().on_message(message)
        match message:
            case m.Tempo():
                self._put_clock()
            case m.Bars():
                self.stage.put("bars", _bars(self.clock.meter_map))
            case m.HarmonyPlan():
                self.stage.put("key", str(message.key))
                self.stage.put("chords", [_chord(span) for span in self.harmony.spans])
            case m.Ending():
                facts = self.stage.fact("session")
                if isinstance(facts, dict):
                    n_bars = self.clock.meter_map.bar_at(message.tick)
                    self.stage.put("session", {**facts, "end_tick": message.tick, "n_bars": n_bars})
            case m.Form():
                self.stage.put("sections", [asdict(section) for section in self.course.sections])
            case m.Notes():
                rows: list[JsonValue] = [list(row) for row in message.rows]
                self.stage.add("notes", {"bot": message.bot_id, "notes": rows})
            case m.Cancel():
                item: JsonValue = {"bot": message.bot_id, "cancel": message.from_tick}
                self.stage.add("notes", item)
            case m.Control():
                self.stage.put(f"knob/{message.bot_id}/{message.name}", message.value)

    def hear(self, message: Message) -> None:
        """Put down what is said of the desk, the members and the monitor's findings."""
        match message:
            case m.Strip():
                self.stage.put(f"strip/{message.bot_id}", {
                    **_plain(message), "instruments": _instruments(message),
                })  # fmt: skip
            case m.Levels():
                self.stage.put("levels", dict(message.rows))
            case m.Member() if message.bot_id != self.id:
                self._put_member(message)
            case m.Notice():
                self.stage.add("events", {
                    "kind": message.level, "words": message.words, "tick": self._tick(),
                })  # fmt: skip
            case m.Horizon():
                self.stage.put("horizon", message.seconds)
            case m.Activations():
                self._networks[message.bot_id] = message.network
                self.on_frame(frame_of(message))
            case m.Fader():
                self.stage.put(f"fader/{message.bot_id}", message.value)
            case m.Policy():
                self.stage.put("policy", _plain(message))
            case m.Steered():
                self._add_steered(message)
            case m.Assessed():
                self.stage.put(f"assessed/{message.bot_id}", _plain(message))
                row: JsonValue = [
                    message.bot_id, message.end_tick, message.score, message.level, message.weight
                ]  # fmt: skip
                self.stage.add("assessed", row)
            case m.Action():
                act: JsonValue = {"kind": "steer", "bot": message.who, "tick": message.tick,
                                  "words": f"{message.what}: {message.why}"}  # fmt: skip
                self.stage.add("steering", act)
                self.stage.add("events", act)
            case m.Score():
                self.stage.add("scores", [
                    message.bot_id, message.tick, round(message.score, 3),
                    round(message.threshold, 3), message.p_value,
                ])  # fmt: skip
            case m.Flag():
                self._add_flag(message)
            case m.Monitoring():
                self.stage.put(f"monitoring/{message.bot_id}", _plain(message))
            case m.Rating():
                self.on_rating(message)

    def network_of(self, bot_id: str) -> str:
        """Identity of a bot's network, as its activations tell it; of the band, those of all."""
        if bot_id:
            return self._networks.get(bot_id, "")
        return " ".join(f"{bot}:{network}" for bot, network in sorted(self._networks.items()))

    def fader_at(self, bot_id: str, first_tick: int, end_tick: int) -> float:
        """How far a bot (empty: the band, on average) leaned within a passage, -1..1."""
        chosen = [bot_id] if bot_id else list(self._steered)
        values = [
            steered.value
            for bot in chosen
            for steered in self._steered.get(bot, ())
            if steered.first_tick < end_tick and steered.end_tick > first_tick
        ]
        return sum(values) / len(values) if values else 0.0

    def _add_steered(self, steered: m.Steered) -> None:
        kept = self._steered.setdefault(steered.bot_id, deque(maxlen=KEPT_STEERED))
        kept.append(steered)
        self.stage.put(f"steered/{steered.bot_id}", _plain(steered))

    def _put_member(self, message: m.Member) -> None:
        key = f"member/{message.bot_id}"
        before = self.stage.fact(key)
        was = before.get("state") if isinstance(before, Mapping) else None
        self.stage.put(key, _plain(message))
        if was != message.state and message.state != "expected":
            self.stage.add("events", {
                "kind": "member", "bot": message.bot_id, "words": message.state,
                "tick": self._tick(),
            })  # fmt: skip

    def _add_flag(self, flag: m.Flag) -> None:
        """A flag comes once as it is raised, and again to who joins late."""
        key = (flag.bot_id, flag.first_tick, flag.end_tick)
        if key in self._flags:
            return
        self._flags.add(key)
        self.stage.add("flags", {**_plain(flag), "details": flag.found})
        self.stage.add("events", {
            "kind": "flag", "bot": flag.bot_id or "the band", "tick": flag.first_tick,
            "words": flag.headline.removeprefix(f"{flag.who} "),
        })  # fmt: skip

    def _put_clock(self) -> None:
        """When tick 0 falls on this process's clock, the tempo from there on; where it is held."""
        anchor = self.clock.anchor_seconds if self.clock.is_started else None
        tempo = self.clock.tempo_map
        held = self.clock.tick_now if self.clock.is_held else None
        value: JsonValue = {"anchor": anchor, "tempo": _points(tempo), "held": held}
        before = self.stage.fact("clock")
        if isinstance(before, Mapping) and anchor is not None:
            known = before.get("anchor")
            is_same = isinstance(known, float) and abs(known - anchor) < 1e-3
            if is_same and (before.get("tempo"), before.get("held")) == (_points(tempo), held):
                return
        self.stage.put("clock", value)

    def _tick(self) -> int:
        return int(self.clock.tick_now) if self.clock.is_started else 0


def _plain(message: Message) -> dict[str, JsonValue]:
    return asdict(message)  # type: ignore[call-overload,no-any-return]


def _instruments(strip: m.Strip) -> list[JsonValue]:
    """What a strip may sound like."""
    return list(sounds_for(strip.role, strip.channel - 1)) if strip.bot_id else []


def _points(tempo: TempoMap) -> list[JsonValue]:
    """Rows of tick, seconds from tick 0, bpm, and whether a ramp leads to the next."""
    return [[p.tick, tempo.seconds_at(p.tick), p.bpm, p.is_ramp] for p in tempo.points]


def _bars(meters: MeterMap) -> list[JsonValue]:
    """Rows of bar, its tick, numerator, denominator: where the time signature changes."""
    return [[bar, meters.bar_tick(bar), s.numerator, s.denominator] for bar, s in meters.changes]


def _chord(span: ChordSpan) -> JsonValue:
    return [span.tick, span.duration_ticks, str(span.chord)]
