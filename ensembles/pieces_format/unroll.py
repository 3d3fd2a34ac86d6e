"""From the tables of a piece to the time line: meters, tempi, sections and strips. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle

from director.channels import free_channel
from director.score import SectionTemplate, Strip
from director.sounds import program_of
from ensembles.pieces_format.model import BotTable, PieceTable, SectionTable, SteeringTable
from musebots.harmony import Chord
from musebots.messages import Policy
from musebots.timebase import (
    MAX_BPM,
    MIN_BPM,
    MeterMap,
    Ritardando,
    TempoMap,
    TimeSignature,
    beats_from_ticks,
    ticks_from_beats,
)

__all__ = [
    "assign_channels",
    "meter_map",
    "policy_of",
    "ritardando",
    "section_templates",
    "strip",
    "tempo_map",
]

DEFAULT_PROGRAMS = {"melody": 11, "bass": 33}  # vibraphone, finger bass


def _visits(table: PieceTable, n_bars: int) -> list[tuple[SectionTable, int, int]]:
    """The sections one after another with first bar and length, until `n_bars` are filled."""
    visits, bar = [], 0
    for section in cycle(table.order):
        if bar >= n_bars:
            break
        length = min(section.n_bars, n_bars - bar)
        visits.append((section, bar, length))
        bar += length
    return visits


def meter_map(table: PieceTable, n_bars: int) -> MeterMap:
    """Each bar's time signature: its section's own, or else the one in force by bar."""
    by_bar = {
        _bar(change.bar, n_bars): change.time_signature for change in table.time_signature_changes
    }
    current = table.time_signature
    changes: list[tuple[int, TimeSignature]] = []
    for section, first, length in _visits(table, n_bars):
        for bar in range(first, first + length):
            current = by_bar.get(bar, current)
            signature = section.time_signature or current
            if not changes or changes[-1][1] != signature:
                changes.append((bar, signature))
    return MeterMap(tuple(changes))


def _bar(bar: int, n_bars: int) -> int:
    """A bar as people count it, from 0; one that counts from the end may come out negative."""
    return bar + n_bars if bar < 0 else bar - 1


def tempo_map(table: PieceTable, meters: MeterMap, *, n_bars: int, bpm: float | None) -> TempoMap:
    """The tempo with its changes; `bpm` scales all of it so that the piece begins there.

    Changes that fall outside a shorter performance are left out; a later change cuts a ramp short.

    Raises
    ------
    ValueError
        If a scaled tempo is out of range.
    """
    scale = 1.0 if bpm is None else bpm / table.tempo.bpm
    tempi = [table.tempo.bpm, *(change.bpm for change in table.tempo.changes)]
    for tempo in tempi:
        if not MIN_BPM <= tempo * scale <= MAX_BPM:
            raise ValueError(
                f"bpm {bpm:g} would scale a tempo of the piece to {tempo * scale:g}; "
                f"all must stay in {MIN_BPM:g}..{MAX_BPM:g}"
            )
    tempo_line = TempoMap.constant(table.tempo.bpm * scale)
    changes = [(_bar(change.bar, n_bars), change) for change in table.tempo.changes]
    for bar, change in sorted(changes, key=lambda item: item[0]):
        if 0 < bar < n_bars:
            tick = meters.bar_tick(bar)
            ramp_ticks = meters.bar_tick(bar + change.ramp_bars) - tick
            tempo_line = tempo_line.with_change(tick, change.bpm * scale, ramp_ticks=ramp_ticks)
    slowing = ritardando(table, meters, n_bars)
    return tempo_line if slowing is None else tempo_line.with_ritardando(slowing)


def ritardando(table: PieceTable, meters: MeterMap, n_bars: int) -> Ritardando | None:
    """How the piece slows down into its last bar, if it does and is long enough for it."""
    wish = table.tempo.ritardando
    last_tick = meters.bar_tick(n_bars - 1)
    beats = meters.time_signature_at(n_bars - 2).bar_beats if wish is None else wish
    start_tick = last_tick - ticks_from_beats(beats)
    is_there = beats > 0 and n_bars > 2 and start_tick > 0
    return Ritardando(start_tick, last_tick) if is_there else None


def section_templates(
    table: PieceTable, meters: MeterMap, n_bars: int
) -> tuple[SectionTemplate, ...]:
    """One template per visit, its chords fitted to the bars that it visits."""
    return tuple(
        SectionTemplate(
            section.name,
            length,
            _chords(section, meters, first=first, length=length),
            section.key or table.key,
            intensity=section.intensity,
            density=section.density,
            register=section.register_,
            tacet=section.tacet,
            solo=section.solo,
            faders=_faders(table, section),
        )
        for section, first, length in _visits(table, n_bars)
    )


def _faders(table: PieceTable, section: SectionTable) -> tuple[tuple[str, float], ...]:
    """Where the faders stand in a section: as it says, or else as the piece does."""
    if section.fader is not None:
        return section.fader
    return table.steering.fader if table.steering else ()


def policy_of(table: PieceTable) -> Policy:
    """Who moves the bots between calmer and bolder when the piece begins."""
    of = table.steering or SteeringTable()
    return Policy(of.mode, of.target, of.tolerance, of.means)


def _chords(
    section: SectionTable, meters: MeterMap, *, first: int, length: int
) -> tuple[tuple[float, Chord], ...]:
    """The section's chords, repeated to fill its bars, as (beats, chord)."""
    spans: list[tuple[float, Chord]] = []
    start, end_tick = 0.0, meters.bar_tick(first + length)
    for bars, chord in cycle(section.progression):
        tick = _tick(meters, first + start)
        start += bars
        until = min(_tick(meters, first + start), end_tick)
        spans.append((beats_from_ticks(until - tick), chord))
        if until >= end_tick:
            break
    return tuple(spans)


def _tick(meters: MeterMap, bars: float) -> int:
    """The tick of a place between two bar lines."""
    bar = math.floor(bars + 1e-9)
    in_bar = (bars - bar) * meters.time_signature_at(bar).bar_ticks
    return meters.bar_tick(bar) + round(in_bar)


def assign_channels(bots: Sequence[BotTable]) -> tuple[int, ...]:
    """Each bot's channel, from 1: as written, or 10 for drums, or else the first one free."""
    taken = {bot.channel - 1 for bot in bots if bot.channel is not None}
    channels = []
    for bot in bots:
        if bot.channel is not None:
            channels.append(bot.channel)
            continue
        channel = free_channel(taken, is_drums=bot.part == "drums")
        assert channel is not None, "a piece has fewer bots than there are channels"
        taken.add(channel)
        channels.append(channel + 1)
    return tuple(channels)


def strip(bot: BotTable, channel: int) -> Strip:
    """The bot's place in the mix; `channel` counts from 1."""
    program = DEFAULT_PROGRAMS.get(bot.part, 0) if bot.program is None else bot.program
    if bot.instrument is not None and bot.program is None and bot.part != "drums":
        program = program_of(bot.instrument)
    return Strip(
        bot.id,
        bot.part,
        channel - 1,
        program=program,
        gain_db=bot.gain_db,
        pan=bot.pan,
        instrument=bot.instrument or "",
        reverb=bot.reverb,
    )
