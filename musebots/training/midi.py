"""Reading a folder of MIDI files: which part is the role's, in which key, over which chords."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
from mido.midifiles.meta import KeySignatureError

from musebots.hearing.estimate import chroma_of, estimate_chords, estimate_key
from musebots.rnn.features import MAX_STEPS_PER_BAR
from musebots.rnn.vocabulary import Role
from musebots.timebase import TimeSignature
from musebots.training.forms import others_density, places_in_section
from musebots.training.pieces import (
    Piece,
    silent_piece,
    sing,
    split_at_silence,
    steps_per_bar,
)

__all__ = ["SUFFIXES", "Part", "Song", "read_folder", "read_song"]

# what mido raises, on purpose or not, when the bytes are not what they should be
_DAMAGE = (EOFError, OSError, LookupError, TypeError, AttributeError, KeySignatureError)
SUFFIXES = frozenset({".mid", ".midi", ".kar"})
_PERCUSSION_CHANNEL = 9
_BASS_PROGRAMS = range(32, 40)
_MELODY_WORDS = ("melody", "lead", "vocal", "voice", "soprano", "solo")
_MIN_NOTES = 16
_MAX_OVERLAP = 0.25
_BASS_MEAN_PITCH = 52
_STEPS_PER_BEAT = 4
_MAX_STEPS = 100_000

_CLASS_OF_PITCH = {
    35: 0, 36: 0, 37: 1, 38: 1, 39: 1, 40: 1, 42: 2, 44: 2, 46: 3, 41: 4, 43: 4, 45: 4,
    47: 5, 48: 5, 50: 6, 49: 7, 52: 7, 55: 7, 57: 7, 51: 8, 53: 8, 59: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Note:
    """Onset and duration in 16ths."""

    onset: float
    duration: float
    pitch: int
    velocity: int


@dataclass(slots=True)
class Part:
    """The notes of one channel on one track."""

    name: str
    channel: int
    program: int
    notes: list[_Note] = field(default_factory=list)

    @property
    def is_percussion(self) -> bool:
        """Whether it is on the drum channel."""
        return self.channel == _PERCUSSION_CHANNEL

    @property
    def mean_pitch(self) -> float:
        """Average MIDI pitch."""
        return sum(note.pitch for note in self.notes) / len(self.notes)

    @property
    def overlap(self) -> float:
        """Share of notes that begin while another one sounds."""
        notes = sorted(self.notes, key=lambda note: note.onset)
        overlapping = sum(a.onset + a.duration > b.onset + 0.5 for a, b in pairwise(notes))
        return overlapping / len(notes)


@dataclass(frozen=True, slots=True)
class Song:
    """A MIDI file's parts, and its time signatures as (16th, signature)."""

    parts: tuple[Part, ...]
    signatures: tuple[tuple[float, TimeSignature], ...]


