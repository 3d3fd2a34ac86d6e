"""Audio in: a bot that listens to a microphone or a WAV file, and tells the band what it hears."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from musebots.arrays import FloatArray
from musebots.errors import ConfigError
from musebots.hearing.person import Person

__all__ = ["Listener", "Source"]

MAX_HELD_SECONDS = 4.0


class Source(Protocol):
    """Where sound comes from."""

    rate_hz: int

    def read(self, seconds: float) -> FloatArray:
        """The samples up to `seconds` after the first downbeat that were not read yet."""

    def origin(self, downbeat: float, now: float) -> float:
        """When its first sample sounded, on the event loop's clock; asked just after `read`."""

    def close(self) -> None:
        """Let the device go."""


class Listener(Person):
    """Turns sound into notes, density and arousal: one voice, of a microphone or a WAV file.

    Broadcasts `notepool` (what it heard in the bar), `hdensity` and `arousal` every bar, and tells
    the notes themselves. Settings: `wav` (a file, relative to the piece; it begins with the first
    downbeat), or else `input`, a part of the sound input's name (the default one unless given).
    """

    role = "ears"
    sends = ("notes", "notepool", "hdensity", "arousal")

    async def prepare(self) -> None:
        """Open the file or the device."""
        from musebots.hearing.sound import SoundEar  # numpy: only where there is sound

        self._source = self._opened()
        self._sound_ear = SoundEar(self._source.rate_hz)
        self._sounding: tuple[int, float] | None = None

    async def play(self) -> None:
        """Listen until the band goes home."""
        try:
            await super().play()
        finally:
            self._source.close()

    def _opened(self) -> Source:
        for name in self.settings:
            if name not in ("wav", "input"):
                raise ConfigError(f"there is no setting {name!r}; there are wav, input")
        wav = self.settings.get("wav")
        if wav is not None:
            return _File(Path(str(wav)))
        from musebots.hearing.microphone import Microphone  # pyo

        return Microphone(str(self.settings.get("input", "")))

    def attend(self) -> None:
        """Hear what has sounded since the last time."""
        anchor, now = self.clock.anchor_seconds, asyncio.get_running_loop().time()
        samples = self._source.read(now - anchor)
        origin = self._source.origin(anchor, now)
        for heard in self._sound_ear.hear(samples):
            begun = origin + heard.seconds
            self._stop(min(begun, now))
            if begun < anchor:  # before the music
                continue
            if heard.end_seconds is None and heard.pitch is not None and 0 <= heard.pitch <= 127:
                from musebots.hearing.sound import velocity_of

                self.strike(heard.pitch, velocity_of(heard.loudness_db), begun)
                self._sounding = heard.pitch, begun

    def _stop(self, seconds: float) -> None:
        """The note that sounded is over, by `seconds` at the latest."""
        if self._sounding is not None:
            pitch, begun = self._sounding
            self.release(pitch, min(seconds, begun + MAX_HELD_SECONDS))
            self._sounding = None

    def pool(self, bar_beats: float, now_beat: float) -> list[int]:
        """What was heard in the last bar, from the lowest up."""
        notes = self.notes_between(now_beat - bar_beats, now_beat)
        return sorted({note.pitch for note in notes})


class _File:
    """A WAV file, heard as fast as the music goes."""

    def __init__(self, path: Path) -> None:
        from musebots.hearing.sound import read_wav

        self._samples, self.rate_hz = read_wav(path)
        self._n_read = 0

    def read(self, seconds: float) -> FloatArray:
        end = max(self._n_read, min(len(self._samples), int(seconds * self.rate_hz)))
        part = self._samples[self._n_read : end]
        self._n_read = end
        return part

    def origin(self, downbeat: float, now: float) -> float:
        return downbeat

    def close(self) -> None:
        """Nothing is open."""
