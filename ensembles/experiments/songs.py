"""Songs to play: the chords of a real piece, written as a piece for the band."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ensembles.config import Piece, parse_piece
from ensembles.experiments.real import RealPiece
from musebots.harmony import Chord, Harmony, Key
from musebots.timebase import PPQ

__all__ = ["Player", "Song", "song_of", "written"]

_BEATS_PER_BAR = 4
_SECTION_BARS = 8
_KNOBS = ("intensity", "density", "register")
_KNOB_SPREAD = (0.15, 0.85)  # of a piece's own level
_KNOB_STRAY = 0.1  # of a section around it
_HOLD = "%"


@dataclass(frozen=True, slots=True)
class Song:
    """A key and its chords, beat by beat.

    Parameters
    ----------
    name : str
        Of the real piece.
    key : Key
    beats : tuple of Chord
        The chord in force on every beat, as many as a whole number of bars of 4/4 has.
    """

    name: str
    key: Key
    beats: tuple[Chord, ...]

    def moved_to(self, tonic_pc: int) -> Song:
        """The same song in another key."""
        up = tonic_pc - self.key.tonic_pc
        moved = (Chord((c.root_pc + up) % 12, c.quality, (c.bass_pc + up) % 12) for c in self.beats)
        return Song(self.name, Key(tonic_pc, self.key.mode), tuple(moved))


@dataclass(frozen=True, slots=True)
class Player:
    """One bot of the band: its role, its class and its settings."""

    role: str
    bot: str
    settings: Mapping[str, Any]


def song_of(piece: RealPiece, n_bars: int, *, role: str = "melody") -> Song:
    """The chords of a real piece's first `n_bars` bars; a shorter one starts over.

    Parameters
    ----------
    piece : RealPiece
    n_bars : int
    role : str
        Whose chords: a bass is given those that were estimated without it.
    """
    harmony: Harmony = piece.harmony_for(role)
    own_bars = max(1, min(n_bars, piece.n_bars))
    beats = [harmony.at_tick(beat * PPQ) for beat in range(own_bars * _BEATS_PER_BAR)]
    n_beats = n_bars * _BEATS_PER_BAR
    times = -(-n_beats // len(beats))
    return Song(piece.name, piece.key, tuple((beats * times)[:n_beats]))


def written(
    song: Song, players: Sequence[Player], *, rng: np.random.Generator, bpm: float = 110.0
) -> Piece:
    """The song as a piece in the format that users write.

    Sections are of eight bars; those with the same chords are one section that comes again. Every
    piece has its own level of intensity, density and register, and each section strays a little
    from it, as real pieces differ from one another, and within.

    Parameters
    ----------
    song : Song
    players : sequence of Player
    rng : numpy.random.Generator
        Of the knobs.
    bpm : float
        Quarter notes a minute.
    """
    size = _SECTION_BARS * _BEATS_PER_BAR
    blocks = [song.beats[i : i + size] for i in range(0, len(song.beats), size)]
    names = {block: chr(ord("A") + i) for i, block in enumerate(dict.fromkeys(blocks))}
    level = rng.uniform(*_KNOB_SPREAD, size=len(_KNOBS))
    lines = [
        f"title = {json.dumps(song.name)}",
        f"key = {json.dumps(str(song.key))}",
        f"form = {json.dumps([names[block] for block in blocks])}",
        f"[tempo]\nbpm = {bpm!r}",
    ]
    for block, name in names.items():
        knobs = np.clip(level + rng.uniform(-_KNOB_STRAY, _KNOB_STRAY, len(_KNOBS)), 0.0, 1.0)
        lines += [f'[[section]]\nname = "{name}"', f'chords = "{_bars(block)}"']
        lines += [f"{knob} = {value:.2f}" for knob, value in zip(_KNOBS, knobs, strict=True)]
    for player in players:
        settings = ", ".join(f"{key} = {json.dumps(v)}" for key, v in player.settings.items())
        lines += [
            f'[[bot]]\nid = "{player.role}"\nrole = "{player.role}"',
            f"class = {json.dumps(player.bot)}\nsettings = {{ {settings} }}",
        ]
    return parse_piece("\n".join(lines), source=song.name)


def _bars(beats: Sequence[Chord]) -> str:
    """Chord symbols, bar by bar; a chord that goes on is held."""
    symbols = [
        _HOLD if i and chord == beats[i - 1] else str(chord) for i, chord in enumerate(beats)
    ]
    bars = (symbols[i : i + _BEATS_PER_BAR] for i in range(0, len(symbols), _BEATS_PER_BAR))
    return " | ".join(" ".join(bar) for bar in bars)
