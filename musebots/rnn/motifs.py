"""A melody remembers its motifs: those of the last A, and of the start of the phrase. Pure.

What comes back is proposed note by note: the same rhythm, the same steps of the scale, moved with
the chord. The network still decides; a proposal only gets likelier, much at the start of a phrase
that returns, less towards its end, so that a return is recognised and yet another ending possible.
Over the chords of the first time the network recalls by itself, having learned it from real tunes;
there a return is rather held back, the more towards its end, so that it varies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from musebots.generators import StepContext
from musebots.harmony import Key
from musebots.rnn.exact import Float64Array, nearest_on_grid
from musebots.rnn.vocabulary import FIRST_NOTE, PitchVocabulary

__all__ = ["MotifMemory", "Remembered", "moved", "weight_of"]

BARS_KEPT = 64
PHRASE_BARS = 4
RETURN_NATS = (4.0, 4.0, 3.5, 2.0)
"""For a bar that returns over another chord, by its place in the phrase."""
SAME_CHORD_NATS = (0.0, 0.0, -0.5, -1.5)
"""For a note that returns over the chord that it was played over."""
SEQUENCE_NATS = (0.0, 0.0, 1.0, 0.0)
"""Within a phrase that is new: its third bar answers the first, moved with the chord."""
SEQUENCE_BARS = 2
CONTRAST_BARS = (4, 8)
CONTRAST_NATS = 0.6
"""A section must not sound like what was played so many bars ago, in another one."""
OTHER_PITCH_SHARE = 0.35
"""Of the weight, for any other note where the motif has one: the rhythm is recognised, too."""
COPIES_KEPT = 48
MOST_COPIED = 0.8


@dataclass(frozen=True, slots=True)
class Remembered:
    """One 16th as it was played: its token, the MIDI pitch of a note, the root below it."""

    token: int
    pitch: int | None = None
    root_pc: int = 0


def moved(pitch: int, root_pc: int, to_root_pc: int, key: Key) -> int:
    """A pitch moved along the scale as far as the chord's root has moved, the nearer way.

    Examples
    --------
    >>> moved(64, 0, 5, Key())  # E over C becomes A over F: three steps up
    69
    >>> moved(64, 0, 7, Key())  # and B over G: three steps down
    59
    """
    scale = key.scale
    if root_pc == to_root_pc:
        return pitch
    steps = (_degree(to_root_pc, scale) - _degree(root_pc, scale)) % 7
    steps -= 7 if steps > 3 else 0
    degree = _degree(pitch % 12, scale)
    chromatic = (pitch - scale[degree] + 6) % 12 - 6  # off the scale by so much; it stays so
    octaves, target = divmod(degree + steps, 7)
    base = pitch - chromatic - (scale[degree] - scale[0]) % 12
    return base + 12 * octaves + (scale[target] - scale[0]) % 12 + chromatic


def _degree(pitch_class: int, scale: Sequence[int]) -> int:
    """The step of the scale that is nearest, the lower one of two."""
    distances = [min((pitch_class - s) % 12, (s - pitch_class) % 12) for s in scale]
    return distances.index(min(distances))


def weight_of(context: StepContext) -> tuple[int, float]:
    """How many bars back the motif lies at this step, and how strongly it calls, in nats."""
    place = context.bar_in_phrase % PHRASE_BARS
    if context.place_in_section == "final":
        return 0, 0.0
    if context.recall_bars:
        return context.recall_bars, RETURN_NATS[place]
    return SEQUENCE_BARS, SEQUENCE_NATS[place]


class MotifMemory:
    """What was played, bar by bar, and what of it is proposed now.

    Parameters
    ----------
    vocabulary : PitchVocabulary
        The role's words.
    """

    def __init__(self, vocabulary: PitchVocabulary) -> None:
        self._vocabulary = vocabulary
        self._bars: tuple[tuple[Remembered, ...], ...] = ()
        self._bar: tuple[Remembered, ...] = ()
        self._copied: deque[bool] = deque(maxlen=COPIES_KEPT)
        self._place = ""
        self._bars_in_section = 0
        self._proposed: tuple[StepContext, tuple[int, float]] | None = None

    def proposal(self, context: StepContext) -> tuple[int, float]:
        """The token that the motif asks for, or -1, and its weight in nats.

        Asked again at the same step, it has the answer ready.
        """
        if self._proposed is None or self._proposed[0] is not context:
            self._proposed = context, self._propose(context)
        return self._proposed[1]

    def _propose(self, context: StepContext) -> tuple[int, float]:
        n_bars, nats = weight_of(context)
        said = self._said(context, n_bars) if nats else None
        if said is None:
            return -1, 0.0
        if context.recall_bars and said.root_pc == context.chord.root_pc:
            nats = SAME_CHORD_NATS[context.bar_in_phrase % PHRASE_BARS]
        if said.pitch is None:
            return said.token, max(0.0, nats)
        pitch = moved(said.pitch, said.root_pc, context.chord.root_pc, context.key)
        return self._vocabulary.token_of(pitch, context.key, context.chord), nats

    def avoided(self, context: StepContext) -> list[int]:
        """Notes of other sections, four and eight bars ago, that this one should not repeat."""
        if context.place_in_section in ("", "final"):
            return []
        returning, _ = self.proposal(context)
        n_bars_in = self._bars_in_section + (context.step_in_bar == 0)
        n_bars_in = 0 if self._opens(context) else n_bars_in
        before = [self._said(context, n) for n in CONTRAST_BARS if n > n_bars_in]
        tokens = {said.token for said in before if said and said.token >= FIRST_NOTE}
        return sorted(tokens - {returning})

    def _said(self, context: StepContext, n_bars: int) -> Remembered | None:
        """What was played at the same step `n_bars` bars ago, as far as that is remembered."""
        bars = (*self._bars, self._bar) if context.step_in_bar == 0 else self._bars
        if not 0 < n_bars <= len(bars) or context.step_in_bar >= len(bars[-n_bars]):
            return None
        return bars[-n_bars][context.step_in_bar]

    def _opens(self, context: StepContext) -> bool:
        """Whether a section begins at this step."""
        return context.step_in_bar == 0 and self._place in ("", "closing")

    def lean(self, logits: Float64Array, context: StepContext) -> Float64Array:
        """The logits with what comes back made likelier, as a new array.

        When nearly all of the last notes were copies, the memory keeps quiet: nothing is to be
        said twice word for word for ever.
        """
        token, nats = self.proposal(context)
        leant = logits.copy()
        for old in self.avoided(context):
            leant[old] -= CONTRAST_NATS
        if token < 0 or self._is_copying:
            return leant
        leant[token] += nearest_on_grid(nats)
        if token >= FIRST_NOTE and nats > 0:
            others = nearest_on_grid(nats * OTHER_PITCH_SHARE)
            leant[FIRST_NOTE:] += others
            leant[token] -= others
        return leant

    @property
    def _is_copying(self) -> bool:
        is_full = len(self._copied) == COPIES_KEPT
        return is_full and sum(self._copied) > MOST_COPIED * COPIES_KEPT

    def observe(self, context: StepContext, token: int) -> None:
        """Take note of what was played at a step."""
        proposed, _ = self.proposal(context)
        self._proposed = None
        if token >= FIRST_NOTE:
            self._copied.append(proposed == token)
        if context.step_in_bar == 0:
            self._bars_in_section = 0 if self._opens(context) else self._bars_in_section + 1
            self._place = context.place_in_section
        if context.step_in_bar == 0 and self._bar:
            self._bars = (*self._bars, self._bar)[-BARS_KEPT:]
            self._bar = ()
        pitch = None
        if token >= FIRST_NOTE:
            pitch = self._vocabulary.pitch_of(token, context.key, context.chord)
        self._bar = (*self._bar, Remembered(token, pitch, context.chord.root_pc))

    def snapshot(self) -> tuple[Any, ...]:
        """All that it remembers, as an immutable copy."""
        return (
            self._bars,
            self._bar,
            tuple(self._copied),
            self._place,
            self._bars_in_section,
        )

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go back to a copy that `snapshot` made."""
        self._bars, self._bar, copied, self._place, self._bars_in_section = snapshot
        self._copied = deque(copied, maxlen=COPIES_KEPT)
        self._proposed = None
