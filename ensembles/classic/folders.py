"""A classic musebot's folder: `config.txt`, `info.txt` and the script that starts it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from musebots.errors import ConfigError

__all__ = ["CONFIG", "INFO", "NOTHING", "Config", "Info", "config_text", "is_classic_folder",
           "read_config", "read_info", "read_output_channels", "start_command",
           "write_config"]  # fmt: skip

CONFIG, INFO = "config.txt", "info.txt"
SCRIPTS = ("run.sh", "run.command")
DEFAULT_OUTPUT_CHANNELS = 2
NOTHING = "nothing"  # what bots send, or hear, that say nothing, or hear nothing
_OWN_BOT = "bot.py"


@dataclass(frozen=True, slots=True)
class Config:
    """What a conductor wrote into `config.txt`."""

    id: str
    host: str
    conductor_port: int
    port: int

    @property
    def is_local(self) -> bool:
        """Whether the conductor is on this machine."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


@dataclass(frozen=True, slots=True)
class Info:
    """What `info.txt` says of a bot; `sends` and `receives` are topic and comment."""

    sections: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    sends: dict[str, str] = field(default_factory=dict)
    receives: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """One line for people: instrumentation, or what it does."""
        for name in ("instrumentation", "behaviour", "name"):
            first, *_ = [*self.sections.get(name, "").splitlines(), ""]
            if first.strip():
                return first.strip()
        return ""

    def __str__(self) -> str:
        talk = [
            f"{verb} {', '.join(topics)}"
            for verb, topics in (("sends", self.sends), ("hears", self.receives))
            if topics
        ]
        return "; ".join([part for part in (self.title, *talk) if part])


def is_classic_folder(path: Path | str) -> bool:
    """Whether a classic musebot lives there: it has a script and is none of ours."""
    folder = Path(path)
    return any((folder / name).is_file() for name in SCRIPTS) and not (folder / _OWN_BOT).is_file()


def start_command(folder: Path) -> list[str]:
    """The command that starts it; by `bash`, for its mode bits are often lost.

    Raises
    ------
    ConfigError
        When the folder holds no script.
    """
    for name in SCRIPTS:
        if (folder / name).is_file():
            return ["bash", str((folder / name).resolve())]
    raise ConfigError(f"{folder} holds neither {' nor '.join(SCRIPTS)}: it is no classic musebot")


def config_text(
    bot_id: str, *, host: str, conductor_port: int, port: int, output_channels: int
) -> str:
    r"""`config.txt` as the original conductor writes it: this order, one blank, LF.

    Examples
    --------
    >>> print(config_text("bass", host="127.0.0.1", conductor_port=4747, port=7475,
    ...                   output_channels=2), end="")
    id bass
    mc_hostname 127.0.0.1
    mc_listen_port 4747
    my_listen_port 7475
    output_channels 2
    """
    return (
        f"id {bot_id}\nmc_hostname {host}\nmc_listen_port {conductor_port}\n"
        f"my_listen_port {port}\noutput_channels {output_channels}\n"
    )


def write_config(folder: Path, text: str) -> None:
    """Write `config.txt`, as bytes: no other line ends on any system.

    Raises
    ------
    ConfigError
        When it cannot be written.
    """
    try:
        (folder / CONFIG).write_bytes(text.encode())
    except OSError as error:
        raise ConfigError(f"{folder / CONFIG} cannot be written: {error.strerror}") from error


def read_config(folder: Path) -> Config:
    """Read `config.txt`, however it was written; what is missing is as in the original kit.

    Raises
    ------
    ConfigError
        When it is not there, or a port is no number.
    """
    text = _text(folder / CONFIG)
    if not text.strip():
        raise ConfigError(f"there is no {CONFIG} in {folder.resolve()}: a conductor writes it")
    pairs = dict(line.split()[:2] for line in text.splitlines() if len(line.split()) >= 2)
    host = pairs.get("mc_hostname", "127.0.0.1")
    ports = []
    for key, default in (("mc_listen_port", "4747"), ("my_listen_port", "7475")):
        value = pairs.get(key, default)
        if not value.isdigit() or not 0 < int(value) < 65536:
            raise ConfigError(f"{folder / CONFIG}: {key} must be a port, got {value!r}")
        ports.append(int(value))
    name = pairs.get("id", folder.resolve().name)
    return Config(name, "127.0.0.1" if host == "localhost" else host, *ports)


def read_output_channels(folder: Path) -> int:
    """How many audio channels the bot was set to; lines that mean nothing are passed over."""
    for line in _text(folder / CONFIG).splitlines():
        match line.split():
            case ["output_channels", str(number), *_] if number.isdigit() and int(number) > 0:
                return int(number)
    return DEFAULT_OUTPUT_CHANNELS


def read_info(folder: Path) -> Info:
    """Read `info.txt` as far as it can be understood; whatever else stands there is passed over."""
    sections: dict[str, list[str]] = {}
    current = ""
    for line in _text(folder / INFO).splitlines():
        heading = re.match(r"\s*##+\s*(\w[\w ]*?)\s*:?[\s#]*$", line)
        if heading:
            current = heading.group(1).lower()
            sections.setdefault(current, [])
        elif current:
            sections[current].append(line)
    lines = [line.strip() for rows in sections.values() for line in rows]
    topics: dict[str, dict[str, str]] = {"type": {}, "sends": {}, "receives": {}}
    kind = ""
    for line in lines:
        word = line.rstrip(":").lower()
        if word in topics:
            kind = word
        elif kind and line.startswith("@"):
            topic, _, comment = line[1:].partition(" ")
            if (name := topic.rstrip(",;-")) != NOTHING:
                topics[kind][name] = comment.strip(" -")
    text = {name: "\n".join(rows).strip() for name, rows in sections.items()}
    return Info(text, tuple(topics["type"]), topics["sends"], topics["receives"])


def _text(path: Path) -> str:
    """A file's text, whoever wrote it and in whatever encoding; empty when there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return ""
