"""The part of a recording from a bar on, as a recording of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from director.outputs.base import Level, Marker, NoteOff, NoteOn, OutputEvent, StripAdded
from director.outputs.recording import last_tempo_map
from director.score import Passage
from ensembles.sessions.reading import Take
from musebots.errors import ConfigError
from musebots.timebase import MeterMap, TempoMap, TempoPoint

__all__ = ["from_bar"]


def from_bar(take: Take, bar: int) -> Take:
    """The same music, beginning at a bar (from 0): what began before it is left out.

    Raises
    ------
    ConfigError
        When the music has no such bar.
    """
    score = take.score
    if not 0 <= bar < score.n_bars:
        raise ConfigError(f"there is no bar {bar + 1}: the session has {score.n_bars}")
    first_tick = score.meter_map.bar_tick(bar)
    tempo_map = last_tempo_map(score, list(take.events))
    offset_seconds = tempo_map.seconds_at(first_tick)
    moved = [
        replace(event, tick=event.tick - first_tick, seconds=event.seconds - offset_seconds)
        for event in _kept(take.events, first_tick)
    ]
    shorter = replace(
        score,
        tempo_map=_tempo_from(tempo_map, first_tick),
        meter_map=_meter_from(score.meter_map, bar),
        passages=tuple(_passages_from(score.passages, first_tick)),
        n_bars=score.n_bars - bar,
        ritardando=None,  # the tempo map has it
        first_bar=0,
    )
    stop_tick = None if take.stop_tick is None else max(0, take.stop_tick - first_tick)
    return Take(shorter, tuple(moved), stop_tick)


def _kept(events: Iterable[OutputEvent], first_tick: int) -> Iterator[OutputEvent]:
    """What happens from the bar line on; before it, who is there, and how loud in the end."""
    levels: dict[str, Level] = {}
    added: list[StripAdded] = []
    begun: set[tuple[int, int]] = set()
    later: list[OutputEvent] = []
    for event in events:
        match event:
            case Level() if event.tick < first_tick:
                levels[event.bot_id] = event
            case StripAdded():
                added.append(event)
            case NoteOn() if event.tick >= first_tick:
                begun.add((event.channel, event.pitch))
                later.append(event)
            case NoteOff() if event.tick >= first_tick and (event.channel, event.pitch) in begun:
                later.append(event)
            case Level() | Marker() if event.tick >= first_tick:
                later.append(event)
    for strip in added:
        yield replace(strip, tick=max(first_tick, strip.tick))
    for level in levels.values():
        yield replace(level, tick=first_tick)
    yield from later


def _tempo_from(tempo_map: TempoMap, tick: int) -> TempoMap:
    """The tempo from a tick on; a ramp that is under way there goes on as it was."""
    points = tempo_map.points
    current = max((p for p in points if p.tick <= tick), key=lambda p: p.tick)
    first = TempoPoint(0, tempo_map.bpm_at(tick), is_ramp=current.is_ramp)
    later = (TempoPoint(p.tick - tick, p.bpm, p.is_ramp) for p in points if p.tick > tick)
    return TempoMap((first, *later))


def _meter_from(meter_map: MeterMap, bar: int) -> MeterMap:
    later = ((b - bar, signature) for b, signature in meter_map.changes if b > bar)
    return MeterMap(((0, meter_map.time_signature_at(bar)), *later))


def _passages_from(passages: Iterable[Passage], tick: int) -> Iterator[Passage]:
    for passage in passages:
        section = passage.section
        if section.end_tick <= tick:
            continue
        spans = tuple(
            replace(
                span,
                tick=max(0, span.tick - tick),
                duration_ticks=span.tick + span.duration_ticks - max(tick, span.tick),
            )
            for span in passage.spans
            if span.tick + span.duration_ticks > tick
        )
        moved = replace(
            section, start_tick=max(0, section.start_tick - tick), end_tick=section.end_tick - tick
        )
        yield Passage(moved, passage.key, spans)