def read_folder(role: Role, folder: Path) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Read every MIDI file in and below a folder.

    A tenth of the files, chosen by a hash of their names, is kept for validation and a tenth for
    testing.

    Returns
    -------
    list of Piece
        A file's part once for every time signature that it goes through.
    list of (str, str)
        File that could not be used, and why.
    """
    pieces: list[Piece] = []
    skipped: list[tuple[str, str]] = []
    found = folder.rglob("*") if folder.is_dir() else [folder]
    for file in sorted(path for path in found if path.suffix.lower() in SUFFIXES):
        name = file.relative_to(folder).as_posix() if file != folder else file.name
        try:
            whole = _pieces_of(role, name, read_song(file))
            pieces.extend(part for piece in whole for part in split_at_silence(piece))
        except ValueError as error:
            skipped.append((name, str(error)))
    if not any(piece.split == "train" for piece in pieces):
        pieces = [replace(piece, split="train") for piece in pieces]
    return pieces, skipped


def read_song(file: Path) -> Song:
    """Read one MIDI file.

    Raises
    ------
    ValueError
        If it is damaged, empty or keeps time in SMPTE frames.
    """
    try:
        midi = mido.MidiFile(file, clip=True)
        ticks_per_beat = midi.ticks_per_beat
        if not 0 < ticks_per_beat < 0x8000:
            raise ValueError("it keeps time in SMPTE frames, not beats")
        return _song(midi.tracks, ticks_per_beat / _STEPS_PER_BEAT)
    except _DAMAGE as error:
        raise ValueError(f"damaged: {error or type(error).__name__}") from error


def _song(tracks: Iterable[mido.MidiTrack], ticks_per_step: float) -> Song:
    parts: dict[tuple[int, int], Part] = {}
    signatures: dict[float, TimeSignature] = {0.0: TimeSignature()}
    programs: dict[int, int] = {}
    for index, track in enumerate(tracks):
        sounding: dict[tuple[int, int], tuple[float, int]] = {}
        tick = 0
        for message in track:
            tick += message.time
            step = tick / ticks_per_step
            if message.type == "time_signature":
                signatures[step] = TimeSignature(message.numerator, message.denominator)
            elif message.type == "program_change":
                programs[message.channel] = message.program
            elif message.type in ("note_on", "note_off"):
                place = (message.channel, message.note)
                if place in sounding:
                    onset, velocity = sounding.pop(place)
                    part = parts.setdefault(
                        (index, message.channel),
                        Part(track.name, message.channel, programs.get(message.channel, 0)),
                    )
                    length = max(step - onset, 0.25)
                    part.notes.append(_Note(onset, length, message.note, velocity))
                if message.type == "note_on" and message.velocity:
                    sounding[place] = (step, message.velocity)
    if not parts:
        raise ValueError("it holds no notes")
    return Song(tuple(parts.values()), tuple(sorted(signatures.items())))


def _chosen(role: Role, song: Song) -> list[Part]:
    """The part (for drums, the parts) that plays the role."""
    if role == "drums":
        drums = [part for part in song.parts if part.is_percussion]
        if not drums:
            raise ValueError("no part is on the drum channel")
        return drums
    pitched = [p for p in song.parts if not p.is_percussion and len(p.notes) >= _MIN_NOTES]
    basses = [p for p in pitched if p.program in _BASS_PROGRAMS or "bass" in p.name.lower()]
    basses = basses or [p for p in pitched if p.mean_pitch < _BASS_MEAN_PITCH and _is_voice(p)]
    if role == "bass":
        if not basses:
            raise ValueError(f"no part of {_MIN_NOTES} notes or more looks like a bass")
        return [max(basses, key=lambda part: (len(part.notes), -part.mean_pitch))]
    voices = [part for part in pitched if part not in basses and _is_voice(part)]
    named = [p for p in voices if any(word in p.name.lower() for word in _MELODY_WORDS)]
    if not voices:
        raise ValueError(f"no part of {_MIN_NOTES} notes or more looks like a melody")
    return [max(named or voices, key=lambda part: part.mean_pitch)]


def _is_voice(part: Part) -> bool:
    return part.overlap <= _MAX_OVERLAP


def _pieces_of(role: Role, name: str, song: Song) -> list[Piece]:
    chosen = _chosen(role, song)
    notes = [note for part in chosen for note in part.notes]
    others = [note for part in song.parts if part not in chosen for note in part.notes]
    pitched = [
        note for part in song.parts if part not in chosen and not part.is_percussion
        for note in part.notes
    ]  # fmt: skip
    kicks = [
        note for part in song.parts if part.is_percussion
        for note in part.notes if _CLASS_OF_PITCH.get(note.pitch) == 0
    ]  # fmt: skip
    end = max(note.onset + note.duration for note in notes)
    if end > _MAX_STEPS:
        raise ValueError(f"it is longer than {_MAX_STEPS} 16ths: its times are surely damaged")
    starts = [start for start, _ in song.signatures if start < end]
    pieces = []
    for (start, signature), stop in zip(song.signatures, [*starts[1:], end], strict=False):
        if steps_per_bar(signature) > MAX_STEPS_PER_BAR:
            continue
        inside = _within(notes, start, stop)
        if inside:
            blank = _blank(role, name, signature, round(stop - start))
            if others:
                heard = (round(note.onset) for note in _within(others, start, stop))
                length = steps_per_bar(signature)
                blank.others[:] = others_density(heard, blank.n_steps, length)
            rest = _within(pitched, start, stop), _within(kicks, start, stop)
            pieces.append(_filled(role, blank, inside, *rest))
    return pieces


def _within(notes: Sequence[_Note], start: float, stop: float) -> list[_Note]:
    return [replace(n, onset=n.onset - start) for n in notes if start <= n.onset + 0.5 < stop]


def _blank(role: Role, name: str, signature: TimeSignature, n_steps: int) -> Piece:
    """A silent piece, as many whole bars long as it takes."""
    length = steps_per_bar(signature)
    n_bars = -(-max(1, n_steps) // length)
    piece = silent_piece(
        name,
        "midi",
        split=_split_of(name),
        style="midi",
        time_signature=signature,
        n_steps=n_bars * length,
        is_drums=role == "drums",
    )
    piece.places[:] = np.repeat(places_in_section(n_bars), length)
    return piece


def _split_of(name: str) -> str:
    bucket = hashlib.sha256(name.encode()).digest()[0] % 10
    return {0: "valid", 1: "test"}.get(bucket, "train")


def _filled(
    role: Role, piece: Piece, notes: list[_Note], pitched: list[_Note], kicks: list[_Note]
) -> Piece:
    for note in kicks:
        piece.kicks[min(max(0, round(note.onset)), piece.n_steps - 1)] = True
    if role == "drums":
        return _struck(piece, notes)
    own = [(n.onset, n.duration, n.pitch) for n in notes]
    around = [(n.onset, n.duration, n.pitch) for n in pitched] or own
    cell = _steps_per_chord(piece.time_signature)
    edges = np.arange(0, piece.n_steps + 1, cell, dtype=np.float64)
    key = estimate_key(chroma_of(own + around, edges).sum(axis=0))
    chords = estimate_chords(chroma_of(around, edges), key)
    sing(piece, _one_voice(role, notes))
    in_force = tuple(chords[step // cell] for step in range(piece.n_steps))
    return replace(piece, key=key, chords=in_force)


def _steps_per_chord(signature: TimeSignature) -> int:
    """Half a bar where it has two like halves, a bar of 2/4 or 3/4, else a beat."""
    length = steps_per_bar(signature)
    if signature.denominator == 8 and length == 12:
        return 6
    beat = next(cell for cell in (4, 3, 2, 1) if length % cell == 0)
    return {16: 8, 12: 12, 8: 8}.get(length, beat)


def _one_voice(role: Role, notes: Sequence[_Note]) -> list[tuple[float, float, int, int]]:
    """Of notes on one 16th, the highest (melody) or the lowest (bass)."""
    kept: dict[int, _Note] = {}
    sign = 1 if role == "melody" else -1
    for note in notes:
        step = round(note.onset)
        if step not in kept or sign * note.pitch > sign * kept[step].pitch:
            kept[step] = note
    return [(n.onset, n.duration, n.pitch, n.velocity) for n in kept.values()]


def _struck(piece: Piece, notes: Sequence[_Note]) -> Piece:
    mask = piece.voice
    for note in notes:
        drum = _CLASS_OF_PITCH.get(note.pitch)
        step = round(note.onset)
        if drum is None or not 0 <= step < piece.n_steps:
            continue
        mask[step] |= 1 << drum
        piece.velocity[step, drum] = max(piece.velocity[step, drum], note.velocity)
        piece.offset[step, drum] = note.onset - step
    if not mask.any():
        raise ValueError("its drum part strikes none of the nine drums")
    return piece
