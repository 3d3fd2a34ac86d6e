"""The words that each role plays in, one per 16th note. Pure.

Melody and bass say REST, HOLD or NOTE; drums name the set of drums that are struck. Pitches are
relative, a melody's to the tonic of the (relative) major key and a bass's to the root of the chord
in force, so that a network that learned a phrase in one key knows it in all twelve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from musebots.drumkit import DRUM_CLASSES, DRUM_PITCHES
from musebots.harmony import Chord, Key

__all__ = [
    "DRUM_CLASSES",
    "DRUM_PITCHES",
    "FIRST_NOTE",
    "HOLD",
    "REST",
    "ROLES",
    "BassVocabulary",
    "DrumVocabulary",
    "Groove",
    "MelodyVocabulary",
    "PitchVocabulary",
    "Role",
    "Vocabulary",
    "vocabulary_from_json",
]

Role = Literal["melody", "bass", "drums"]
ROLES: tuple[Role, ...] = get_args(Role)

REST, HOLD, FIRST_NOTE = 0, 1, 2


@dataclass(frozen=True)
class Vocabulary:
    """What all roles share: style tags, of which one is the default.

    Parameters
    ----------
    styles : tuple of str
        Tags of the training pieces.
    default_style : str
        What an unknown or empty tag means; one of `styles`.
    """

    styles: tuple[str, ...]
    default_style: str

    def __post_init__(self) -> None:
        if self.default_style not in self.styles:
            known = ", ".join(self.styles) or "none"
            raise ValueError(f"default_style must be one of: {known}; got {self.default_style!r}")

    @property
    def role(self) -> Role:
        """The role that speaks this vocabulary."""
        raise NotImplementedError

    @property
    def n_tokens(self) -> int:
        """How many tokens there are."""
        raise NotImplementedError

    @cached_property
    def _style_index(self) -> dict[str, int]:
        return {style: index for index, style in enumerate(self.styles)}

    def style_index(self, style: str) -> int:
        """Place of a style tag in `styles`; that of the default for an unknown one."""
        default = self._style_index[self.default_style]
        return self._style_index.get(style, default)

    def to_json(self) -> dict[str, Any]:
        """Plain data from which `vocabulary_from_json` builds an equal vocabulary."""
        return {"role": self.role, "styles": list(self.styles), "default": self.default_style}


@dataclass(frozen=True)
class PitchVocabulary(Vocabulary):
    """One voice: REST, HOLD, and a token for every pitch there is."""

    def token_of(self, pitch: int, key: Key, chord: Chord) -> int:
        """The NOTE token of a MIDI pitch, folded by octaves into the vocabulary's range."""
        raise NotImplementedError

    def pitch_of(self, token: int, key: Key, chord: Chord) -> int:
        """The MIDI pitch of a NOTE token; the inverse of `token_of` within the range."""
        raise NotImplementedError


def _transposition(key: Key) -> int:
    """Semitones from C to the tonic of the relative major, -5..6."""
    return (key.relative_major_pc + 5) % 12 - 5


@dataclass(frozen=True)
class MelodyVocabulary(PitchVocabulary):
    """Pitches relative to the tonic of the relative major.

    Examples
    --------
    >>> words = MelodyVocabulary(("folk",), "folk")
    >>> token = words.token_of(62, Key.parse("D major"), Chord(2))
    >>> words.pitch_of(token, Key.parse("Eb major"), Chord(3))
    63
    """

    LOWEST = 43
    N_PITCHES = 49

    @property
    def role(self) -> Role:
        return "melody"

    @property
    def n_tokens(self) -> int:
        return FIRST_NOTE + self.N_PITCHES

    def token_of(self, pitch: int, key: Key, chord: Chord) -> int:
        place = _fold(pitch - _transposition(key) - self.LOWEST, self.N_PITCHES)
        return FIRST_NOTE + place

    def pitch_of(self, token: int, key: Key, chord: Chord) -> int:
        return token - FIRST_NOTE + self.LOWEST + _transposition(key)


@dataclass(frozen=True)
class BassVocabulary(PitchVocabulary):
    """Pitches as an interval above the chord's root, 0..11, and an octave, 0..3.

    The octave is the one of the sounding pitch, counted from C1 (MIDI 24), whatever the root.

    Examples
    --------
    >>> words = BassVocabulary(("rock",), "rock")
    >>> token = words.token_of(43, Key(), Chord.parse("C"))  # G, the fifth of C
    >>> words.pitch_of(token, Key(), Chord.parse("F"))  # C, the fifth of F
    36
    """

    LOWEST = 24
    N_OCTAVES = 4

    @property
    def role(self) -> Role:
        return "bass"

    @property
    def n_tokens(self) -> int:
        return FIRST_NOTE + 12 * self.N_OCTAVES

    def token_of(self, pitch: int, key: Key, chord: Chord) -> int:
        octave = _fold(pitch - self.LOWEST, 12 * self.N_OCTAVES) // 12
        return FIRST_NOTE + 12 * octave + (pitch - chord.root_pc) % 12

    def pitch_of(self, token: int, key: Key, chord: Chord) -> int:
        octave, interval = divmod(token - FIRST_NOTE, 12)
        return self.LOWEST + 12 * octave + (chord.root_pc + interval - self.LOWEST) % 12


