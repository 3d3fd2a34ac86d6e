"""A session's events as a MIDI file: type 1, 480 ticks a beat, one track per strip. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import mido

from director.channels import channel_on_port, port_of
from director.outputs.base import (
    Ending,
    InstrumentChanged,
    Level,
    Marker,
    NoteOff,
    NoteOn,
    OutputEvent,
    StripAdded,
    TempoChange,
)
from director.outputs.controllers import (
    PAN,
    VOLUME,
    gain_from_db,
    key_signature_name,
    pan_controller,
    volume_controller,
)
from director.outputs.recording import last_tempo_map, missing_ends
from director.score import Score, Strip
from musebots.timebase import PPQ, TempoMap

__all__ = ["midi_file", "tempo_steps"]

RAMP_STEP_TICKS = PPQ // 8
MICROSECONDS = 1_000_000
CLOCKS_PER_QUARTER = 24


def midi_file(
    score: Score, events: Iterable[OutputEvent], *, stop_tick: int | None = None
) -> mido.MidiFile:
    """Turn a session into a MIDI file: a conductor track, then one track per strip.

    Parameters
    ----------
    score : Score
        Title, meter, keys and strips; its tempo map holds unless an event changes it.
    events : iterable of OutputEvent
        In any order of ticks; equal ticks stay in the order given.
    stop_tick : int, optional
        Where the session stopped, if it did not reach the end of the score.

    Returns
    -------
    mido.MidiFile
        Every note has its end, no pitch begins twice on a channel without ending between, and
        all tracks end together: at the end (or stop), or with the last event, if that is later.
    """
    ordered = sorted(events, key=lambda event: event.tick)
    end_tick = _end_tick(score, ordered, stop_tick)
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ)
    markers = [event for event in ordered if isinstance(event, Marker)]
    tempo_map = last_tempo_map(score, ordered)
    file.tracks.append(_conductor_track(score, tempo_map, end_tick, markers))
    by_bot: dict[str, list[OutputEvent]] = {strip.bot_id: [] for strip in score.strips}
    strips = list(score.strips)
    for event in ordered:
        if isinstance(event, TempoChange | Ending | Marker):
            continue
        if isinstance(event, StripAdded):  # joined while it was played
            if event.strip.bot_id not in by_bot:
                by_bot[event.strip.bot_id] = []
                strips.append(event.strip)
            continue
        if event.bot_id not in by_bot:
            by_bot[event.bot_id] = []
            strips.append(Strip(event.bot_id, "guest", event.channel))
        by_bot[event.bot_id].append(event)
    for strip in strips:
        file.tracks.append(_strip_track(strip, by_bot[strip.bot_id], end_tick))
    return file


def tempo_steps(tempo_map: TempoMap, end_tick: int) -> list[tuple[int, int]]:
    """A tempo map as a MIDI file can hold it: steps only.

    Parameters
    ----------
    tempo_map : TempoMap
    end_tick : int
        Where the music ends; no step begins there or later.

    Returns
    -------
    list of (int, int)
        (tick, microseconds a beat). A ramp becomes eight steps a beat, each as long as the ramp
        takes for it; what rounding to whole microseconds loses in one step the next one returns,
        so that seconds agree at every step to within a microsecond.
    """
    steps: list[tuple[int, int]] = []
    for index, point in enumerate(tempo_map.points):
        if point.tick >= max(1, end_tick):
            break
        if not point.is_ramp:
            steps.append((point.tick, round(60 * MICROSECONDS / point.bpm)))
            continue
        ramp_end = tempo_map.points[index + 1].tick
        owed = 0.0
        for tick in range(point.tick, min(ramp_end, end_tick), RAMP_STEP_TICKS):
            following = min(ramp_end, tick + RAMP_STEP_TICKS)
            seconds = tempo_map.seconds_at(following) - tempo_map.seconds_at(tick) + owed
            microseconds = round(seconds * MICROSECONDS * PPQ / (following - tick))
            owed = seconds - microseconds * (following - tick) / (MICROSECONDS * PPQ)
            steps.append((tick, microseconds))
    return [step for n, step in enumerate(steps) if n == 0 or step[1] != steps[n - 1][1]]


def _end_tick(score: Score, ordered: list[OutputEvent], stop_tick: int | None) -> int:
    """Where the session stopped or else the score ends; later if a note is."""
    last_tick = ordered[-1].tick if ordered else 0
    return max(score.end_tick if stop_tick is None else stop_tick, last_tick)


def _conductor_track(
    score: Score, tempo_map: TempoMap, end_tick: int, markers: Iterable[Marker]
) -> mido.MidiTrack:
    """Title, tempo, meter, keys, the names of the sections, and what was remarked."""
    timed: list[tuple[int, mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=_latin(score.title)))
    ]
    timed += [
        (tick, mido.MetaMessage("set_tempo", tempo=microseconds))
        for tick, microseconds in tempo_steps(tempo_map, end_tick)
    ]
    for bar, signature in score.meter_map.changes:
        click_ticks = signature.denominator_ticks
        if signature.denominator >= 8 and signature.numerator % 3 == 0:
            click_ticks *= 3  # compound meter: people count dotted notes
        message = mido.MetaMessage(
            "time_signature",
            numerator=signature.numerator,
            denominator=signature.denominator,
            clocks_per_click=max(1, click_ticks * CLOCKS_PER_QUARTER // PPQ),
        )
        timed.append((score.meter_map.bar_tick(bar), message))
    key = None
    for passage in score.passages:
        tick = passage.section.start_tick
        if passage.key != key:
            key = passage.key
            timed.append((tick, mido.MetaMessage("key_signature", key=key_signature_name(key))))
        timed.append((tick, mido.MetaMessage("marker", text=_latin(passage.section.name))))
    timed += [(m.tick, mido.MetaMessage("marker", text=_latin(m.text))) for m in markers]
    timed = [(tick, message) for tick, message in timed if tick < max(1, end_tick)]
    return _track(sorted(timed, key=lambda pair: pair[0]), end_tick)


def _strip_track(strip: Strip, events: list[OutputEvent], end_tick: int) -> mido.MidiTrack:
    """A bot's name, sound, level and pan, and what it played."""
    channel = channel_on_port(strip.channel)
    volume, pan = volume_controller(gain_from_db(strip.gain_db)), pan_controller(strip.pan)
    timed: list[tuple[int, mido.Message | mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=_latin(strip.bot_id))),
        (0, mido.Message("program_change", channel=channel, program=strip.program)),
        (0, mido.Message("control_change", channel=channel, control=VOLUME, value=volume)),
        (0, mido.Message("control_change", channel=channel, control=PAN, value=pan)),
    ]
    if port_of(strip.channel):
        timed.insert(1, (0, mido.MetaMessage("midi_port", port=port_of(strip.channel))))
    sounding: set[tuple[int, int]] = set()
    for event in [*events, *missing_ends(events, end_tick)]:
        tick = max(0, event.tick)
        if isinstance(event, Level):
            volume, pan = _append_level(timed, tick, event, was=(volume, pan))
        elif isinstance(event, InstrumentChanged):
            timed.append(
                (tick, mido.Message("program_change", channel=channel, program=event.program))
            )
        elif isinstance(event, NoteOn):
            voice = (event.channel, event.pitch)
            if voice in sounding:
                timed.append((tick, _note_off(*voice)))
            sounding.add(voice)
            timed.append((tick, _note_on(event)))
        elif isinstance(event, NoteOff) and (event.channel, event.pitch) in sounding:
            sounding.remove((event.channel, event.pitch))
            timed.append((tick, _note_off(event.channel, event.pitch)))
    return _track(timed, end_tick)


