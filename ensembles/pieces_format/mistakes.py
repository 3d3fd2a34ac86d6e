"""One clear sentence for a mistake in a piece: file, line, key, what is wrong, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ensembles.pieces_format.model import TABLES

__all__ = ["dotted", "explain", "line_of"]

Place = Sequence[str | int]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\s\"']+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z0-9_.\-\"']+)\s*=")


def explain(error: ValidationError, *, source: str, text: str) -> str:
    """Tell the first mistake by line, and how many more there are.

    Parameters
    ----------
    error : ValidationError
    source : str
        The file's name, for people.
    text : str
        The file's content; mistakes are looked up in it.
    """
    told = []
    for detail in error.errors():
        place = _place(detail)
        line = line_of(text, place)
        where = f"{source}:{line}" if line else source
        is_consequence = detail["type"] == "missing"  # often of a misspelt key
        sentence = f"{where}: {dotted(place)}{_reason(detail, place)}"
        told.append((is_consequence, line or 0, sentence))
    told.sort(key=lambda item: item[:2])
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return told[0][2] + more


def dotted(place: Place) -> str:
    """A place as ``section[2].chords: ``, arrays counted from 1; empty for the whole file."""
    shown = ""
    for part in place:
        if isinstance(part, int):
            shown += f"[{part + 1}]"
        else:
            shown += f".{part}" if shown else part
    return f"{shown}: " if shown else ""


def _place(detail: ErrorDetails) -> tuple[str | int, ...]:
    """Where it is, without pydantic's own steps into unions."""
    at = detail.get("ctx", {}).get("at", ())
    place: list[str | int] = []
    for part in (*detail["loc"], *at):
        if isinstance(part, str) and place and place[-1] == "program":
            continue
        place.append(part)
    return tuple(place)


def _reason(detail: ErrorDetails, place: Place) -> str:
    context, value = detail.get("ctx", {}), detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(place)
        case "missing":
            return "is missing"
        case "value_error":
            return str(context["error"])
        case "piece":
            return str(context["reason"])
        case "literal_error":
            return f"must be {context['expected']}, got {value!r}"
        case kind:
            wanted = next((word for name, word in _WANTED.items() if kind.startswith(name)), None)
            return f"must be {wanted}, got {value!r}" if wanted else detail["msg"]


_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "tuple": "a list",
    "dict": "a table",
    "model": "a table",
    "bool": "true or false",
}


def _unknown_key(place: Place) -> str:
    names = tuple(part for part in place[:-1] if isinstance(part, str))
    table = TABLES.get(names)
    known = [field.alias or name for name, field in table.model_fields.items()] if table else []
    matches = get_close_matches(str(place[-1]), known, n=1)
    hint = f"did you mean {matches[0]!r}? " if matches else ""
    return f"unknown key; {hint}allowed here: {', '.join(known)}"


def line_of(text: str, place: Place) -> int | None:
    """The line (from 1) that says `place`, or that opens the table it is missing from.

    Reads the text as people write it: headers and assignments, one a line. An inline table or
    array answers with the line that it begins on. None if nothing of `place` is found.
    """
    seen = _lines_by_place(text)
    for length in range(len(place), 0, -1):
        line = seen.get(tuple(place[:length]))
        if line is not None:
            return line
    return None


def _lines_by_place(text: str) -> dict[tuple[str | int, ...], int]:
    seen: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str | int, ...] = ()
    inside: str | None = None  # the quotes of a text that goes on over several lines
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is None and (header := _HEADER.match(line)):
            names = _split(header[2])
            table = names
            if header[1] == "[[":
                counts[names] = counts.get(names, 0) + 1
                table = (*names, counts[names] - 1)
                seen.setdefault(names, number)
            elif len(names) > 1 and (count := counts.get(names[:-1])):
                table = (*names[:-1], count - 1, names[-1])  # [bot.settings] of the last [[bot]]
            seen.setdefault(table, number)
        elif inside is None and (assignment := _ASSIGNMENT.match(line)):
            seen.setdefault((*table, *_split(assignment[1])), number)
        inside = _quotes_after(line, inside)
    return seen


def _split(dotted_name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted_name.split("."))


def _quotes_after(line: str, inside: str | None) -> str | None:
    for quotes in re.findall(r'"""|' + "'''", line):
        if inside is None:
            inside = quotes
        elif inside == quotes:
            inside = None
    return inside