@dataclass(frozen=True, slots=True)
class Groove:
    """A bar that is typical of a style: what a drummer has in mind before the first stroke.

    Parameters
    ----------
    style : str
        The style tag.
    is_compound : bool
        Whether it is felt in threes, see `StepContext`.
    tokens : tuple of int
        One per 16th of the bar.
    """

    style: str
    is_compound: bool
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class DrumVocabulary(Vocabulary):
    """The sets of drums that occur together in the training music.

    Parameters
    ----------
    masks : tuple of int
        9-bit masks, the most frequent first; silence (0) is one of them.
    grooves : tuple of Groove
        Typical bars, at most one for a style, length of bar and feel.
    """

    masks: tuple[int, ...]
    grooves: tuple[Groove, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 not in self.masks or len(set(self.masks)) != len(self.masks):
            raise ValueError("masks must hold 0 (silence) and no mask twice")
        if not all(0 <= mask < 1 << len(DRUM_CLASSES) for mask in self.masks):
            raise ValueError(f"masks must be in 0..511, got {self.masks}")
        tokens = {token for groove in self.grooves for token in groove.tokens}
        if not tokens <= set(range(self.n_tokens)):
            raise ValueError("the grooves use tokens that there are not")

    @property
    def role(self) -> Role:
        return "drums"

    @property
    def n_tokens(self) -> int:
        return len(self.masks)

    @cached_property
    def _token_of_mask(self) -> dict[int, int]:
        known = {mask: token for token, mask in enumerate(self.masks)}
        return {mask: known.get(mask, self._nearest(mask)) for mask in range(512)}

    def _nearest(self, mask: int) -> int:
        return min(range(self.n_tokens), key=lambda token: (mask ^ self.masks[token]).bit_count())

    def token_of(self, mask: int) -> int:
        """The token of a mask, or of the known one that differs in the fewest drums.

        Among equally near ones the most frequent is taken.
        """
        return self._token_of_mask[mask]

    def mask_of(self, token: int) -> int:
        """The mask of a token."""
        return self.masks[token]

    def classes_of(self, token: int) -> tuple[int, ...]:
        """The drums, as indices into `DRUM_CLASSES`, that a token strikes."""
        mask = self.masks[token]
        return tuple(c for c in range(len(DRUM_CLASSES)) if mask >> c & 1)

    def groove(self, style: str, steps_per_bar: int, is_compound: bool) -> Groove | None:
        """The typical bar of a style, or of the default one, in a meter; None if there is none."""
        for wanted in (self.styles[self.style_index(style)], self.default_style):
            for groove in self.grooves:
                place = (groove.style, len(groove.tokens), groove.is_compound)
                if place == (wanted, steps_per_bar, is_compound):
                    return groove
        return None

    def to_json(self) -> dict[str, Any]:
        """Plain data from which `vocabulary_from_json` builds an equal vocabulary."""
        grooves = [[g.style, g.is_compound, list(g.tokens)] for g in self.grooves]
        return {**super().to_json(), "masks": list(self.masks), "grooves": grooves}


def vocabulary_from_json(plain: Mapping[str, Any]) -> Vocabulary:
    """Build the vocabulary that `to_json` wrote.

    Raises
    ------
    ValueError
        If the role is unknown or a field is missing or malformed.
    """
    try:
        role, default = plain["role"], plain["default"]
        styles = tuple(str(style) for style in plain["styles"])
        if role == "melody":
            return MelodyVocabulary(styles, default)
        if role == "bass":
            return BassVocabulary(styles, default)
        if role == "drums":
            masks = tuple(int(mask) for mask in plain["masks"])
            grooves = tuple(
                Groove(str(style), bool(is_compound), tuple(int(token) for token in tokens))
                for style, is_compound, tokens in plain["grooves"]
            )
            return DrumVocabulary(styles, default, masks, grooves)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a vocabulary: {error!r}") from error
    raise ValueError(f"role must be one of {', '.join(ROLES)}, got {role!r}")


def _fold(place: int, size: int) -> int:
    """Move `place` by octaves into 0..size-1."""
    if place < 0:
        place += -(place // 12) * 12
    while place >= size:
        place -= 12
    return place
