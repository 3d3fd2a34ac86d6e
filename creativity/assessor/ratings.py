"""What listeners said of pairs of clips: one SQLite table, filled from CSV sheets.

A clip is named by what it takes to play it again; what was asked is kept with the answer. Nothing
of a listener is kept but a name that they chose.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

from musebots.errors import ConfigError

__all__ = [
    "ANSWERS",
    "COLUMNS",
    "QUESTIONS",
    "Answer",
    "Rating",
    "add_ratings",
    "read_ratings",
    "read_sheet",
]

Answer = Literal["first", "second", "tie"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
QUESTIONS = ("creative", "hear on")
"""Which is more creative? Which would you rather hear on?"""


@dataclass(frozen=True, slots=True)
class Rating:
    """One answer to one pair.

    Parameters
    ----------
    listener : str
        A pseudonym.
    question : {"creative", "hear on"}
    first, second : str
        The clips in the order in which they were heard, by their names in the key file.
    answer : {"first", "second", "tie"}
    """

    listener: str
    question: str
    first: str
    second: str
    answer: Answer

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise ValueError(f"answer must be one of {', '.join(ANSWERS)}, got {self.answer!r}")
        if self.question not in QUESTIONS:
            raise ValueError(
                f"question must be one of {', '.join(QUESTIONS)}, got {self.question!r}"
            )
        if not self.listener or self.first == self.second:
            raise ValueError("a rating needs a listener and two different clips")


COLUMNS = tuple(field.name for field in fields(Rating))
_TABLE = (
    "CREATE TABLE IF NOT EXISTS ratings (listener TEXT NOT NULL, question TEXT NOT NULL, "
    "first TEXT NOT NULL, second TEXT NOT NULL, answer TEXT NOT NULL, sheet TEXT NOT NULL, "
    "line INTEGER NOT NULL, UNIQUE (sheet, line))"
)


def read_sheet(path: Path) -> list[Rating]:
    """The answers of a CSV file with a line of the names in `COLUMNS`; unanswered lines are left.

    Raises
    ------
    ConfigError
        If the file cannot be read, lacks a column, or a line cannot be meant.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise ConfigError(f"{path} lacks the columns {', '.join(missing)}; it needs a line of them")
    ratings = []
    for line, row in enumerate(rows, start=2):
        values = [(row[name] or "").strip() for name in COLUMNS]
        if not values[-1]:
            continue
        try:
            ratings.append(Rating(*values))  # type: ignore[arg-type]
        except ValueError as error:
            raise ConfigError(f"{path}, line {line}: {error}") from error
    return ratings


def add_ratings(database: Path, ratings: Iterable[Rating], *, sheet: str) -> int:
    """Keep the answers of a sheet; those of the same sheet that are there are replaced.

    Returns
    -------
    int
        How many the table holds now.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(_TABLE)
        connection.execute("DELETE FROM ratings WHERE sheet = ?", (sheet,))
        connection.executemany(
            "INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*astuple(rating), sheet, line) for line, rating in enumerate(ratings)],
        )
        (n,) = connection.execute("SELECT COUNT(*) FROM ratings").fetchone()
    return int(n)


def read_ratings(database: Path, *, question: str | None = None) -> Sequence[Rating]:
    """All answers in the order in which they came in, or those to one question.

    Raises
    ------
    ConfigError
        If there is no such table.
    """
    if not database.is_file():
        raise ConfigError(f"there is no {database}: fill it with 'musebots rate fit SHEET.csv'")
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM ratings ORDER BY sheet, line"
            ).fetchall()
    except sqlite3.Error as error:
        raise ConfigError(f"{database} holds no ratings ({error})") from error
    ratings = [Rating(*row) for row in rows]
    return [rating for rating in ratings if question in (None, rating.question)]
