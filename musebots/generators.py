"""What a musebot asks of a sequence generator: one decision per 16th note.

A generator is strictly causal: it is given what is known at a step, and returns what starts, goes
on or stops there, together with its hidden activations. It speaks numpy; whether a network, a
Markov chain or a table stands behind it is its own affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from musebots.harmony import Chord, Key

if TYPE_CHECKING:
    from musebots.arrays import FloatArray

__all__ = [
    "MAX_STEPS_TO_NEXT",
    "STEPS_PER_BEAT",
    "STEP_TICKS",
    "Answering",
    "Onset",
    "PlaceInSection",
    "Pull",
    "SequenceGenerator",
    "Step",
    "StepContext",
]

STEPS_PER_BEAT = 4
STEP_TICKS = 120
MAX_STEPS_TO_NEXT = 16

PlaceInSection = Literal["", "opening", "inside", "closing", "final"]


@dataclass(frozen=True, slots=True)
class Pull:
    """Hidden units whose deviation from what is usual counts `gain` times for the choice.

    1 leaves them alone, more amplifies them, 0 holds them at what is usual.
    """

    units: tuple[int, ...]
    gain: float


@dataclass(frozen=True, slots=True)
class StepContext:
    """All that a generator may know when it decides one 16th.

    Parameters
    ----------
    step_in_bar, steps_per_bar : int
        Position in the bar and its length, in 16ths.
    is_compound : bool
        Whether the bar is felt in threes (6/8, 9/8, 12/8): 6/8 is as long as 3/4, but goes in two.
    bar_in_phrase : int
        0..3, bars since the last multiple of four in the section.
    key, chord : Key, Chord
        In force at this step.
    next_chord : Chord or None
        The next different chord, if it comes within `MAX_STEPS_TO_NEXT` steps.
    steps_to_next : int
        16ths until then, 1..`MAX_STEPS_TO_NEXT`; `MAX_STEPS_TO_NEXT` when there is none.
    style : str
        A tag that the generator was trained with; an unknown one means its default.
    intensity, density, register : float
        0..1, 0.5 neutral.
    is_fill : bool
        Whether this step belongs to a fill that leads to the next section.
    has_kick : bool
        Whether the drums (are known to) play the bass drum at this step.
    has_bass : bool
        Whether the bass (is known to) start a note at this step.
    is_solo : bool
        Whether this role has the solo.
    others_density : float or None
        0..1, share of the 16ths of the bar before this one on which somebody else of the band
        started a note (not counting this role's own); None where that is not known.
    place_in_section : PlaceInSection
        Whether this bar opens its section (the first two bars), lies inside it, closes it (its
        last bar) or is the last one of the piece; empty where that is not known. The networks
        learned it on blocks of eight bars.
    recall_bars : int
        How many bars ago the passage lies that this one comes back to: in an A, the same bar of
        the A before; 0 where there is none. Up to 64 bars are remembered, and what was played at
        the same step of that bar is what a network hears of it. The networks learned it on
        passages of four or eight bars over the chords of an earlier one.
    alpha : float
        How far to lean from what is usual, calmer (-) or bolder (+), along a learned direction;
        0 is the music as it would be. A generator goes no further than it can, see
        `musebots.rnn.steering`.
    pull : Pull or None
        Single units to amplify or to hold instead, see `musebots.rnn.pulling`.
    """

    step_in_bar: int
    steps_per_bar: int = 16
    bar_in_phrase: int = 0
    key: Key = Key()
    chord: Chord = Chord(0)
    next_chord: Chord | None = None
    steps_to_next: int = MAX_STEPS_TO_NEXT
    style: str = ""
    intensity: float = 0.5
    density: float = 0.5
    register: float = 0.5
    is_fill: bool = False
    has_kick: bool = False
    is_compound: bool = False
    others_density: float | None = None
    place_in_section: PlaceInSection = ""
    recall_bars: int = 0
    alpha: float = 0.0
    pull: Pull | None = None
    has_bass: bool = False
    is_solo: bool = False


@dataclass(frozen=True, slots=True)
class Onset:
    """A note that starts: MIDI pitch, velocity 1..127, and ticks late (+) or early (-)."""

    pitch: int
    velocity: int
    offset_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a generator decided for one 16th.

    Parameters
    ----------
    onsets : tuple of Onset
        What starts here; it ends what sounded before in a generator of one voice.
    is_hold : bool
        Whether the note that sounds goes on. With no onset and no hold there is silence.
    hidden : FloatArray
        Hidden activations after this step, shape (n_units,), all layers one after the other.
    layers : mapping of str to FloatArray
        The activations by name, as the generator's `layers` announces them; empty unless asked
        for, since most listeners need `hidden` alone.
    """

    onsets: tuple[Onset, ...]
    is_hold: bool
    hidden: FloatArray
    layers: Mapping[str, FloatArray] = field(default_factory=dict)


class SequenceGenerator(Protocol):
    """A causal generator of one role; see the module's text."""

    @property
    def n_units(self) -> int:
        """How many hidden activations a step returns."""

    def reset(self) -> None:
        """Forget everything played; the random generator goes on."""

    def step(self, context: StepContext) -> Step:
        """Decide the next 16th."""

    def snapshot(self) -> object:
        """All that the next step depends on, the random generator's state included."""

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot; the same contexts then give the same steps, bit for bit."""


@runtime_checkable
class Answering(Protocol):
    """A generator of one voice that can go on from what somebody else has played."""

    def hear(self, context: StepContext, pitch: int | None, *, is_hold: bool) -> None:
        """Go through a 16th of theirs: the note that begins, or none; see `NeuralGenerator`."""
