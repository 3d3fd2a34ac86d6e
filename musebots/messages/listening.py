"""Our dialect: what the creativity monitor hears and says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musebots.messages.base import Message, OscValue

if TYPE_CHECKING:
    from musebots.arrays import FloatArray

__all__ = ["MAX_UNITS", "Activations", "Flag", "Monitoring", "Wanted", "steps_per_message"]

MAX_UNITS = 1900
_ROOM_BYTES = 7900  # of a datagram of 8192: the rest is address, types, names and lengths
_WIRE_FLOAT = ">f4"


def steps_per_message(n_units: int) -> int:
    """How many steps of so many units fit one datagram, at least 1.

    Raises
    ------
    ValueError
        When not even one does.
    """
    if not 1 <= n_units <= MAX_UNITS:
        raise ValueError(f"a message carries steps of 1..{MAX_UNITS} units, got {n_units}")
    return _ROOM_BYTES // (4 * (n_units + 1))


@dataclass(frozen=True, slots=True)
class Wanted(Message):
    """`/musebots/wanted`: topics that somebody in the band hears and that nobody need send else."""

    address = "/musebots/wanted"
    tags = "s"
    sent = "Director to bots"
    sense = "topics that somebody hears and that are not sent otherwise: activations, or nothing"

    topics: str = ""


@dataclass(frozen=True, slots=True)
class Activations(Message):
    """`/musebots/activations`: hidden activations of consecutive steps, in one datagram.

    `values` are float32 in the byte order of OSC (big-endian), step by step; `surprise` is left out
    or one float32 a step, -ln p of what was played there under the bot's own network, in nats.
    `network` is the identity of the network, such as the sha256 of its checkpoint: a background
    fits one network alone.
    """

    address = "/musebots/activations"
    tags = "sissiiibb"
    sent = "bot to Director to the bots that hear it"
    sense = (
        "bot id, number of this message, layer, network (sha256), first tick, ticks a step, units, "
        "activations (float32, big-endian, step by step), "
        "surprise (float32 a step, nats; or left out)"
    )

    bot_id: str
    number: int
    layer: str
    network: str
    first_tick: int
    step_ticks: int
    n_units: int
    values: bytes
    surprise: bytes = b""

    @classmethod
    def of(
        cls,
        bot_id: str,
        number: int,
        rows: FloatArray,
        *,
        first_tick: int,
        step_ticks: int,
        layer: str = "hidden",
        network: str = "",
        surprise: Sequence[float] = (),
    ) -> Activations:
        """The message for rows of shape (n_steps, n_units)."""
        import numpy as np

        return cls(
            bot_id, number, layer, network, first_tick, step_ticks, rows.shape[1],
            rows.astype(_WIRE_FLOAT).tobytes(),
            np.asarray(surprise, dtype=_WIRE_FLOAT).tobytes(),
        )  # fmt: skip

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        """An unknown surprise is left out: OSC libraries dislike empty blobs."""
        for tag, value in Message.arguments(self):  # super() knows no class with slots
            if value != b"":
                yield tag, value

    @property
    def rows(self) -> FloatArray:
        """The activations, (n_steps, n_units); `ValueError` when they make no whole steps."""
        import numpy as np

        if self.n_units < 1 or not self.values or len(self.values) % (4 * self.n_units):
            raise ValueError(
                f"{self.bot_id}: {len(self.values)} bytes are no whole steps of {self.n_units} "
                "float32 activations"
            )
        flat = np.frombuffer(self.values, dtype=_WIRE_FLOAT).astype(np.float32)
        return flat.reshape(-1, self.n_units)

    @property
    def surprises(self) -> FloatArray:
        """Nats a step, (n_steps,); NaN where they were not sent."""
        import numpy as np

        n_steps = len(self.values) // (4 * max(1, self.n_units))
        if len(self.surprise) != 4 * n_steps:
            return np.full(n_steps, np.nan, dtype=np.float32)
        return np.frombuffer(self.surprise, dtype=_WIRE_FLOAT).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Flag(Message):
    """`/musebots/flag`: a passage deviates from normal playing, and what is known of it.

    `bot_id` is empty when the band as a whole is meant. `details` is a JSON object with ``steps``
    (ticks), ``units`` (per bot, a list of unit numbers) and ``notes`` (per bot, a list of
    [tick, pitch, length, velocity]).
    """

    address = "/musebots/flag"
    tags = "siiiifffffffs"
    sent = "monitor to Director to the bots that hear it"
    sense = (
        "bot id (empty: the band), first and last bar, first and end tick, p-value, false flags an "
        "hour promised, score, its threshold, effect (sd), surprise there and usually (nats a "
        "step; -1: unknown), details (JSON)"
    )

    bot_id: str
    first_bar: int
    last_bar: int
    first_tick: int
    end_tick: int
    p_value: float
    flags_per_hour: float
    score: float
    threshold: float
    effect: float
    surprise: float
    usual_surprise: float
    details: str = "{}"

    @property
    def who(self) -> str:
        """Whose playing is meant, for people."""
        return self.bot_id or "the band"

    @property
    def bars(self) -> str:
        """The bars, counted from 1 as people do: ``bar 5`` or ``bars 5-6``."""
        first, last = self.first_bar + 1, self.last_bar + 1
        return f"bar {first}" if first == last else f"bars {first}-{last}"

    @property
    def headline(self) -> str:
        """One line for people and for the MIDI file."""
        return f"{self.who} {self.bars}: unusual, p {self.p_value:.2g}"

    @property
    def found(self) -> dict[str, Any]:
        """The details; `ValueError` when they are no JSON object."""
        found = json.loads(self.details)
        if not isinstance(found, dict):
            raise ValueError("the details of a flag are a JSON object")
        return found


@dataclass(frozen=True, slots=True)
class Monitoring(Message):
    """`/musebots/monitoring`: how much of a bot has been listened to, and why not the rest."""

    address = "/musebots/monitoring"
    tags = "siis"
    sent = "monitor to Director to the bots that hear flags"
    sense = "bot id (empty: the band), steps scanned, steps not scanned, why not (JSON: counts)"

    bot_id: str
    n_scanned: int
    n_skipped: int
    reasons: str = "{}"

    @property
    def who(self) -> str:
        """Whose playing is meant, for people."""
        return self.bot_id or "the band"

    @property
    def why(self) -> str:
        """The reasons, for people; `ValueError` when they are no JSON object."""
        reasons = json.loads(self.reasons)
        if not isinstance(reasons, dict):
            raise ValueError("the reasons are a JSON object")
        return ", ".join(f"{reason}: {n}" if n else reason for reason, n in reasons.items())
