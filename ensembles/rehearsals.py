"""Runs of a piece, several at a time: each in a process of its own, handed out in order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from types import TracebackType
from typing import TypeVar

from creativity.scoring import Run, Scored, Scorer

__all__ = ["Rehearsals", "default_jobs", "n_cores"]

MOST_JOBS = 8
AHEAD_PER_JOB = 2
"""Runs that are played before they are asked for; each waits in memory, 64 bytes a unit and bar."""
ORPHAN_CHECK_SECONDS = 1.0

Result = TypeVar("Result")
Play = Callable[[int], Run]


def n_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """As many as there are cores for this process, eight at most: each takes 0.5 GB."""
    return min(MOST_JOBS, n_cores())


class Rehearsals:
    """The runs of a piece by number, 0, 1, 2 ...: the same ones however many are played at a time.

    A context manager: leaving it ends the processes.

    Parameters
    ----------
    play : callable
        From the number of a run to the run; must be able to travel to another process.
    n_jobs : int
        >= 1; 1 plays them here.
    """

    def __init__(self, play: Play, n_jobs: int = 1) -> None:
        self._play = play
        self._n_jobs = n_jobs
        self._n_taken = 0
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Rehearsals:
        if self._n_jobs > 1:
            self._pool = ProcessPoolExecutor(
                self._n_jobs, get_context("spawn"), initializer=_leave_with_parent
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=error is None, cancel_futures=True)
            self._pool = None

    def runs(self, n: int) -> Iterator[Run]:
        """The next `n` runs, in order."""
        return self._next(self._play, n)

    def scored(self, n: int, scorer: Scorer) -> Iterator[Scored]:
        """The scores of the next `n` runs, in order."""
        return self._next(partial(_play_and_score, self._play, scorer), n)

    def _next(self, work: Callable[[int], Result], n: int) -> Iterator[Result]:
        numbers = range(self._n_taken, self._n_taken + n)
        self._n_taken += n
        waiting: deque[tuple[int, Future[Result] | None]] = deque()
        for number in numbers:
            waiting.append((number, self._begin(work, number)))
            if len(waiting) > self._n_jobs * AHEAD_PER_JOB or self._pool is None:
                yield _result(work, *waiting.popleft())
        while waiting:
            yield _result(work, *waiting.popleft())

    def _begin(self, work: Callable[[int], Result], number: int) -> Future[Result] | None:
        try:
            return self._pool.submit(work, number) if self._pool is not None else None
        except BrokenProcessPool:
            return None


def _result(work: Callable[[int], Result], number: int, future: Future[Result] | None) -> Result:
    """What came of a run; one that failed elsewhere is played here, for its error to be whole."""
    if future is None or future.exception() is not None:
        return work(number)
    return future.result()


def _play_and_score(play: Play, scorer: Scorer, number: int) -> Scored:
    return scorer.scored(play(number))


def _leave_with_parent() -> None:
    """Ctrl-C is the parent's to answer; when it is gone, there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHAN_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
