"""What classic musebots like to hear of a band's music: harmony, form, how far it has come. Pure.

One bot of the band speaks for it: the melody, or else the bass, or else the drums. It tells what
the Director has told it. Of harmony it falls silent as soon as anybody else is heard leading, and
begins again when that one has not been heard for a while.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from musebots.form import PHRASE_BARS, Course
from musebots.harmony import Chord, Harmony
from musebots.messages import OscValue
from musebots.timebase import PPQ, MeterMap, TimeSignature, beats_from_ticks

__all__ = ["EXITING", "FORM", "HARMONY", "HEARD", "LEADING", "SAID", "Spokesman", "speaker_of",
           "tala_of", "vertical_density"]  # fmt: skip

EXITING = "exiting"
FORM = "form"
"""What a bot that speaks for the band says that it sends: it is no leader to follow."""
SAID = (
    "notepool", "plan/chords", "plan/chordDuration", "section", "tala", "phraselength", "progress",
    "density", "hdensity", "vdensity", "intent", "exiting",
)  # fmt: skip
HARMONY = ("notepool", "plan/chords", "plan/chordDuration")
"""What is taken from whoever says it, in a piece that follows and under another conductor."""
HEARD = ("density", "hdensity", "intent", "exiting")
"""What a bot that speaks for the band heeds besides."""
LEADING = ("notepool", "plan/chords")
PATIENCE_BARS = 4
LOWEST_PITCH = 48
SPEAKERS = ("melody", "bass", "drums")
MOST_VOICES = 4
SIXTEENTHS_A_BEAT = 4


def speaker_of(roles: Mapping[str, str]) -> str:
    """The bot that speaks for the band; empty where nobody of ours plays.

    Examples
    --------
    >>> speaker_of({"sticks": "drums", "low": "bass", "old": ""})
    'low'
    """
    for wanted in SPEAKERS:
        for bot_id, role in roles.items():
            if role == wanted:
                return bot_id
    return ""


def tala_of(signature: TimeSignature) -> tuple[int, ...]:
    """How a bar is felt, as groups of 16ths.

    Examples
    --------
    >>> tala_of(TimeSignature(4, 4)), tala_of(TimeSignature(6, 8))
    ((4, 4, 4, 4), (6, 6))
    """
    n_steps = signature.bar_ticks * SIXTEENTHS_A_BEAT // PPQ
    group = 6 if signature.is_compound else signature.denominator_ticks * SIXTEENTHS_A_BEAT // PPQ
    group = max(1, group)
    full = (group,) * (n_steps // group)
    return (*full, n_steps % group) if n_steps % group else full


def vertical_density(n_notes: int, n_onsets: int) -> float:
    """How many notes begin together: 0 one at a time, 1 four or more."""
    if n_onsets == 0:
        return 0.0
    return min(1.0, max(0.0, (n_notes / n_onsets - 1) / (MOST_VOICES - 1)))


class Spokesman:
    """Says for the band what there is to say at a bar line, and knows who else leads."""

    def __init__(self, bot_id: str) -> None:
        self._id = bot_id
        self._led_tick: float | None = None

    def hear(self, topic: str, sender: str, tick: float) -> None:
        """Somebody has said something."""
        if topic in LEADING and sender != self._id:
            self._led_tick = tick

    def leads(self, tick: int, meters: MeterMap) -> bool:
        """Whether nobody else has led the harmony for a while."""
        if self._led_tick is None:
            return True
        return meters.bar_at(tick) - meters.bar_at(max(0, int(self._led_tick))) > PATIENCE_BARS

    def said(
        self, bar: int, course: Course, harmony: Harmony, meters: MeterMap, end_tick: int | None
    ) -> Iterator[tuple[str, tuple[OscValue, ...]]]:
        """What is told with a bar that is about to begin, as (topic, values)."""
        tick = meters.bar_tick(bar)
        is_phrase = course.is_phrase_start(bar, meters)
        section = course.at_tick(tick)
        if section is not None:
            length = section.end_tick - section.start_tick
            yield "progress", (round((tick - section.start_tick) / length, 4),)
        if section is not None and section.start_tick == tick:
            yield "section", (section.name,)
            yield "tala", tala_of(meters.time_signature_at(bar))
            yield "phraselength", (PHRASE_BARS,)
            yield "density", (round(section.density, 4),)
        if not self.leads(tick, meters):
            return
        if is_phrase:
            yield from _plan(bar + PHRASE_BARS, harmony, meters, end_tick)
        yield "notepool", pool_of(harmony.at_tick(tick))


def pool_of(chord: Chord) -> tuple[int, ...]:
    """The notes of a chord as MIDI pitches from the root up.

    Examples
    --------
    >>> pool_of(Chord(9, "min"))
    (57, 60, 64)
    """
    root = LOWEST_PITCH + chord.root_pc
    return tuple(sorted(root + (pc - chord.root_pc) % 12 for pc in chord.pitch_classes))


def _plan(
    bar: int, harmony: Harmony, meters: MeterMap, end_tick: int | None
) -> Iterator[tuple[str, tuple[OscValue, ...]]]:
    """The chords of the phrase that begins with `bar`, and how long each lasts."""
    start, end = meters.bar_tick(bar), meters.bar_tick(bar + PHRASE_BARS)
    if end_tick:
        end = min(end, end_tick)
    if start >= end:
        return
    chords: list[str] = []
    beats: list[float] = []
    tick = start
    while tick < end:
        change = harmony.next_change(tick)
        until = min(end, change[0]) if change is not None and change[0] > tick else end
        chord = harmony.at_tick(tick)
        root = (chord.root_pc - harmony.key.tonic_pc) % 12
        steps = sorted(root + (pc - chord.root_pc) % 12 for pc in chord.pitch_classes)
        chords.append(" ".join(map(str, steps)))
        beats.append(beats_from_ticks(until - tick))
        tick = until
    yield "plan/chordDuration", tuple(beats)
    yield "plan/chords", tuple(chords)