def _append_level(
    timed: list[tuple[int, mido.Message | mido.MetaMessage]],
    tick: int,
    level: Level,
    *,
    was: tuple[int, int],
) -> tuple[int, int]:
    """Append the controllers that changed; their values as they now are."""
    now = (volume_controller(level.gain), pan_controller(level.pan))
    for control, before, value in zip((VOLUME, PAN), was, now, strict=True):
        if value != before:
            channel = channel_on_port(level.channel)
            message = mido.Message("control_change", channel=channel, control=control, value=value)
            timed.append((tick, message))
    return now


def _note_on(event: NoteOn) -> mido.Message:
    return mido.Message(
        "note_on",
        skip_checks=True,  # a Note was checked when it was made; twice costs more than the rest
        channel=channel_on_port(event.channel),
        note=event.pitch,
        velocity=event.velocity,
    )


def _note_off(channel: int, pitch: int) -> mido.Message:
    return mido.Message(
        "note_off", skip_checks=True, channel=channel_on_port(channel), note=pitch, velocity=0
    )


def _track(
    timed: list[tuple[int, mido.Message | mido.MetaMessage]], end_tick: int
) -> mido.MidiTrack:
    """Messages at absolute ticks, in order, as a track that ends at `end_tick`."""
    track, now = mido.MidiTrack(), 0
    for tick, message in timed:
        message.time = tick - now
        now = tick
        track.append(message)
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - now)))
    return track


def _latin(text: str) -> str:
    """Text as a MIDI file can hold it (latin-1); what it cannot is replaced by a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
