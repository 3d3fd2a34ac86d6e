"""Gentle leans: what a band wishes of a network, as nats added to its logits. Pure.

What must not be is for `musebots.rnn.limits`. Here is taste: the knobs, the breath at the end of a
phrase, the fill, and the remedies for what a network that hears its own last bars falls into.
Every lean is a whole multiple of `GRID`, so that the choice is the same on every machine (see
`musebots.rnn.exact`).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from musebots.generators import StepContext
from musebots.harmony import Chord
from musebots.rnn.chord_taste import IntArray, bass_nats, melody_nats, move_nats, pitches_of
from musebots.rnn.drum_taste import DrumTaste
from musebots.rnn.exact import Float64Array, nearest_on_grid, on_grid
from musebots.rnn.memory import Memory
from musebots.rnn.motifs import MotifMemory
from musebots.rnn.room import room_factor
from musebots.rnn.vocabulary import (
    FIRST_NOTE,
    REST,
    DrumVocabulary,
    PitchVocabulary,
    Role,
    Vocabulary,
)

__all__ = ["BassTaste", "MelodyTaste", "Taste", "taste_of"]

_NOTES_PER_16_STEPS: dict[str, float] = {"rock": 9.5, "game": 7.5, "chorale": 4.9}
_USUAL_NOTES_PER_16_STEPS: dict[Role, float] = {"melody": 4.5, "bass": 5.0}
_FEWEST, _MOST = 1 / 3, 5 / 3
_DENSITY_NATS = 3.0
_LARGEST_DENSITY_NATS = 2.5
_INTENSITY_NATS = 0.6
_SOLO_NATS: dict[Role, float] = {"melody": 0.5, "bass": 2.25}
_BEAT_NATS = {"chorale": 0.5, "folk": 0.4}
_NO_EMPTY_BARS = frozenset({"folk", "chorale"})
_EMPTY_BAR_STEPS = 4
_EMPTY_BAR_NATS = 12.0
_BETWEEN_NATS = {"chorale": -1.2, "folk": -0.8}
_CENTRE_PITCH: dict[Role, float] = {"melody": 72.0, "bass": 40.0}
_REGISTER_SEMITONES: dict[Role, float] = {"melody": 8.0, "bass": 18.0}
_REGISTER_SD_SEMITONES: dict[Role, float] = {"melody": 9.5, "bass": 13.0}

_BREATH_STEPS = 4
_PHRASE_BARS = 4
_SHORTEST_BEFORE_BREATH_STEPS = 2
_BREATH_NATS = {"standard": 3.5}
_USUAL_BREATH_NATS = 4.25

_EQUAL_PITCHES: dict[Role, int] = {"melody": 3, "bass": 3}
_EQUAL_PITCH_NATS: dict[Role, float] = {"melody": 0.75, "bass": 1.0}
_LARGEST_EQUAL_PITCH_NATS = 6.0

_COPY_BARS = 8
_COPY_NOTES = 32
_COPY_SHARE = 0.65
_COPY_NATS = 9.0

_WITH_BASS_NATS = -0.6
_RHYTHM_NATS = {"folk": 0.4, "standard": 0.15}

_APPROACH_STEPS = 2
_KICK_NATS = {"chorale": 0.3, "game": 0.5}
_USUAL_KICK_NATS = 0.9
_OSTINATO_BARS = (1, 4)
_OSTINATO_NATS = {"rock": 0.6}
_RIFF_BARS = (4, 8)
_RIFF_NATS = {"rock": 0.5, "game": 1.2}


class Taste:
    """What a melody and a bass have in common: density, intensity, register, no drumming on a note.

    Parameters
    ----------
    vocabulary : PitchVocabulary
        The role's words.
    repetition : float
        0..1: equal pitches and copies cost ``2 * (1 - repetition)`` times what they cost at 0.5.

    Notes
    -----
    *Density.* A network that hears its own last bars can lock into them, ever longer notes or
    16ths without end. So notes get likelier while fewer have started in the last two bars than
    the density knob asks for, and the reverse; intensity adds a little. Where the others played
    much in the bar before, fewer are wanted, and more where they left room.

    *Solo.* Who has the solo plays more.

    *Between the eighths.* In styles that hardly know 16ths, notes get less likely there, and on
    the beats likelier.

    *No empty bar.* In the same styles every bar has a note: on its last beat at the latest.

    *Register.* A pitch gets likelier as it lies nearer than the last one to a centre that moves
    with the knob: the logarithm of a wide normal distribution, less its value at the last pitch,
    so that there are not more or fewer notes for it.

    *Equal pitches.* A note that would be one more of many equal ones gets less likely, the more
    of them there are.
    """

    def __init__(self, vocabulary: PitchVocabulary, repetition: float = 0.5) -> None:
        self._vocabulary = vocabulary
        self._strictness = 2 * (1 - repetition)
        self._role = vocabulary.role
        self._pitch: int | None = None
        self._n_equal = 0

    def lean(self, logits: Float64Array, context: StepContext, memory: Memory) -> Float64Array:
        """The logits of this step, leant, as a new array."""
        leant = logits.copy()
        notes = leant[FIRST_NOTE:]
        notes += density_nats(self._role, context, memory) + nearest_on_grid(
            _INTENSITY_NATS * (context.intensity - 0.5)
        )
        if context.is_solo:
            notes += _SOLO_NATS[self._role]
        if is_empty_bar(context, memory):
            notes += _EMPTY_BAR_NATS
        if context.step_in_bar % 2 and context.style in _BETWEEN_NATS:
            notes += nearest_on_grid(_BETWEEN_NATS[context.style])
        if context.step_in_bar % beat_steps(context) == 0 and context.style in _BEAT_NATS:
            notes += nearest_on_grid(_BEAT_NATS[context.style])
        if self._pitch is not None:
            place = context.key, context.chord.root_pc
            pitches = pitches_of(self._vocabulary, *place)
            notes += register_nats(self._role, context.register, pitches, self._pitch)
            moves = move_nats(self._vocabulary, context.style, *place, self._pitch)
            if moves is not None:
                notes += moves
        drummed = self._drummed(context)
        if drummed >= 0:
            leant[drummed] -= self._equal_nats(context)
        return leant

    def _drummed(self, context: StepContext) -> int:
        """The token of a pitch that was played often enough in a row; -1 for none."""
        if self._pitch is None or self._n_equal < _EQUAL_PITCHES[self._role]:
            return -1
        return self._vocabulary.token_of(self._pitch, context.key, context.chord)

    def _equal_nats(self, context: StepContext) -> float:
        """What one more equal pitch costs."""
        n_beyond = 1 + self._n_equal - _EQUAL_PITCHES[self._role]
        nats = min(n_beyond * _EQUAL_PITCH_NATS[self._role], _LARGEST_EQUAL_PITCH_NATS)
        return nearest_on_grid(self._strictness * nats)

    def observe(self, context: StepContext, memory: Memory, token: int) -> None:
        """Take note of a token; before the `memory` does."""
        if token < FIRST_NOTE:
            return
        pitch = self._vocabulary.pitch_of(token, context.key, context.chord)
        self._n_equal = self._n_equal + 1 if pitch == self._pitch else 1
        self._pitch = pitch

    def snapshot(self) -> tuple[Any, ...]:
        """All that it remembers, as an immutable copy."""
        return (self._pitch, self._n_equal)

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a copy that `snapshot` made."""
        self._pitch, self._n_equal = snapshot


