"""The mixer's law: from faders, mutes, solos and fades to the level that is heard. Pure.

People and pieces speak decibels, the wire and the outputs speak linear gain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from director.score import Strip
from director.sounds import sound_of

__all__ = ["Fader", "Mix", "StripMix", "gain_from_db"]

MIN_DB, MAX_DB = -120.0, 12.0


def gain_from_db(gain_db: float) -> float:
    """Decibels to linear gain; everything at or below -120 dB is silence.

    Examples
    --------
    >>> round(gain_from_db(-6.0), 3)
    0.501
    """
    return 0.0 if gain_db <= MIN_DB else 10.0 ** (gain_db / 20.0)


@dataclass(frozen=True, slots=True)
class Fader:
    """A gain on its way: from `start_db` at `start_seconds` to `end_db` at `end_seconds`."""

    end_db: float = 0.0
    start_db: float = 0.0
    start_seconds: float = 0.0
    end_seconds: float = 0.0

    def db_at(self, seconds: float) -> float:
        """Where the fader stands; it moves evenly in decibels."""
        if seconds >= self.end_seconds:
            return self.end_db
        if seconds <= self.start_seconds:
            return self.start_db
        share = (seconds - self.start_seconds) / (self.end_seconds - self.start_seconds)
        return self.start_db + share * (self.end_db - self.start_db)

    def moved(self, gain_db: float, *, now_seconds: float, fade_seconds: float) -> Fader:
        """The fader on its way to `gain_db`, from wherever it stands now."""
        if math.isnan(gain_db):
            raise ValueError("gain_db must be a number")
        if fade_seconds < 0:
            raise ValueError(f"fade_seconds must be >= 0, got {fade_seconds}")
        target = min(MAX_DB, max(MIN_DB, gain_db))
        end = now_seconds + fade_seconds
        return Fader(target, self.db_at(now_seconds), now_seconds, end)


@dataclass(frozen=True, slots=True)
class StripMix:
    """One strip's controls."""

    fader: Fader = Fader()
    pan: float = 0.0
    is_muted: bool = False
    is_solo: bool = False
    reverb: float = 0.0
    instrument: str = ""


@dataclass(frozen=True)
class Mix:
    """All strips and the master; immutable: every change gives a new mix."""

    strips: Mapping[str, StripMix]
    master: Fader = Fader()

    @classmethod
    def of(cls, strips: Iterable[Strip]) -> Mix:
        """The mix that a score begins with."""
        return cls({strip.bot_id: _beginning(strip) for strip in strips})

    def with_strip(self, strip: Strip) -> Mix:
        """The mix with another strip, at its own level."""
        return replace(self, strips={**self.strips, **Mix.of([strip]).strips})

    def gain_at(self, bot_id: str, seconds: float) -> float:
        """The linear gain at which a strip is heard.

        A muted strip is silent; as soon as one strip is solo, so are all that are not. Who has no
        strip is heard at the master's level.
        """
        strip = self.strips.get(bot_id, StripMix())
        anyone_solo = any(other.is_solo for other in self.strips.values())
        if strip.is_muted or (anyone_solo and not strip.is_solo):
            return 0.0
        return gain_from_db(strip.fader.db_at(seconds)) * gain_from_db(self.master.db_at(seconds))

    @property
    def fade_end_seconds(self) -> float:
        """When the last fade that is known ends."""
        faders = [self.master, *(strip.fader for strip in self.strips.values())]
        return max(fader.end_seconds for fader in faders)

    def changed(
        self, bot_id: str, name: str, value: float, *, now_seconds: float, fade_seconds: float = 0.0
    ) -> Mix:
        """The mix after one control has been moved; an empty `bot_id` is the master.

        Raises
        ------
        ValueError
            For an unknown strip or control, or a value that makes no sense.
        """
        if not bot_id:
            if name != "gain_db":
                raise ValueError(f"the master has gain_db only, got {name!r}")
            fader = self.master.moved(value, now_seconds=now_seconds, fade_seconds=fade_seconds)
            return replace(self, master=fader)
        strip = self.strips.get(bot_id)
        if strip is None:
            raise ValueError(f"no strip {bot_id!r}; there are {', '.join(self.strips)}")
        match name:
            case "gain_db":
                fader = strip.fader.moved(value, now_seconds=now_seconds, fade_seconds=fade_seconds)
                strip = replace(strip, fader=fader)
            case "pan":
                strip = replace(strip, pan=min(1.0, max(-1.0, value)))
            case "reverb":
                strip = replace(strip, reverb=min(1.0, max(0.0, value)))
            case "mute":
                strip = replace(strip, is_muted=bool(value))
            case "solo":
                strip = replace(strip, is_solo=bool(value))
            case _:
                raise ValueError(f"a strip has gain_db, pan, reverb, mute and solo, got {name!r}")
        return replace(self, strips={**self.strips, bot_id: strip})

    def with_instrument(self, bot_id: str, instrument: str) -> Mix:
        """The mix after a strip has been given another instrument."""
        changed = replace(self.strips[bot_id], instrument=instrument)
        return replace(self, strips={**self.strips, bot_id: changed})


def _beginning(strip: Strip) -> StripMix:
    sound = sound_of(strip)
    return StripMix(
        Fader(end_db=max(MIN_DB, strip.gain_db)),
        pan=strip.pan,
        reverb=sound.reverb if strip.reverb is None else strip.reverb,
        instrument=sound.name,
    )
