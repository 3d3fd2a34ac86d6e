"""Which voice of an instrument plays the next note. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["VoicePool"]


@dataclass(slots=True)
class VoicePool:
    """Hands out a fixed number of voices; when all are taken, the oldest is stolen.

    Parameters
    ----------
    n_voices : int

    Notes
    -----
    A pitch that sounds already is struck again on its own voice. Otherwise the voice that has been
    free for longest is taken, so that releases ring out. All of this depends on the order of calls
    alone.
    """

    n_voices: int
    _free: list[int] = field(init=False)
    _taken: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        if self.n_voices < 1:
            raise ValueError(f"n_voices must be >= 1, got {self.n_voices}")
        self.clear()

    def take(self, pitch: int) -> int:
        """The voice that is to play `pitch` from now on."""
        voice = self._taken.pop(pitch, None)
        if voice is None:
            voice = self._free.pop(0) if self._free else self._taken.pop(next(iter(self._taken)))
        self._taken[pitch] = voice
        return voice

    def give_back(self, pitch: int) -> int | None:
        """The voice that is to release `pitch`, or None if that was stolen or never began."""
        voice = self._taken.pop(pitch, None)
        if voice is not None:
            self._free.append(voice)
        return voice

    def clear(self) -> None:
        """All voices are free."""
        self._free = list(range(self.n_voices))
        self._taken = {}
