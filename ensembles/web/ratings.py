"""What listeners said of phrases: one SQLite table in the session's folder, one row a word.

A row names the phrase by its ticks, and what was heard there: bot, network, fader. A word that was
taken back is kept and marked, so that nothing is ever lost.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

__all__ = ["COLUMNS", "TAKEN_BACK", "PhraseRating", "Ratings", "read_phrase_ratings"]

TAKEN_BACK = 9
VALUES = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class PhraseRating:
    """One word on one phrase.

    Parameters
    ----------
    at : float
        When it was said, seconds since 1970.
    session : str
        The session's name, that of its recording.
    rater : str
        A pseudonym; empty for who gave none.
    bot_id : str
        Whose playing is meant; empty for the band's.
    value : int
        1 more like this, 0 fine, -1 less.
    first_tick, end_tick : int
    first_bar, last_bar : int
        Counted from 0.
    network : str
        Identity of the bot's network; of the band, those of all bots with their ids.
    fader : float
        How far the bot's playing leaned then, -1 (calmer) .. 1 (bolder).
    policy : str
        Who steered.
    """

    at: float
    session: str
    rater: str
    bot_id: str
    value: int
    first_tick: int
    end_tick: int
    first_bar: int
    last_bar: int
    network: str
    fader: float
    policy: str

    def __post_init__(self) -> None:
        if self.value not in VALUES:
            raise ValueError(f"a rating is -1, 0 or 1, got {self.value}")
        if not 0 <= self.first_tick < self.end_tick:
            raise ValueError("a phrase begins at tick 0 or later and ends after it begins")


COLUMNS = tuple(field.name for field in fields(PhraseRating))
_TABLE = (
    "CREATE TABLE IF NOT EXISTS phrase_ratings (at REAL NOT NULL, session TEXT NOT NULL, "
    "rater TEXT NOT NULL, bot_id TEXT NOT NULL, value INTEGER NOT NULL, "
    "first_tick INTEGER NOT NULL, end_tick INTEGER NOT NULL, first_bar INTEGER NOT NULL, "
    "last_bar INTEGER NOT NULL, network TEXT NOT NULL, fader REAL NOT NULL, policy TEXT NOT NULL, "
    "taken_back_at REAL)"
)


class Ratings:
    """The table of one session; it is made with the first word.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, rating: PhraseRating) -> None:
        """Keep a word; an earlier one of the same rater on the same phrase is taken back."""
        with self._open() as table:
            self._take_back(table, rating.rater, rating.bot_id, rating.first_tick)
            marks = ", ".join("?" * len(COLUMNS))
            names = ", ".join(COLUMNS)
            table.execute(f"INSERT INTO phrase_ratings ({names}) VALUES ({marks})", astuple(rating))

    def take_back(self, rater: str, bot_id: str, first_tick: int) -> None:
        """Mark a rater's word on a phrase as taken back."""
        with self._open() as table:
            self._take_back(table, rater, bot_id, first_tick)

    def csv(self) -> str:
        """All words that hold, as CSV with a line of names."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        if self._path.exists():
            writer.writerows(astuple(rating) for rating in read_phrase_ratings(self._path))
        return out.getvalue()

    def _take_back(
        self, table: sqlite3.Connection, rater: str, bot_id: str, first_tick: int
    ) -> None:
        table.execute(
            "UPDATE phrase_ratings SET taken_back_at = ? WHERE rater = ? AND bot_id = ? "
            "AND first_tick = ? AND taken_back_at IS NULL",
            (time.time(), rater, bot_id, first_tick),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path)) as table, table:
            table.execute(_TABLE)
            yield table


def read_phrase_ratings(path: Path) -> list[PhraseRating]:
    """The words that hold, in the order in which they were said; `sqlite3.Error` for no table."""
    with closing(sqlite3.connect(path)) as table:
        rows = table.execute(
            f"SELECT {', '.join(COLUMNS)} FROM phrase_ratings WHERE taken_back_at IS NULL "
            "ORDER BY rowid"
        ).fetchall()
    return [PhraseRating(*row) for row in rows]
