"""The tables of a piece, field by field: the format's reference. Pure.

Bars are counted from 1 here, as people do; a negative bar counts from the end, -1 being the last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from director.sounds import sounds_for
from ensembles.classic.folders import is_classic_folder
from ensembles.leading import read_leader
from ensembles.pieces_format.consistency import mistake, mistakes_of
from ensembles.pieces_format.fields import (
    Bars,
    Bpm,
    Channel,
    ChordsField,
    FadersField,
    Identifier,
    KeyField,
    Program,
    Progression,
    Seed,
    Several,
    Signed,
    Slowing,
    TimeSignatureField,
    Unit,
    ranged,
)
from musebots.errors import UnknownBot
from musebots.harmony import Key
from musebots.registry import STOCK_MODULES, check_reference
from musebots.timebase import TimeSignature

__all__ = [
    "TABLES",
    "BotTable",
    "MonitorTable",
    "OutputTable",
    "PieceTable",
    "SectionTable",
    "SteeringTable",
    "SyncTable",
    "TempoChangeTable",
    "TempoTable",
    "TimeSignatureChangeTable",
]


INVENTED_BARS = 64
INVENTED_SECTION_BARS = 8
FILES = ("checkpoint", "wav")  # settings that name a file
TARGETS = {
    "audio": "driver",
    "midiclock": "port",
    "midifile": "path",
    "midiport": "port",
    "wav": "path",
}
"""What an output of each kind is told: of sound, that need not be said."""


class _Table(BaseModel):
    """A TOML table whose every key is known."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True
    )


class TempoChangeTable(_Table):
    """At `bar` the tempo becomes `bpm`, at once or over `ramp_bars` bars."""

    bar: int
    bpm: Bpm
    ramp_bars: Annotated[int, ranged(0, 1000)] = 0


class TempoTable(_Table):
    """How fast: quarter notes a minute."""

    bpm: Bpm = 100.0
    changes: Several[TempoChangeTable] = ()
    ritardando: Slowing = None


class TimeSignatureChangeTable(_Table):
    """From `bar` on another time signature, until the next change."""

    bar: int
    time_signature: TimeSignatureField


class SectionTable(_Table):
    """A part of the form, as often as `form` names it."""

    name: Identifier
    chords: ChordsField = "invent"
    bars: Bars | None = None
    key: KeyField | None = None
    time_signature: TimeSignatureField | None = None
    intensity: Unit = 0.5
    density: Unit = 0.5
    register_: Unit = Field(default=0.5, alias="register")
    tacet: Several[str] = ()
    solo: str = ""
    fader: FadersField | None = None

    @property
    def progression(self) -> Progression:
        """Its chords, once they are known."""
        if isinstance(self.chords, str):
            raise ValueError(f"the chords of section {self.name!r} have not been thought of yet")
        return self.chords

    @property
    def n_bars(self) -> int:
        """`bars`, or else as many as its chords fill, or eight of invented ones."""
        if isinstance(self.chords, str):
            return self.bars or INVENTED_SECTION_BARS
        return self.bars or max(1, round(sum(bars for bars, _ in self.chords)))


class HostTable(_Table):
    """Another machine that bots play on."""

    name: Identifier
    ssh: str | None = None
    command: str = "musebots"


class BotTable(_Table):
    """Who plays, and through which strip of the mixer."""

    id: Identifier
    class_: str | None = Field(default=None, alias="class")
    folder: str | None = None
    role: Identifier | None = None
    channel: Channel | None = None
    program: Program | None = None
    gain_db: Annotated[float, ranged(-60.0, 12.0)] = 0.0
    pan: Signed = 0.0
    instrument: str | None = None
    reverb: Unit | None = None
    seed: Seed | None = None
    host: str | None = None
    settings: dict[str, JsonValue] = {}

    @model_validator(mode="before")
    @classmethod
    def _name_it(cls, table: object) -> object:
        """Without an id a bot goes by its role or, failing that, by its class."""
        if isinstance(table, dict) and "id" not in table:
            name = table.get("role") or table.get("class")
            if isinstance(name, str):
                return {"id": name.rpartition(":")[2], **table}
        return table

    @field_validator("settings")
    @classmethod
    def _beside_the_piece(
        cls, settings: dict[str, JsonValue], info: ValidationInfo
    ) -> dict[str, JsonValue]:
        """A file, like a folder, lies beside the piece unless its path is a whole one."""
        beside: Path = (info.context or {}).get("folder", Path())
        paths = {name: settings[name] for name in FILES if isinstance(settings.get(name), str)}
        return settings | {
            name: str((beside / str(path)).resolve()) for name, path in paths.items()
        }

    @field_validator("class_")
    @classmethod
    def _is_a_bot(cls, reference: str | None) -> str | None:
        if reference is not None:
            _check(reference)
        return reference

    @field_validator("folder")
    @classmethod
    def _is_a_folder(cls, folder: str | None, info: ValidationInfo) -> str | None:
        if folder is None:
            return None
        beside: Path = (info.context or {}).get("folder", Path())
        path = str((beside / folder).resolve())
        if path in STOCK_MODULES or not Path(path).is_dir():
            raise ValueError(f"there is no folder {path}")
        _check(path)
        return path

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if self.class_ is not None and self.folder is not None:
            raise mistake("give either class or folder, not both", "folder")
        if self.class_ is None and self.folder is None and self.role not in STOCK_MODULES:
            names = ", ".join(STOCK_MODULES)
            raise mistake(
                f"a bot needs a class ({names}, or package.module:Class), a folder, or one of "
                "these names as its role"
            )
        return self

    @model_validator(mode="after")
    def _sounds_like_what_it_may(self) -> Self:
        names = sounds_for(self.part, (self.channel or 1) - 1)
        if self.instrument is not None and self.instrument not in names:
            reason = f"must be one of {', '.join(names)}, got {self.instrument!r}"
            raise mistake(reason, "instrument")
        return self

    @property
    def reference(self) -> str:
        """What `musebots.registry.resolve` takes."""
        return self.class_ or self.folder or self.part

    @property
    def part(self) -> str:
        """The role: its own, or a stock class's name, or else melody."""
        if self.role is not None:
            return self.role
        parts = {"melody": "melody", "bass": "bass", "drums": "drums", "listener": "ears"}
        return parts.get(self.class_ or "", "melody")


