"""What every message is: an OSC address, typed fields, and the way from one to the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self, TypeAlias

__all__ = ["Message", "OscValue", "Unknown", "tag_of"]

OscValue: TypeAlias = int | float | str | bytes | bool | None


class Message:
    """The base of all messages: OSC address, types of the fields, and both directions between.

    A subclass is a frozen dataclass whose fields follow `tags` in order. With a `group`, the last
    field is a tuple of tuples of that many values each, flattened on the wire.
    """

    __slots__ = ()
    address: ClassVar[str]
    tags: ClassVar[str] = ""
    group: ClassVar[str] = ""
    sent: ClassVar[str] = ""  # who sends it to whom, for the protocol table
    sense: ClassVar[str] = ""  # what it says, for the protocol table

    @property
    def osc_address(self) -> str:
        """The OSC address that this message goes out under."""
        return self.address

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        """The OSC arguments as (type tag, value)."""
        values = [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
        if self.group:
            yield from zip(self.tags, values[:-1], strict=True)
            for row in values[-1]:
                yield from zip(self.group, row, strict=True)
        else:
            yield from zip(self.tags, values, strict=True)

    @classmethod
    def from_arguments(cls, values: Sequence[OscValue]) -> Self:
        """Build the message from decoded OSC values; `ValueError` where they do not fit."""
        names = fields(cls)  # type: ignore[arg-type]
        n_fixed = len(cls.tags)
        fixed = [coerced(v, t, cls) for v, t in zip(values, cls.tags, strict=False)]
        n_needed = sum(f.default is MISSING for f in names[:n_fixed])
        if len(fixed) < n_needed:
            raise ValueError(f"{cls.address} needs {n_needed} values, got {len(fixed)}")
        return cls(*fixed, *([_rows(values[n_fixed:], cls)] if cls.group else []))


def _rows(values: Sequence[OscValue], cls: type[Message]) -> tuple[tuple[Any, ...], ...]:
    width = len(cls.group)
    if len(values) % width:
        raise ValueError(f"{cls.address} repeats groups of {width} values, got {len(values)}")
    return tuple(
        tuple(coerced(v, t, cls) for v, t in zip(values[i : i + width], cls.group, strict=True))
        for i in range(0, len(values), width)
    )


def coerced(value: OscValue, tag: str, cls: type[Message]) -> Any:
    """A value as the type that `tag` stands for: ints for floats and back are accepted."""
    if tag in "ih" and isinstance(value, (int, float)) and math.isfinite(value):
        number, bits = round(value), 32 if tag == "i" else 64
        if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            return number
    elif tag in "fd" and isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    elif tag == "s" and isinstance(value, (str, int, float)):
        return str(value)
    elif tag == "b" and isinstance(value, bytes):
        return value
    raise ValueError(f"{cls.address}: {value!r} is not of OSC type {tag!r}")


def tag_of(value: OscValue) -> str:
    """The type tag that old bots can read for a value; never T, F, N, h or d."""
    if isinstance(value, (bool, int)):
        return "i"
    if isinstance(value, float):
        return "f"
    if isinstance(value, str):
        return "s"
    if isinstance(value, bytes):
        return "b"
    raise ValueError(f"a broadcast carries int, float, str or bytes, got {value!r}")


@dataclass(frozen=True, slots=True)
class Unknown(Message):
    """A well-formed message that is not ours: other dialects' words, accepted and ignored."""

    address = ""

    osc_address_heard: str
    values: tuple[OscValue, ...] = ()

    @property
    def osc_address(self) -> str:
        """The address as it came."""
        return self.osc_address_heard

    def arguments(self) -> Iterator[tuple[str, OscValue]]:
        for value in self.values:
            yield tag_of(value), value
