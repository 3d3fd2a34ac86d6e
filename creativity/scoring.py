"""Scores of whole runs, window by window, as the monitor comes to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity.background import BAND, Background, Setup, joined_table
from creativity.collecting import Playing
from creativity.innovation import Innovation
from creativity.streaming import StreamingScanner
from creativity.tables import NullTable
from musebots.arrays import FloatArray

__all__ = ["Run", "Scored", "Scorer", "networks_of", "score_run"]

Doubles = npt.NDArray[np.float64]
Run = Mapping[str, Playing]
"""What every bot's network did through one run, by bot id."""


def networks_of(run: Run) -> dict[str, str]:
    """Which network each bot played from, by bot id."""
    return {bot_id: playing.network for bot_id, playing in run.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What is kept of a run when nothing else is needed.

    Parameters
    ----------
    networks : mapping of str to str
        By bot id.
    scores : mapping of str to array
        Of every window, (n_windows,), by bot id; the band's id is empty.
    """

    networks: Mapping[str, str]
    scores: Mapping[str, Doubles]


class Scorer:
    """Scans whole runs as the monitor does, step by step.

    Parameters
    ----------
    innovations, tables : mapping
        By bot id.
    setup : Setup
    """

    def __init__(
        self,
        innovations: Mapping[str, Innovation],
        tables: Mapping[str, NullTable],
        setup: Setup,
    ) -> None:
        self._innovations = innovations
        self._tables = tables
        self._setup = setup

    @classmethod
    def of(cls, background: Background) -> Scorer:
        """As the monitor does with this background."""
        voices = background.voices.items()
        return cls(
            {bot_id: voice.innovation for bot_id, voice in voices},
            {bot_id: voice.table for bot_id, voice in voices},
            background.setup,
        )

    def scored(self, run: Run) -> Scored:
        """The scores of a run, and of which networks they are."""
        return Scored(networks_of(run), self.scores(run))

    def scores(self, run: Run) -> dict[str, Doubles]:
        """Score of every window, by bot and, if there are several, of the band."""
        told = {
            bot_id: innovation.apply(run[bot_id].hidden)
            for bot_id, innovation in self._innovations.items()
        }
        scores = {
            bot_id: score_run(rows, self._tables[bot_id], self._setup)
            for bot_id, rows in told.items()
        }
        if len(told) > 1:
            n_steps = min(len(rows) for rows in told.values())
            together = np.concatenate([rows[:n_steps] for rows in told.values()], axis=1)
            table = joined_table(list(self._tables.values()))
            scores[BAND] = score_run(together, table, self._setup)
        return scores


def score_run(innovations: FloatArray, table: NullTable, setup: Setup) -> Doubles:
    """The score of every window of a run, in order.

    Parameters
    ----------
    innovations : array
        (n_steps, n_nodes).
    table : NullTable
        Of innovations.
    setup : Setup

    Returns
    -------
    array
        (n_steps - window_steps + 1,); empty for a run shorter than a window.
    """
    scanner = StreamingScanner(
        table, setup.window_steps, statistic=setup.statistic, preference=setup.preference
    )
    scores = []
    for row in innovations:
        scanner.push(row)
        if scanner.is_full:
            scores.append(scanner.scan().score)
    return np.array(scores)
