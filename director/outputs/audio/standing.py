"""What a new sound process must be told to go on where another ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from director.outputs.audio.jobs import LEVEL, SOUND, STRIP, Cue
from director.score import Strip

__all__ = ["Standing"]


class Standing:
    """The band, and where its faders stand; of all that is played only the last counts.

    Parameters
    ----------
    strips : sequence of Strip
    seed : int
        Of all noise.
    """

    def __init__(self, strips: Sequence[Strip], seed: int) -> None:
        self.strips = tuple(strips)
        self.seed = seed
        self._guests: dict[str, Cue] = {}
        self._lasting: dict[tuple[str, str], Cue] = {}

    def take(self, cue: Cue) -> None:
        """Remember what lasts."""
        if cue.kind.startswith(STRIP):
            self._guests[cue.bot_id] = cue
        elif cue.kind == LEVEL or cue.kind.startswith(SOUND):
            self._lasting[cue.kind.partition(" ")[0], cue.bot_id] = cue

    def cues(self) -> list[Cue]:
        """All that a new process has to be told."""
        return [*self._guests.values(), *self._lasting.values()]