class MelodyTaste(Taste):
    """A melody breathes where its phrases end, and does not say one thing for ever.

    Notes
    -----
    *Chord tones.* On a beat the notes of the chord get likelier (`musebots.rnn.chord_taste`).

    *Bass.* Where the bass starts a note, other than on the bar line, a note gets less likely.

    *Rhythm.* What was done a bar ago at this place, a note, holding or silence, gets a little
    likelier, whatever the pitch.

    *Breath.* In the last beat of every four bars silence gets likelier, if the note that sounds
    has sounded for an eighth. In the Nottingham dances 3 % of all 16ths are silent, in the
    standards of OpenEWLD 6 %; the networks by themselves hardly rest.

    *Motifs.* What it played in the passage before of this name comes back; see
    `musebots.rnn.motifs`.

    *Copies.* While many of the last notes were just those of eight bars before, the next one of
    them gets less likely; motifs come back, but not the whole tune word for word.
    """

    def __init__(self, vocabulary: PitchVocabulary, repetition: float = 0.5) -> None:
        super().__init__(vocabulary, repetition)
        self._copied: deque[bool] = deque(maxlen=_COPY_NOTES)
        self._motifs = MotifMemory(vocabulary)

    def lean(self, logits: Float64Array, context: StepContext, memory: Memory) -> Float64Array:
        leant = super().lean(logits, context, memory)
        if context.step_in_bar % beat_steps(context) == 0:
            is_strong = is_strong_beat(context)
            leant[FIRST_NOTE:] += melody_nats(
                self._vocabulary, context.style, context.key, context.chord, is_strong
            )
        if context.has_bass and context.step_in_bar:
            leant[FIRST_NOTE:] += nearest_on_grid(_WITH_BASS_NATS)
        if not is_breath(context):
            self._keep_rhythm(leant, context, memory)
        elif not 0 < memory.held < _SHORTEST_BEFORE_BREATH_STEPS:
            leant[REST] += _BREATH_NATS.get(context.style, _USUAL_BREATH_NATS)
        before = memory.bars_ago(context, _COPY_BARS) - 1
        if before >= FIRST_NOTE:
            leant[before] -= nearest_on_grid(self._strictness * copy_nats(self._copied))
        return self._motifs.lean(leant, context)

    def observe(self, context: StepContext, memory: Memory, token: int) -> None:
        if token >= FIRST_NOTE:
            self._copied.append(memory.bars_ago(context, _COPY_BARS) - 1 == token)
        self._motifs.observe(context, token)
        super().observe(context, memory, token)

    def snapshot(self) -> tuple[Any, ...]:
        return (super().snapshot(), tuple(self._copied), self._motifs.snapshot())

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        pitch, copied, motifs = snapshot
        self._motifs.restore(motifs)
        super().restore(pitch)
        self._copied = deque(copied, maxlen=_COPY_NOTES)

    def _keep_rhythm(self, leant: Float64Array, context: StepContext, memory: Memory) -> None:
        before = memory.bars_ago(context, 1) - 1
        nats = nearest_on_grid(_RHYTHM_NATS.get(context.style, 0.0))
        if before >= FIRST_NOTE:
            leant[FIRST_NOTE:] += nats
        elif before >= 0:
            leant[before] += nats


