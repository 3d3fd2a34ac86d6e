"""What listeners answered: one SQLite file in the folder of the clips, and the same as CSV.

The table ``ratings`` is what the assessor learns from (`musebots rate`): listener, question, first,
second, answer. The table ``trials`` holds everything about each pair, the checks included.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ensembles.web.pairs import Trial, is_right

__all__ = ["ANSWERS", "QUESTIONS", "RATING_COLUMNS", "TRIAL_COLUMNS", "Answers"]

QUESTIONS = ("creative", "hear on")
ANSWERS = ("first", "second", "tie")
RATING_COLUMNS = ("listener", "question", "first", "second", "answer")
TRIAL_COLUMNS = (
    "at", "listener", "sheet", "number", "arm", "first", "second", "broken", "creative", "hear_on",
    "passed", "heard_first_seconds", "heard_second_seconds", "answer_seconds",
)  # fmt: skip
_RATINGS = (
    "CREATE TABLE IF NOT EXISTS ratings (listener TEXT NOT NULL, question TEXT NOT NULL, "
    "first TEXT NOT NULL, second TEXT NOT NULL, answer TEXT NOT NULL, sheet TEXT NOT NULL, "
    "line INTEGER NOT NULL, UNIQUE (sheet, line))"
)
_TRIALS = (
    "CREATE TABLE IF NOT EXISTS trials (at REAL, listener TEXT, sheet TEXT, number INTEGER, "
    "arm TEXT, first TEXT, second TEXT, broken TEXT, creative TEXT, hear_on TEXT, "
    "passed INTEGER, heard_first_seconds REAL, heard_second_seconds REAL, answer_seconds REAL, "
    "UNIQUE (sheet, number))"
)


class Answers:
    """All answers to the clips of a folder.

    Parameters
    ----------
    path : Path
        Of the SQLite file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(
        self,
        trial: Trial,
        answers: Mapping[str, str],
        *,
        listener: str,
        sheet: str,
        number: int,
        seconds: Sequence[float],
    ) -> None:
        """Keep what a listener answered to one pair; a second answer to the same changes nothing.

        Parameters
        ----------
        trial : Trial
        answers : mapping of str to str
            To each of the `QUESTIONS` one of the `ANSWERS`.
        listener : str
            A pseudonym.
        sheet : str
            One sitting of a listener.
        number : int
            Of the pair in the sitting, from 1.
        seconds : sequence of float
            Heard of the first, of the second, and from the pair's coming to its answer.
        """
        passed = is_right(trial, answers)
        values = [answers[question] for question in QUESTIONS]
        row = (
            time.time(), listener, sheet, number, trial.arm, trial.first, trial.second,
            trial.broken, *values, passed, *seconds,
        )  # fmt: skip
        with self._open() as table:
            table.execute(f"INSERT OR IGNORE INTO trials VALUES ({_marks(row)})", row)
            if trial.is_check:
                return
            for index, (question, answer) in enumerate(zip(QUESTIONS, values, strict=True)):
                line = number * len(QUESTIONS) + index
                rating = (listener, question, trial.first, trial.second, answer, sheet, line)
                table.execute(f"INSERT OR IGNORE INTO ratings VALUES ({_marks(rating)})", rating)

    def n_answered(self) -> Counter[tuple[str, str]]:
        """How often each pair has been answered, whichever came first."""
        with self._open() as table:
            rows = table.execute(
                "SELECT first, second FROM trials WHERE arm NOT IN ('same', 'holes')"
            ).fetchall()
        return Counter((min(row), max(row)) for row in rows)

    def ratings_csv(self) -> str:
        """The ratings, as `musebots rate` reads them."""
        return self._csv(RATING_COLUMNS, "ratings ORDER BY sheet, line")

    def trials_csv(self) -> str:
        """Everything, the checks included."""
        return self._csv(TRIAL_COLUMNS, "trials ORDER BY at")

    def _csv(self, columns: Sequence[str], source: str) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        with self._open() as table:
            writer.writerows(table.execute(f"SELECT {', '.join(columns)} FROM {source}"))
        return out.getvalue()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as table, table:
            table.execute(_RATINGS)
            table.execute(_TRIALS)
            yield table


def _marks(row: Sequence[object]) -> str:
    return ", ".join("?" * len(row))