def _check(reference: str) -> None:
    if is_classic_folder(reference):
        return
    try:
        check_reference(reference)
    except UnknownBot as error:
        raise ValueError(str(error)) from error


class OutputTable(_Table):
    """Where the music goes."""

    kind: Literal["audio", "midiclock", "midifile", "midiport", "wav"]
    path: str | None = None
    port: str | None = None
    driver: Literal["auto", "portaudio", "jack", "browser"] | None = None

    @model_validator(mode="after")
    def _has_its_target(self) -> Self:
        target = TARGETS[self.kind]
        if target != "driver" and not getattr(self, target):
            raise mistake(f"an output of kind {self.kind!r} needs a {target}")
        for key in ("path", "port", "driver"):
            if getattr(self, key) is not None and key != target:
                raise mistake(f"an output of kind {self.kind!r} takes no {key}", key)
        return self


def _beside_the_piece(path: str | None, info: ValidationInfo) -> str | None:
    """A file lies beside the piece unless its path is a whole one."""
    if path is None:
        return None
    beside: Path = (info.context or {}).get("folder", Path())
    return str((beside / path).resolve())


class MonitorTable(_Table):
    """Who listens for the unexpected."""

    background: str | None = None
    flags_per_hour: Annotated[float, ranged(0.01, 3600.0)] = 4.0

    _beside_the_piece = field_validator("background")(_beside_the_piece)


class SteeringTable(_Table):
    """Calmer or bolder: who moves the bots, towards what, and where their faders stand."""

    mode: Literal["off", "fader", "nudge", "insist", "encourage", "damp"] = "fader"
    target: Unit = 0.5
    tolerance: Annotated[float, ranged(0.01, 0.5)] = 0.1
    means: Literal["direction", "units"] = "direction"
    fader: FadersField = ()
    taste: str | None = None

    _beside_the_piece = field_validator("taste")(_beside_the_piece)


class SyncTable(_Table):
    """Who leads the tempo."""

    leader: str = "internal"

    @field_validator("leader")
    @classmethod
    def _is_known(cls, leader: str) -> str:
        read_leader(leader)
        return leader


class PieceTable(_Table):
    """The whole file."""

    title: str
    key: KeyField = Key()
    time_signature: TimeSignatureField = TimeSignature()
    time_signature_changes: Several[TimeSignatureChangeTable] = ()
    swing: Annotated[float, ranged(0.5, 0.75)] = 0.5
    swing_unit: Literal[8, 16] = 8
    bars: Bars | None = None
    count_in_bars: Annotated[int, ranged(0, 8)] = 1
    seed: Seed = 0
    tempo: TempoTable = TempoTable()
    form: Several[str] = ()
    harmony: Literal["written", "follow"] = "written"
    section: Several[SectionTable] = ()
    bot: Several[BotTable]
    host: Several[HostTable] = ()
    output: Several[OutputTable] = ()
    monitor: MonitorTable | None = None
    steering: SteeringTable | None = None
    sync: SyncTable = SyncTable()

    @model_validator(mode="before")
    @classmethod
    def _seat_the_trio(cls, table: object) -> object:
        """A piece that names no bot is played by the three stock bots."""
        if isinstance(table, dict) and "bot" not in table:
            return {**table, "bot": [{"role": role} for role in ("melody", "bass", "drums")]}
        return table

    @model_validator(mode="before")
    @classmethod
    def _leave_the_form(cls, table: object) -> object:
        """``form = "invent"`` says in words what having no section does."""
        if isinstance(table, dict) and table.get("form") == "invent" and not table.get("section"):
            return {key: value for key, value in table.items() if key != "form"}
        return table

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for found in mistakes_of(self):
            raise found
        return self

    @property
    def order(self) -> tuple[SectionTable, ...]:
        """The sections in the order of one pass through the form."""
        by_name = {section.name: section for section in self.section}
        return tuple(by_name[name] for name in self.form) if self.form else self.section

    @property
    def n_bars(self) -> int:
        """`bars`, or else one pass through the form, or 64 of an invented one."""
        if not self.section:
            return self.bars or INVENTED_BARS
        return self.bars or sum(section.n_bars for section in self.order)


TABLES: dict[tuple[str, ...], type[BaseModel]] = {
    (): PieceTable,
    ("tempo",): TempoTable,
    ("tempo", "changes"): TempoChangeTable,
    ("time_signature_changes",): TimeSignatureChangeTable,
    ("section",): SectionTable,
    ("bot",): BotTable,
    ("host",): HostTable,
    ("output",): OutputTable,
    ("monitor",): MonitorTable,
    ("steering",): SteeringTable,
    ("sync",): SyncTable,
}
"""The table that stands under each dotted key."""
