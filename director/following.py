"""Harmony that follows somebody: what a bot or a person announces, from the next open bar on. Pure.

Heard are `/broadcast/plan/chords` (strings such as ``"0 4 7"``, semitones above the tonic, one
chord after the other from the next phrase on, as long as `/broadcast/plan/chordDuration` said in
beats, or else a bar each), `/broadcast/notepool` (MIDI pitches: the chord from the next bar on),
and our own `/musebots/harmony`, which is heard from the next sixteenth on, its key included: bots
that have planned it otherwise plan anew. The last chord holds until something else is heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from director.retained import KEPT_TICKS
from director.score import Passage, Score
from musebots.harmony import QUALITIES, Chord, ChordSpan, Harmony, Key
from musebots.messages import Broadcast, HarmonyPlan, OscValue
from musebots.timebase import MeterMap, ticks_from_beats

__all__ = ["TOPICS", "FollowedHarmony", "chord_of"]

TOPICS = ("plan/chords", "plan/chordDuration", "notepool")
OPEN_TICKS = 2 * 480  # the first of a band plans a beat and a half ahead
NEXT_TICKS = 120
PHRASE_BARS = 4
MAX_CHORDS = 64


def chord_of(pitches: Sequence[int]) -> Chord | None:
    """The chord that pitches spell best; None for fewer than two pitch classes.

    Each quality on each pitch class that sounds is judged: notes of it that sound, less notes of it
    that are missing, less notes beyond it; of equals, one with the root in the bass.

    Examples
    --------
    >>> str(chord_of([57, 60, 64, 67])), str(chord_of([64, 67, 72]))
    ('Am7', 'C/E')
    """
    heard = {pitch % 12 for pitch in pitches}
    if len(heard) < 2:
        return None
    bass = min(pitches) % 12

    def fit(chord: Chord) -> tuple[int, bool, int]:
        wanted = set(chord.pitch_classes)
        missing, beyond = len(wanted - heard), len(heard - wanted)
        return (len(wanted & heard) - 2 * missing - beyond, chord.root_pc == bass, -len(wanted))

    best = max((Chord(root, quality) for root in sorted(heard) for quality in QUALITIES), key=fit)
    return replace(best, bass_pc=bass) if bass in best.pitch_classes else best


@dataclass(frozen=True, slots=True)
class _Plan:
    chords: tuple[Chord, ...]
    durations: tuple[float, ...]


class FollowedHarmony:
    """What the harmony of a score becomes when somebody leads it.

    Parameters
    ----------
    score : Score
        Its written chords hold until somebody is heard; its last bar comes home all the same.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._durations: tuple[float, ...] = ()
        self._spans: tuple[ChordSpan, ...] = ()
        self._key: Key | None = None
        self._kept_from = 0

    def take(self, message: Broadcast | HarmonyPlan, tick_now: float) -> bool:
        """Take in an announcement; whether the harmony to come has changed."""
        spans = self._read(message, tick_now)
        home_tick = self._score.meter_map.bar_tick(self._score.n_bars - 1)
        spans = tuple(span for span in spans if span.tick < home_tick)
        if not spans:
            return False
        self._kept_from = max(0, int(tick_now) - KEPT_TICKS)
        known = Harmony(self._score.key, self._spans).forgotten_before(self._kept_from).spans
        kept = tuple(span for span in known if span.tick < spans[0].tick)
        self._spans = (*kept, *spans)
        return True

    def passage(self, passage: Passage) -> Passage:
        """A passage of the score with what was announced in place of what was written.

        What lies far behind is left out, and a chord that is held is one span, however long.
        """
        if not self._spans:
            return passage
        section, from_tick = passage.section, self._spans[0].tick
        home_tick = self._score.meter_map.bar_tick(self._score.n_bars - 1)
        led, written = Harmony(passage.key, self._spans), Harmony(passage.key, passage.spans)
        start = min(max(section.start_tick, self._kept_from), section.end_tick - 1)
        ticks = {start, max(start, from_tick), home_tick}
        ticks |= {span.tick for span in self._spans}
        ticks |= {s.tick for s in passage.spans if not from_tick <= s.tick < home_tick}
        inside = sorted(tick for tick in ticks if start <= tick < section.end_tick)
        spans: list[ChordSpan] = []
        for tick, end in zip(inside, [*inside[1:], section.end_tick], strict=True):
            is_led = from_tick <= tick < home_tick
            chord = led.at_tick(tick) if is_led else written.at_tick(tick)
            if self._key is not None and tick >= home_tick:
                chord = Harmony(self._key).tonic
            if is_led and spans and spans[-1].chord == chord and spans[-1].tick >= from_tick:
                tick = spans.pop().tick
            spans.append(ChordSpan(tick, end - tick, chord))
        return replace(passage, key=self._key or passage.key, spans=tuple(spans))

    def _read(self, message: Broadcast | HarmonyPlan, tick_now: float) -> tuple[ChordSpan, ...]:
        bar = self._open_bar(tick_now)
        meters = self._score.meter_map
        if isinstance(message, HarmonyPlan):
            self._key = message.key
            return _from(message.spans, -(-max(0.0, tick_now) // NEXT_TICKS) * NEXT_TICKS)
        if message.topic == "plan/chordDuration":
            numbers = [v for v in message.values if isinstance(v, int | float) and v > 0]
            self._durations = tuple(float(v) for v in numbers[:MAX_CHORDS])
            return ()
        if message.topic == "notepool":
            pitches = [v for v in message.values if isinstance(v, int) and 0 <= v <= 127]
            chord = chord_of(pitches)
            tick = meters.bar_tick(bar)
            return (ChordSpan(tick, meters.bar_tick(bar + 1) - tick, chord),) if chord else ()
        if message.topic != "plan/chords":
            return ()
        tonic = self._key_at(meters.bar_tick(bar)).tonic_pc
        found = (chord_of(_pitches(value, tonic)) for value in message.values[:MAX_CHORDS])
        plan = _Plan(tuple(chord for chord in found if chord), self._durations)
        return _laid_out(plan, self._phrase_bar(bar), meters)

    def _open_bar(self, tick_now: float) -> int:
        """The first bar that nobody has planned yet."""
        meters = self._score.meter_map
        bar = max(0, meters.bar_at(tick_now + OPEN_TICKS))
        return bar if meters.bar_tick(bar) >= tick_now + OPEN_TICKS else bar + 1

    def _phrase_bar(self, bar: int) -> int:
        """The first bar of a phrase, from this one on."""
        meters = self._score.meter_map
        for passage in self._score.passages:
            first, end = (
                meters.bar_at(t) for t in (passage.section.start_tick, passage.section.end_tick)
            )
            if bar < end:
                into = max(0, bar - first)
                return min(end, max(bar, first + -(-into // PHRASE_BARS) * PHRASE_BARS))
        return bar

    def _key_at(self, tick: int) -> Key:
        passages = [p for p in self._score.passages if p.section.start_tick <= tick]
        return passages[-1].key if passages else self._score.key


def _from(spans: Sequence[ChordSpan], tick: float) -> tuple[ChordSpan, ...]:
    """What of these spans is still to come."""
    ends = [(max(span.tick, int(tick)), span.tick + span.duration_ticks, span) for span in spans]
    return tuple(
        ChordSpan(start, end - start, span.chord) for start, end, span in ends if start < end
    )


def _pitches(value: OscValue, tonic: int) -> list[int]:
    """The pitches, from MIDI 48 up, that ``"0 4 7"`` stands for; none for what is no such text."""
    try:
        return [48 + tonic + int(part) for part in str(value).split()]
    except ValueError:
        return []


def _laid_out(plan: _Plan, first_bar: int, meters: MeterMap) -> tuple[ChordSpan, ...]:
    spans, tick, bar = [], meters.bar_tick(first_bar), first_bar
    for index, chord in enumerate(plan.chords):
        if plan.durations:
            length = ticks_from_beats(plan.durations[index % len(plan.durations)])
        else:
            length = meters.bar_tick(bar + 1) - meters.bar_tick(bar)
        spans.append(ChordSpan(tick, max(1, length), chord))
        tick, bar = tick + max(1, length), bar + 1
    return tuple(spans)