class BassTaste(Taste):
    """A bass leans to the root where the chord changes, leads to it, and avoids what clashes.

    Notes
    -----
    The chords that it learned from are estimates, and so it trusts a chord less than a band has
    to: it avoids notes that are neither in the chord nor in the key, and in some styles leans to
    the root (or the bass note) of the chord on the bar line and where the chord changes. In the
    eighth before a change, the notes of the key next to the coming root, and its fifth, get
    likelier. How much of each, and how far it likes to move, is a matter of style; see
    `musebots.rnn.chord_taste`.

    *Kick.* Where the drums are heard to play the bass drum, a note gets likelier.

    *Ostinato.* In rock what it did one bar ago and four bars ago at this place, relative to the
    chord, gets likelier; there and in game music so does a note of four and eight bars ago.
    Not in a solo.
    """

    def __init__(self, vocabulary: PitchVocabulary, repetition: float = 0.5) -> None:
        super().__init__(vocabulary, repetition)
        self._chord: Chord | None = None

    def lean(self, logits: Float64Array, context: StepContext, memory: Memory) -> Float64Array:
        leant = super().lean(logits, context, memory)
        leads = context.steps_to_next <= _APPROACH_STEPS
        following = context.next_chord if leads else None
        notes = leant[FIRST_NOTE:]
        notes += bass_nats(
            self._vocabulary, context.style, context.key, context.chord, following,
            self._is_start(context),
        )  # fmt: skip
        if context.has_kick:
            notes += nearest_on_grid(_KICK_NATS.get(context.style, _USUAL_KICK_NATS))
        self._go_on(leant, context, memory)
        return leant

    def _go_on(self, leant: Float64Array, context: StepContext, memory: Memory) -> None:
        ostinato = nearest_on_grid(_OSTINATO_NATS.get(context.style, 0.0))
        riff = nearest_on_grid(_RIFF_NATS.get(context.style, 0.0))
        if context.is_solo or not (ostinato or riff):
            return
        drummed = self._drummed(context)
        for n_bars in _OSTINATO_BARS if ostinato else ():
            before = memory.bars_ago(context, n_bars) - 1
            if before >= 0 and before != drummed:
                leant[before] += ostinato
        for n_bars in _RIFF_BARS if riff else ():
            before = memory.bars_ago(context, n_bars) - 1
            if before >= FIRST_NOTE and before != drummed:
                leant[before] += riff

    def _is_start(self, context: StepContext) -> bool:
        is_new = self._chord is not None and context.chord != self._chord
        return is_new or context.step_in_bar == 0

    def _equal_nats(self, context: StepContext) -> float:
        return 0.0 if self._is_start(context) else super()._equal_nats(context)

    def observe(self, context: StepContext, memory: Memory, token: int) -> None:
        super().observe(context, memory, token)
        self._chord = context.chord

    def snapshot(self) -> tuple[Any, ...]:
        return (super().snapshot(), self._chord)

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        pitch, self._chord = snapshot
        super().restore(pitch)


