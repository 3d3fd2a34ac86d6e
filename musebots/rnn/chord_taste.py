"""Leans to the harmony and to near notes, as nats for every token, by style. Pure.

All of them are whole multiples of the grid (see `musebots.rnn.exact`), kept once computed, and
not to be written to.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from musebots.harmony import Chord, Key
from musebots.rnn.exact import Float64Array, on_grid
from musebots.rnn.vocabulary import FIRST_NOTE, PitchVocabulary, Role

__all__ = ["bass_nats", "melody_nats", "move_nats", "pitches_of"]

_ROOT_NATS = {"chorale": 0.4, "rock": -0.5, "game": -0.6}
_USUAL_ROOT_NATS = 1.25
_OUTSIDE_NATS = {"chorale": -1.25, "game": -2.0}
_USUAL_OUTSIDE_NATS = -3.0
_APPROACH_NATS = 0.75
_APPROACH_SEMITONES = (-2, -1, 1, 2, 7)

_CHORD_TONE_NATS = {"folk": (0.5, 0.15)}
_USUAL_CHORD_TONE_NATS = (0.7, 0.25)
"""On strong beats, and on the others."""

_STEP_NATS: dict[tuple[Role, str], float] = {
    ("bass", "chorale"): 0.4, ("melody", "folk"): 0.25, ("melody", "standard"): 0.25,
}  # fmt: skip
_REPEAT_NATS: dict[tuple[Role, str], float] = {
    ("bass", "chorale"): -1.3, ("melody", "folk"): -0.3, ("melody", "standard"): -0.1,
}  # fmt: skip
_WIDEST_SEMITONES = 7
_LEAP_NATS: dict[tuple[Role, str], float] = {("bass", "chorale"): -1.25}

IntArray = npt.NDArray[np.int64]


@lru_cache(maxsize=1024)
def pitches_of(vocabulary: PitchVocabulary, key: Key, root_pc: int) -> IntArray:
    """The MIDI pitch of every NOTE token, (n_tokens - 2,)."""
    tokens, chord = range(FIRST_NOTE, vocabulary.n_tokens), Chord(root_pc)
    pitches = np.array([vocabulary.pitch_of(t, key, chord) for t in tokens], dtype=np.int64)
    pitches.flags.writeable = False
    return pitches


@lru_cache(maxsize=4096)
def bass_nats(
    vocabulary: PitchVocabulary,
    style: str,
    key: Key,
    chord: Chord,
    following: Chord | None,
    is_start: bool,
) -> Float64Array:
    """What to add to the notes of a bass, (n_tokens - 2,).

    Parameters
    ----------
    vocabulary : PitchVocabulary
    style : str
        A chorale bass walks through its chords; in rock and game music the network stands on
        the roots by itself, more than people do.
    key, chord : Key, Chord
        In force.
    following : Chord or None
        The chord to be led to, if that is near.
    is_start : bool
        Whether this is a bar line, or the first step of a chord.
    """
    root = _ROOT_NATS.get(style, _USUAL_ROOT_NATS) if is_start else 0.0
    outside = _OUTSIDE_NATS.get(style, _USUAL_OUTSIDE_NATS)
    lean = []
    for pitch in pitches_of(vocabulary, key, chord.root_pc).tolist():
        pitch_class = pitch % 12
        if pitch_class in (chord.root_pc, chord.bass_pc):
            lean.append(root)
        elif pitch_class not in chord.pitch_classes and pitch_class not in key.scale:
            lean.append(outside)
        elif following is not None and _leads(pitch_class, following):
            lean.append(_APPROACH_NATS)
        else:
            lean.append(0.0)
    return _kept(lean)


def _leads(pitch_class: int, following: Chord) -> bool:
    return any((following.bass_pc + s) % 12 == pitch_class for s in _APPROACH_SEMITONES)


@lru_cache(maxsize=4096)
def melody_nats(
    vocabulary: PitchVocabulary, style: str, key: Key, chord: Chord, is_strong: bool
) -> Float64Array:
    """What to add to the notes of a melody on a beat, (n_tokens - 2,): those of the chord gain.

    More so on a strong beat: the first of the bar, and in 4/4 the third.
    """
    strong, weak = _CHORD_TONE_NATS.get(style, _USUAL_CHORD_TONE_NATS)
    nats = strong if is_strong else weak
    pitches = pitches_of(vocabulary, key, chord.root_pc).tolist()
    return _kept([nats if pitch % 12 in chord.pitch_classes else 0.0 for pitch in pitches])


@lru_cache(maxsize=4096)
def move_nats(
    vocabulary: PitchVocabulary, style: str, key: Key, root_pc: int, last_pitch: int
) -> Float64Array | None:
    """What to add to notes by how far they are from the last one, (n_tokens - 2,); None: nothing.

    The words of a bass are intervals above the root, with an octave of their own: a network that
    has learned little of a style takes the right interval in an octave that is far away.
    """
    place = vocabulary.role, style
    step, repeat, leap = (d.get(place, 0.0) for d in (_STEP_NATS, _REPEAT_NATS, _LEAP_NATS))
    if not (step or repeat or leap):
        return None
    moves = np.abs(pitches_of(vocabulary, key, root_pc) - last_pitch)
    near = np.where(moves == 0, repeat, np.where(moves <= 2, step, 0.0))
    return _kept(np.where(moves > _WIDEST_SEMITONES, leap, near).tolist())


def _kept(nats: list[float]) -> Float64Array:
    lean = on_grid(np.array(nats, dtype=np.float64))
    lean.flags.writeable = False
    return lean
