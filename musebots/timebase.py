"""Musical time, without a clock: ticks, beats, bars, tempo, swing.

Everything here is pure. A *beat* is a quarter note, a *tick* is 1/480 beat, a *pulse* is 1/16 beat
(the Musebot specification's own unit). Bars are counted from 0 in code and on the wire, and from 1
wherever a person reads or writes them; bar -1 is the count-in.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

__all__ = [
    "PPQ",
    "PULSES_PER_BEAT",
    "TICKS_PER_PULSE",
    "BarPosition",
    "MeterMap",
    "Ritardando",
    "TempoMap",
    "TempoPoint",
    "TimeSignature",
    "beats_from_ticks",
    "swing_ticks",
    "ticks_from_beats",
]

PPQ = 480
PULSES_PER_BEAT = 16
TICKS_PER_PULSE = PPQ // PULSES_PER_BEAT
MIN_BPM, MAX_BPM = 10.0, 480.0
MIN_FORGOTTEN = 3  # points; fewer are not worth it
SECONDS_PER_MINUTE = 60.0


def ticks_from_beats(beats: float) -> int:
    """Beats to the nearest tick.

    Examples
    --------
    >>> ticks_from_beats(1 / 3)
    160
    """
    return round(beats * PPQ)


def beats_from_ticks(ticks: int) -> float:
    """Ticks to beats; the inverse of `ticks_from_beats` for every integer tick."""
    return ticks / PPQ


@dataclass(frozen=True, slots=True)
class TempoPoint:
    """From `tick` on the music goes at `bpm` (quarter notes a minute).

    With `is_ramp` the tempo moves, linearly in beats, to that of the next point.
    """

    tick: int
    bpm: float
    is_ramp: bool = False

    def __post_init__(self) -> None:
        if not MIN_BPM <= self.bpm <= MAX_BPM:
            raise ValueError(f"bpm must be in {MIN_BPM:g}..{MAX_BPM:g}, got {self.bpm:g}")


@dataclass(frozen=True, slots=True)
class Ritardando:
    """Slowing down from `start_tick` to `end_tick`, to this share of the tempo before."""

    start_tick: int
    end_tick: int
    share: float = 0.72

    def __post_init__(self) -> None:
        if self.end_tick <= self.start_tick:
            raise ValueError("a ritardando must end after it starts")
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share must be above 0 and up to 1, got {self.share}")


@dataclass(frozen=True)
class TempoMap:
    """How musical time (ticks) maps to seconds since tick 0.

    Parameters
    ----------
    points : tuple of TempoPoint
        In ascending order of tick, the first at tick 0; its tempo also holds before it (count-in).

    Notes
    -----
    On a ramp from `b0` to `b1` bpm over `n` ticks the tempo is ``b(x) = b0 + (b1 - b0) x / n``, so
    that ``seconds(x) = 60 / PPQ * n / (b1 - b0) * ln(b(x) / b0)``, which inverts in closed form.

    Examples
    --------
    >>> TempoMap.constant(120).seconds_at(960)
    1.0
    """

    points: tuple[TempoPoint, ...]

    def __post_init__(self) -> None:
        if not self.points or self.points[0].tick != 0:
            raise ValueError("a tempo map needs its first point at tick 0")
        if any(a.tick >= b.tick for a, b in pairwise(self.points)):
            raise ValueError("the points of a tempo map must be in ascending order of tick")
        if self.points[-1].is_ramp:
            raise ValueError("the last point of a tempo map cannot be a ramp: nothing follows it")

    @classmethod
    def constant(cls, bpm: float) -> TempoMap:
        """One tempo throughout."""
        return cls((TempoPoint(0, bpm),))

    @cached_property
    def _ticks(self) -> list[int]:
        return [point.tick for point in self.points]

    @cached_property
    def _seconds(self) -> list[float]:
        seconds = [0.0]
        for index, (a, b) in enumerate(pairwise(self.points)):
            seconds.append(seconds[-1] + self._seconds_into(index, b.tick - a.tick))
        return seconds

    def _slope(self, index: int) -> float:
        """Bpm gained per tick after point `index`; 0 when it is no ramp."""
        point = self.points[index]
        if not point.is_ramp:
            return 0.0
        following = self.points[index + 1]
        return (following.bpm - point.bpm) / (following.tick - point.tick)

    def _seconds_into(self, index: int, ticks: float) -> float:
        point, slope = self.points[index], self._slope(index) if ticks > 0 else 0.0
        relative = slope * ticks / point.bpm
        if abs(relative) < 1e-9:  # flat, or so nearly that the logarithm would lose digits
            return ticks * SECONDS_PER_MINUTE / (PPQ * point.bpm) * (1.0 - relative / 2.0)
        return SECONDS_PER_MINUTE / (PPQ * slope) * math.log1p(relative)

    def _ticks_into(self, index: int, seconds: float) -> float:
        point, slope = self.points[index], self._slope(index) if seconds > 0 else 0.0
        exponent = seconds * PPQ * slope / SECONDS_PER_MINUTE
        if abs(exponent) < 1e-9:
            return seconds * PPQ * point.bpm / SECONDS_PER_MINUTE * (1.0 + exponent / 2.0)
        return point.bpm / slope * math.expm1(exponent)

    def seconds_at(self, tick: float) -> float:
        """Seconds from tick 0 to `tick`; negative in the count-in."""
        index = max(0, bisect_right(self._ticks, tick) - 1)
        return self._seconds[index] + self._seconds_into(index, tick - self.points[index].tick)

    def tick_at(self, seconds: float) -> float:
        """The (fractional) tick reached `seconds` after tick 0; the inverse of `seconds_at`."""
        index = max(0, bisect_right(self._seconds, seconds) - 1)
        return self.points[index].tick + self._ticks_into(index, seconds - self._seconds[index])

    def bpm_at(self, tick: float) -> float:
        """Quarter notes a minute at `tick`."""
        index = max(0, bisect_right(self._ticks, tick) - 1)
        point = self.points[index]
        return point.bpm + self._slope(index) * max(0.0, tick - point.tick)

    def joined(self, points: Sequence[TempoPoint]) -> TempoMap:
        """This map up to the first of `points`, and from there on those."""
        if not points:
            raise ValueError("a tempo map is joined with at least one point")
        return TempoMap((*(p for p in self.points if p.tick < points[0].tick), *points))

    def forgotten_before(self, tick: int) -> TempoMap:
        """The same from `tick` on, and one tempo before it that takes as long until there.

        So that a session that follows another clock for hours does not grow. Ticks before `tick`
        fall between those of tick 0 and `tick`, and no longer just where they did.
        """
        if tick <= 0 or bisect_right(self._ticks, tick) < MIN_FORGOTTEN:
            return self
        bpm = tick * SECONDS_PER_MINUTE / (PPQ * self.seconds_at(tick))
        index = bisect_right(self._ticks, tick) - 1
        point = self.points[index]
        at_tick = TempoPoint(tick, self.bpm_at(tick), point.is_ramp)
        start = TempoPoint(0, min(MAX_BPM, max(MIN_BPM, bpm)))
        return TempoMap((start, at_tick, *self.points[index + 1 :]))

    def changed_points(self, before: TempoMap) -> tuple[TempoPoint, ...]:
        """The points of this map that `before` does not begin with."""
        n_same = 0
        for mine, its in zip(self.points, before.points, strict=False):
            if mine != its:
                break
            n_same += 1
        return self.points[n_same:]

    def with_change(self, tick: int, bpm: float, *, ramp_ticks: int = 0) -> TempoMap:
        """The same past, and a new tempo from `tick` on.

        What was planned after `tick` is dropped: whoever turns the tempo by hand overrules the
        score. With `ramp_ticks` the new tempo is reached that much later, gradually.
        """
        if tick < 0:
            raise ValueError(f"tick must be >= 0, got {tick}")
        if ramp_ticks < 0:
            raise ValueError(f"ramp_ticks must be >= 0, got {ramp_ticks}")
        kept = [point for point in self.points if point.tick < tick]
        before = self.bpm_at(tick)
        if kept and kept[-1].is_ramp and not ramp_ticks:
            # a ramp that is cut short must not lean towards the new tempo: the past stays, but for
            # the last tick, which keeps the tempo that it begins with
            last = kept.pop()
            is_ramp = last.tick < tick - 1
            kept.append(TempoPoint(last.tick, last.bpm, is_ramp=is_ramp))
            kept += [TempoPoint(tick - 1, self.bpm_at(tick - 1))] if is_ramp else []
        change = (
            [TempoPoint(tick, before, is_ramp=True), TempoPoint(tick + ramp_ticks, bpm)]
            if ramp_ticks
            else [TempoPoint(tick, bpm)]
        )
        return TempoMap((*kept, *change))

    def with_ritardando(self, ritardando: Ritardando) -> TempoMap:
        """The same, and slowing down at the end; unless the tempo changes there anyway."""
        start_tick = ritardando.start_tick
        if any(point.tick > start_tick for point in self.points) or start_tick <= 0:
            return self
        return self.slowed(ritardando)

    def slowed(self, ritardando: Ritardando) -> TempoMap:
        """The same until it slows down there, whatever was planned from there on."""
        start_tick = ritardando.start_tick
        bpm = max(MIN_BPM, self.bpm_at(start_tick) * ritardando.share)
        return self.with_change(start_tick, bpm, ramp_ticks=ritardando.end_tick - start_tick)


@dataclass(frozen=True, slots=True)
class TimeSignature:
    """Numerator over denominator; `TimeSignature.parse("6/8")`.

    Examples
    --------
    >>> TimeSignature(6, 8).bar_ticks
    1440
    """

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.numerator <= 32:
            raise ValueError(f"numerator must be in 1..32, got {self.numerator}")
        if self.denominator not in (1, 2, 4, 8, 16):
            raise ValueError(f"denominator must be 1, 2, 4, 8 or 16, got {self.denominator}")

    @classmethod
    def parse(cls, text: str) -> TimeSignature:
        """Read ``"4/4"``; raises `ValueError` for anything else."""
        numerator, slash, denominator = text.strip().partition("/")
        if not (slash and numerator.strip().isdigit() and denominator.strip().isdigit()):
            raise ValueError(f'a time signature looks like "4/4" or "6/8", got {text!r}')
        return cls(int(numerator), int(denominator))

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_ticks(self) -> int:
        """Length of one bar in ticks."""
        return self.numerator * self.denominator_ticks

    @property
    def bar_beats(self) -> float:
        """Length of one bar in beats (quarter notes)."""
        return beats_from_ticks(self.bar_ticks)

    @property
    def is_compound(self) -> bool:
        """Whether its beats are felt in threes: 6/8, 9/8, 12/8."""
        return self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0

    @property
    def denominator_ticks(self) -> int:
        """Length in ticks of the note value that the denominator counts."""
        return 4 * PPQ // self.denominator


@dataclass(frozen=True, slots=True)
class BarPosition:
    """A place in the music: bar (from 0), ticks into that bar, and its time signature."""

    bar: int
    tick_in_bar: int
    time_signature: TimeSignature

    @property
    def beat_in_bar(self) -> float:
        """Beats (quarter notes) since the bar line."""
        return beats_from_ticks(self.tick_in_bar)

    def __str__(self) -> str:
        count = self.tick_in_bar // self.time_signature.denominator_ticks
        return f"{self.bar + 1}.{count + 1}"


@dataclass(frozen=True)
class MeterMap:
    """Which time signature each bar has, and hence where the bar lines are.

    Parameters
    ----------
    changes : tuple of (int, TimeSignature)
        (bar, time signature from that bar on) in ascending order, the first at bar 0; it also
        holds for the bars before (count-in).
    """

    changes: tuple[tuple[int, TimeSignature], ...] = ((0, TimeSignature()),)

    def __post_init__(self) -> None:
        if not self.changes or self.changes[0][0] != 0:
            raise ValueError("a meter map needs its first time signature at bar 0")
        if any(a[0] >= b[0] for a, b in pairwise(self.changes)):
            raise ValueError("the changes of a meter map must be in ascending order of bar")

    @classmethod
    def constant(cls, time_signature: TimeSignature) -> MeterMap:
        """One time signature throughout."""
        return cls(((0, time_signature),))

    @cached_property
    def _bars(self) -> list[int]:
        return [bar for bar, _ in self.changes]

    @cached_property
    def _ticks(self) -> list[int]:
        ticks = [0]
        for (bar, signature), (following, _) in pairwise(self.changes):
            ticks.append(ticks[-1] + (following - bar) * signature.bar_ticks)
        return ticks

    def time_signature_at(self, bar: int) -> TimeSignature:
        """The time signature of `bar`."""
        return self.changes[max(0, bisect_right(self._bars, bar) - 1)][1]

    def bar_tick(self, bar: int) -> int:
        """The tick of the bar line that opens `bar`."""
        index = max(0, bisect_right(self._bars, bar) - 1)
        first_bar, signature = self.changes[index]
        return self._ticks[index] + (bar - first_bar) * signature.bar_ticks

    def bar_at(self, tick: float) -> int:
        """The bar that `tick` lies in."""
        index = max(0, bisect_right(self._ticks, tick) - 1)
        first_bar, signature = self.changes[index]
        return first_bar + math.floor((tick - self._ticks[index]) / signature.bar_ticks)

    def position(self, tick: int) -> BarPosition:
        """Bar, ticks into it, and its time signature."""
        bar = self.bar_at(tick)
        return BarPosition(bar, tick - self.bar_tick(bar), self.time_signature_at(bar))


def swing_ticks(tick: int, swing: float, *, unit_ticks: int = PPQ // 2) -> int:
    """Delay the off-beats: where a straight `tick` sounds when the music swings.

    Parameters
    ----------
    tick : int
        Straight position.
    swing : float
        Share of a pair of units that its first half takes: 0.5 is straight, 2/3 a triplet feel;
        0.5..0.75.
    unit_ticks : int
        Length of the swung unit, by default the eighth note.

    Returns
    -------
    int
        Swung position. The map is monotone and keeps every multiple of ``2 * unit_ticks``.

    Examples
    --------
    >>> [swing_ticks(t, 2 / 3) for t in (0, 240, 480)]
    [0, 320, 480]
    """
    if not 0.5 <= swing <= 0.75:
        raise ValueError(f"swing must be in 0.5..0.75, got {swing}")
    pair = 2 * unit_ticks
    start, offset = tick - tick % pair, tick % pair
    if offset <= unit_ticks:
        return start + round(offset * 2 * swing)
    return start + round(pair * swing + (offset - unit_ticks) * 2 * (1 - swing))