def taste_of(vocabulary: Vocabulary, repetition: float = 0.5) -> Taste | DrumTaste:
    """The taste of a role, holding repetition as hard as `Taste` says; drums have no such hold."""
    if isinstance(vocabulary, DrumVocabulary):
        return DrumTaste(vocabulary)
    if not isinstance(vocabulary, PitchVocabulary):
        raise TypeError(f"no taste for a {type(vocabulary).__name__}")
    kind = BassTaste if vocabulary.role == "bass" else MelodyTaste
    return kind(vocabulary, repetition)


def is_breath(context: StepContext) -> bool:
    """Whether a step is in the last beat of a phrase of four bars."""
    is_last_bar = context.bar_in_phrase == _PHRASE_BARS - 1
    return is_last_bar and context.step_in_bar >= context.steps_per_bar - _BREATH_STEPS


def beat_steps(context: StepContext) -> int:
    """How many 16ths a beat has: 4, or 6 where the bar is felt in threes."""
    return 6 if context.is_compound else 4


def is_strong_beat(context: StepContext) -> bool:
    """Whether a beat is the first of its bar or, where their number is even, in its middle."""
    n_beats = context.steps_per_bar // beat_steps(context)
    every = n_beats // 2 if n_beats % 2 == 0 and n_beats > 2 else n_beats
    return context.step_in_bar % (every * beat_steps(context)) == 0


def is_empty_bar(context: StepContext, memory: Memory) -> bool:
    """Whether the last beat has come with no note begun in a bar, in a style that knows none."""
    is_late = context.step_in_bar >= context.steps_per_bar - _EMPTY_BAR_STEPS
    has_begun = 0 < memory.age <= context.step_in_bar
    return context.style in _NO_EMPTY_BARS and is_late and not has_begun


def density_nats(role: Role, context: StepContext, memory: Memory) -> float:
    """What to add to the logits of notes, as more or fewer have started than the knob asks for.

    At the middle of the knob that is what is usual: for a bass in its style, at 0 and 1 a third of
    it and five thirds.
    """
    if not memory.recent:
        return 0.0
    usual = _USUAL_NOTES_PER_16_STEPS[role]
    if role == "bass":
        usual = _NOTES_PER_16_STEPS.get(context.style, usual)
    wanted = usual * (_FEWEST + (_MOST - _FEWEST) * context.density) * room_factor(role, context)
    played = 16 * sum(memory.recent) / len(memory.recent)
    weight = len(memory.recent) / (memory.recent.maxlen or 1)
    nats = _DENSITY_NATS * weight * (wanted - played) / wanted
    return nearest_on_grid(max(-_LARGEST_DENSITY_NATS, min(nats, _LARGEST_DENSITY_NATS)))


def register_nats(role: Role, knob: float, pitches: IntArray, last_pitch: int) -> Float64Array:
    """What to add to the logits of notes of these MIDI pitches, as they near the knob's centre."""
    centre = _CENTRE_PITCH[role] + 2 * (knob - 0.5) * _REGISTER_SEMITONES[role]
    nearer = (pitches - last_pitch) * (2 * centre - last_pitch - pitches)
    return on_grid(nearer / (2 * _REGISTER_SD_SEMITONES[role] ** 2))


def copy_nats(copied: deque[bool]) -> float:
    """What one more note from eight bars before costs; `copied` says which of the last were so."""
    share = sum(copied) / (copied.maxlen or 1)
    return nearest_on_grid(max(0.0, share - _COPY_SHARE) * _COPY_NATS)
