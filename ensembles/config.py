"""Pieces: find one, read it, and lay it out as a score."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import JsonValue, ValidationError

from director.score import Score, Strip, lay_out
from ensembles.hosts import HostSpec
from ensembles.pieces_format.fields import MAX_BARS, MAX_SEED
from ensembles.pieces_format.invented import realised
from ensembles.pieces_format.mistakes import explain
from ensembles.pieces_format.model import PieceTable
from ensembles.pieces_format.solo import is_bot, solo
from ensembles.pieces_format.unroll import (
    assign_channels,
    meter_map,
    policy_of,
    ritardando,
    section_templates,
    strip,
    tempo_map,
)
from musebots.errors import ConfigError
from musebots.timebase import PPQ

__all__ = ["BotSpec", "OutputSpec", "Piece", "list_pieces", "load_piece", "parse_piece"]


@dataclass(frozen=True, slots=True)
class BotSpec:
    """One bot of a piece.

    Parameters
    ----------
    id : str
        Unique in the piece.
    bot : str
        Reference for `musebots.registry.resolve`.
    strip : Strip
        Its role, MIDI channel, program, gain and pan.
    seed : int or None
        None: the piece's seed and the id decide.
    settings : dict
        The bot's own, as the piece writes them.
    host : HostSpec or None
        The machine that it plays on, if that is another one.
    """

    id: str
    bot: str
    strip: Strip
    seed: int | None = None
    settings: dict[str, JsonValue] = field(default_factory=dict)
    host: HostSpec | None = None

    @property
    def role(self) -> str:
        """What it plays: melody, bass, drums, or its own word."""
        return self.strip.role


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of a piece: `path` for files, `port` for MIDI ports, `driver` for audio."""

    kind: Literal["audio", "midiclock", "midifile", "midiport", "wav"]
    path: Path | None = None
    port: str | None = None
    driver: Literal["auto", "portaudio", "jack", "browser"] | None = None


@dataclass(frozen=True)
class Piece:
    """A piece as its file says, checked.

    Parameters
    ----------
    name : str
        The file's name without ``.toml``.
    source : str
        Where it was read from, for people.
    table : PieceTable
        Its tables.
    """

    name: str
    source: str
    table: PieceTable

    @property
    def title(self) -> str:
        """For people, and the MIDI file."""
        return self.table.title

    @property
    def bpm(self) -> float:
        """The tempo it begins with."""
        return self.table.tempo.bpm

    @property
    def seed(self) -> int:
        """The seed unless a performance names another."""
        return self.table.seed

    @property
    def n_bars(self) -> int:
        """How long it is unless a performance says otherwise."""
        return self.table.n_bars

    @cached_property
    def bots(self) -> tuple[BotSpec, ...]:
        """Who plays, in the order of the file."""
        channels = assign_channels(self.table.bot)
        hosts = {host.name: HostSpec(host.name, host.ssh, host.command) for host in self.table.host}
        return tuple(
            BotSpec(
                bot.id,
                bot.reference,
                strip(bot, channel),
                bot.seed,
                bot.settings,
                hosts.get(bot.host or ""),
            )
            for bot, channel in zip(self.table.bot, channels, strict=True)
        )

    @cached_property
    def outputs(self) -> tuple[OutputSpec, ...]:
        """Where the music goes unless the command line says otherwise; relative paths as given."""
        return tuple(
            OutputSpec(out.kind, Path(out.path) if out.path else None, out.port, out.driver)
            for out in self.table.output
        )

    def score(
        self, *, bars: int | None = None, bpm: float | None = None, seed: int | None = None
    ) -> Score:
        """Lay the piece out on the time line.

        Parameters
        ----------
        bars : int, optional
            Length of this performance; the form starts over, or is cut, to fill it.
        bpm : float, optional
            Opening tempo (quarter notes a minute); later tempi keep their ratio to it.
        seed : int, optional
            Instead of the piece's own.

        Raises
        ------
        ConfigError
            If an argument is out of range.
        """
        n_bars = self.n_bars if bars is None else bars
        if not 1 <= n_bars <= MAX_BARS:
            raise ConfigError(f"bars must be in 1..{MAX_BARS}, got {n_bars}")
        chosen_seed = self.seed if seed is None else seed
        if not 0 <= chosen_seed <= MAX_SEED:
            raise ConfigError(f"seed must be in 0..{MAX_SEED}, got {chosen_seed}")
        table = realised(self.table, seed=chosen_seed, n_bars=n_bars)
        meters = meter_map(table, n_bars)
        try:
            tempi = tempo_map(table, meters, n_bars=n_bars, bpm=bpm)
        except ValueError as error:
            raise ConfigError(f"{self.source}: {error}") from error
        templates = section_templates(table, meters, n_bars)
        return Score(
            title=self.title,
            tempo_map=tempi,
            meter_map=meters,
            passages=lay_out(templates, n_bars=n_bars, meter_map=meters),
            n_bars=n_bars,
            strips=tuple(bot.strip for bot in self.bots),
            swing=self.table.swing,
            swing_unit_ticks=4 * PPQ // self.table.swing_unit,
            count_in_bars=self.table.count_in_bars,
            seed=chosen_seed,
            ritardando=ritardando(table, meters, n_bars),
            follows_harmony=table.harmony == "follow",
            policy=policy_of(table),
        )


def parse_piece(text: str, *, source: str = "piece", folder: Path | None = None) -> Piece:
    """Read a piece from TOML text.

    Parameters
    ----------
    text : str
    source : str
        Name of the text in messages.
    folder : Path, optional
        What a bot's ``folder`` is relative to; the current directory unless given.

    Raises
    ------
    ConfigError
        For any mistake, naming source, line or key, what is wrong and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source}: not valid TOML: {error}") from error
    try:
        table = PieceTable.model_validate(raw, context={"folder": folder or Path()})
    except ValidationError as error:
        raise ConfigError(explain(error, source=source, text=text)) from error
    return Piece(Path(source).stem, source, table)


def load_piece(name_or_path: str | Path) -> Piece:
    """Read a shipped piece by name, or any piece by the path of its TOML file.

    A folder stands for the ``piece.toml`` in it. A bot's reference (``hello``, ``my_bot.py``,
    ``my_module:MyBot``, a folder with only a ``bot.py``) stands for a piece that it plays alone.

    Raises
    ------
    ConfigError
        If there is no such piece, or it has a mistake.
    """
    path = Path(name_or_path)
    shipped = list_pieces()
    if path.name in shipped and len(path.parts) == 1:
        return _load(shipped[path.name], source=f"{path.name}.toml")
    if (path / "piece.toml").is_file():  # what `musebots new` makes
        piece = _load(path / "piece.toml", source=str(path / "piece.toml"))
        return replace(piece, name=path.resolve().name)
    if is_bot(str(name_or_path)):
        piece = parse_piece(solo(str(name_or_path)), source=str(name_or_path))
        return replace(piece, name=piece.bots[0].id)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return _load(path, source=str(path))
    near = get_close_matches(path.name, shipped, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(
        f"unknown piece {str(name_or_path)!r}; {hint}there is {', '.join(shipped)}; "
        "or give the path of a .toml file, or a bot"
    )


def list_pieces() -> dict[str, Path]:
    """The shipped pieces: name and file, by name."""
    folder = Path(str(resources.files("ensembles") / "pieces"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _load(path: Path, *, source: str) -> Piece:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: not UTF-8 text: {error.reason}") from error
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error
    return parse_piece(text, source=source, folder=path.parent)
