"""What a role has played so far, as far back as a network or its taste may look."""

from __future__ import annotations

from collections import deque
from typing import Any

from musebots.generators import StepContext
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    HOLD,
    DrumVocabulary,
    PitchVocabulary,
    Vocabulary,
)

__all__ = ["BARS_KEPT", "MAX_AGE", "MAX_STEPS_PER_BAR", "Memory"]

MAX_STEPS_PER_BAR = 24
MAX_AGE = 16
BARS_KEPT = 64
"""So many whole bars before the present one are remembered."""

_RECENT_STEPS = 32


class Memory:
    """What a role has played so far, as far as its features look back.

    Parameters
    ----------
    vocabulary : Vocabulary
        The role's words.

    Attributes
    ----------
    previous : int
        Token of the last step plus 1; 0 at the beginning.
    sounding : int or None
        MIDI pitch that sounds after the last step (melody and bass).
    age : int
        Steps since the last onset, up to 16; 0 when there was none.
    held : int
        Steps for which the note that sounds has sounded; 0 in silence.
    silence : int
        Steps since a note last sounded (since a drum was last struck); 0 while one sounds.
    recent : deque of bool
        Whether a note started, for each of the last 32 steps (melody and bass).
    loudness : int
        Velocity level of the last note plus 1; 0 where that is not known (melody and bass).
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.previous = 0
        self.sounding: int | None = None
        self.age = 0
        self.held = 0
        self.silence = 0
        self.recent: deque[bool] = deque(maxlen=_RECENT_STEPS)
        self.loudness = 0
        # only the last row of each is ever written to: snapshots share the others
        self._bars: list[list[int]] = []
        self._loudness: list[list[int]] = []

    def observe(self, context: StepContext, token: int, loudness: int = 0) -> None:
        """Take note of the token that was played at this step, and of its velocity level + 1."""
        if context.step_in_bar == 0 or not self._bars:
            self._turn_page()
        if context.step_in_bar < MAX_STEPS_PER_BAR:
            self._bars[-1][context.step_in_bar] = token + 1
            self._loudness[-1][context.step_in_bar] = loudness
        self.previous = token + 1
        if isinstance(self._vocabulary, PitchVocabulary):
            self._follow(self._vocabulary, context, token)
            self.loudness = loudness if token >= FIRST_NOTE else self.loudness
        elif isinstance(self._vocabulary, DrumVocabulary):
            self.silence = 0 if self._vocabulary.mask_of(token) else self.silence + 1

    def _turn_page(self) -> None:
        """Begin a bar, and forget the one that is too old."""
        self._bars.append([0] * MAX_STEPS_PER_BAR)
        self._loudness.append([0] * MAX_STEPS_PER_BAR)
        del self._bars[: -BARS_KEPT - 1]
        del self._loudness[:-2]

    def _follow(self, vocabulary: PitchVocabulary, context: StepContext, token: int) -> None:
        self.recent.append(token >= FIRST_NOTE)
        if token >= FIRST_NOTE:
            self.sounding = vocabulary.pitch_of(token, context.key, context.chord)
            self.age = self.held = 1
            self.silence = 0
            return
        self.age = min(self.age + 1, MAX_AGE) if self.age else 0
        if token == HOLD and self.sounding is not None:
            self.held += 1
        else:
            self.sounding, self.held = None, 0
            self.silence += 1

    def bars_ago(self, context: StepContext, n_bars: int) -> int:
        """Token plus 1 at the same place `n_bars` bars ago; 0 when that was not heard."""
        return self._at(self._bars, context.step_in_bar, n_bars)

    def loudness_one_bar_ago(self, context: StepContext) -> int:
        """Velocity level plus 1 of the note at the same place a bar ago; 0 where none began."""
        return self._at(self._loudness, context.step_in_bar, 1)

    def _at(self, bars: list[list[int]], step: int, n_bars: int) -> int:
        # the current bar is among them only once its first step was observed
        back = n_bars - 1 if step == 0 or not bars else n_bars
        if back >= len(bars) or step >= MAX_STEPS_PER_BAR:
            return 0
        return bars[-1 - back][step]

    def snapshot(self) -> tuple[Any, ...]:
        """Everything, as a copy that later observations leave alone."""
        counts = (self.age, self.held, self.silence, self.loudness)
        return (
            self.previous, self.sounding, counts, tuple(self.recent),
            _kept(self._bars), _kept(self._loudness),
        )  # fmt: skip

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a copy that `snapshot` made."""
        self.previous, self.sounding, counts, recent, bars, loudness = snapshot
        self.recent = deque(recent, maxlen=_RECENT_STEPS)
        self.age, self.held, self.silence, self.loudness = counts
        self._bars = [*bars[:-1], *map(list, bars[-1:])]
        self._loudness = [*loudness[:-1], *map(list, loudness[-1:])]


def _kept(rows: list[list[int]]) -> tuple[list[int], ...]:
    """The rows, the last one copied: it is still being written."""
    return (*rows[:-1], *map(list, rows[-1:]))
