"""A form that the band thinks of itself: sections and their arc, entries, solos. Pure.

An intro in which not everybody plays yet, a body of two or three ideas (AABA, ABAB, ABAC ...) that
rises to its last third, solos in turn on the way, a bridge in a related key, an ending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from musebots.form import TURNS
from musebots.harmony import Key
from musebots.progressions import Ending

__all__ = ["InventedSection", "invent_form"]

PATTERNS = ("AABA", "ABAB", "ABAC", "AABC")
LONG_BARS, SHORT_BARS = 8, 4
FEWEST_BARS_OF_LONG, FEWEST_BARS_WITH_ENDS = 40, 16
END_BARS = 4
FIRST_SOLO = 4  # so many sections say what there is to say before anybody gets a solo
NAMES = {"A": "A", "B": "B", "C": "bridge"}


@dataclass(frozen=True, slots=True)
class InventedSection:
    """One section: sections of one name have the same chords.

    Parameters
    ----------
    name : str
        intro, A, B, bridge or ending.
    n_bars : int
    key : Key
    ending : {"closed", "open", "free"}
        How its chords are to end.
    intensity, density, register : float
        0..1.
    tacet : tuple of str
        Ids of the bots that are silent.
    solo : str
    """

    name: str
    n_bars: int
    key: Key
    ending: Ending
    intensity: float = 0.5
    density: float = 0.5
    register: float = 0.5
    tacet: tuple[str, ...] = ()
    solo: str = ""


def invent_form(
    n_bars: int, rng: Random, *, key: Key, bots: Sequence[str] = ()
) -> tuple[InventedSection, ...]:
    """Sections that fill `n_bars` exactly.

    Parameters
    ----------
    n_bars : int
        >= 1.
    rng : random.Random
        The same state gives the same form.
    key : Key
        Where it begins and ends.
    bots : sequence of str
        Ids of those who play, for the intro, where one or two of them begin.
    """
    if n_bars < 1:
        raise ValueError(f"n_bars must be >= 1, got {n_bars}")
    unit = LONG_BARS if n_bars >= FEWEST_BARS_OF_LONG else SHORT_BARS
    has_ends = n_bars >= FEWEST_BARS_WITH_ENDS
    n_body_bars = n_bars - 2 * END_BARS if has_ends else n_bars
    n_sections, left = divmod(n_body_bars, unit)
    body = _body(max(1, n_sections), rng, key, unit if n_sections else left)
    if not has_ends:
        rest = left if n_sections else 0
        return (*body, _ending(rest, key)) if rest else tuple(body)
    shuffled = [bot for _, bot in sorted((rng.random(), bot) for bot in bots)]
    n_silent = 1 + int(rng.random() * (len(bots) - 1)) if len(bots) > 1 else 0
    silent = tuple(shuffled[:n_silent])
    intro = InventedSection("intro", END_BARS, key, "open", 0.3, 0.35, 0.45, tacet=silent)
    return (intro, *body, _ending(END_BARS + left, key))


def _body(n_sections: int, rng: Random, key: Key, unit: int) -> list[InventedSection]:
    pattern = PATTERNS[int(rng.random() * len(PATTERNS))]
    other = _related(key, rng)
    peak = max(1, round(0.7 * (n_sections - 1)))
    body = []
    for index in range(n_sections):
        letter = pattern[index % len(pattern)]
        rise = 1 - abs(index - peak) / max(peak, n_sections - 1 - peak, 1)
        has_solo = FIRST_SOLO <= index < n_sections - 1 and letter == "A"
        body.append(
            InventedSection(
                NAMES[letter],
                unit,
                other if letter == "C" else key,
                "closed" if letter == "A" else "open",
                intensity=round(0.4 + 0.4 * rise, 2),
                density=round(0.42 + (0.08 if letter != "A" else 0) + 0.13 * rise, 2),
                register=0.5 if letter == "A" else 0.6,
                solo=TURNS if has_solo else "",
            )
        )
    return body


def _ending(n_bars: int, key: Key) -> InventedSection:
    return InventedSection("ending", n_bars, key, "closed", 0.4, 0.4)


def _related(key: Key, rng: Random) -> Key:
    """The subdominant or the relative minor; of a minor key the relative major."""
    if key.mode == "minor":
        return Key(key.relative_major_pc, "major")
    subdominant, relative = Key((key.tonic_pc + 5) % 12), Key((key.tonic_pc + 9) % 12, "minor")
    return subdominant if rng.random() < 0.5 else relative
