"""Small corpora made on the spot."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

mido = pytest.importorskip("mido")

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
CHORDS = ((0, "maj"), (9, "min"), (5, "maj"), (7, "7"))


def _tune(name: str, *, split: str = "train", n_bars: int = 8, **changes: Any) -> dict[str, Any]:
    """A 4/4 tune in eighths up and down the scale over C Am F G7, in the events format."""
    melody = [[12 * i, 12, SCALE[(i + (i // 8) % 3) % 8], 80] for i in range(8 * n_bars)]
    chords = [
        [96 * bar, 96, CHORDS[bar % 4][0], CHORDS[bar % 4][1], CHORDS[bar % 4][0]]
        for bar in range(n_bars)
    ]
    record = {
        "id": name, "source": "nottingham", "split": split, "meter": [4, 4], "key": [0, "major"],
        "pickup": 0, "length": 96 * n_bars, "melody": melody, "chords": chords,
    }  # fmt: skip
    return record | changes


def _groove(name: str, *, split: str = "train", n_bars: int = 8, **changes: Any) -> dict[str, Any]:
    """Kick on 1 and 3, snare on 2 and 4, closed hats in eighths, a little late."""
    hits = []
    for step in range(0, 16 * n_bars, 2):
        hits.append([step, 2, 60, 12])
        if step % 8 == 0:
            hits.append([step, 0, 100, 0])
        if step % 8 == 4:
            hits.append([step, 1, 110, 6])
    record = {
        "id": name, "source": "groove", "split": split, "meter": [4, 4], "style": "rock/slow",
        "beat_type": "beat", "drums16": hits,
    }  # fmt: skip
    return record | changes


def _write_events(folder: Path, records: Iterable[dict[str, Any]], name: str = "set") -> Path:
    """Write an event file and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")
    return folder


def _midi_track(
    name: str,
    notes: Sequence[tuple[float, float, int]],
    *,
    channel: int = 0,
    program: int = 0,
    meta: Sequence[tuple[float, mido.MetaMessage]] = (),
) -> mido.MidiTrack:
    """A track of (onset, duration, pitch) in beats, 480 ticks each."""
    events: list[tuple[int, int, Any]] = [(round(b * 480), 0, m) for b, m in meta]
    for onset, duration, pitch in notes:
        on = mido.Message("note_on", channel=channel, note=pitch, velocity=90)
        off = mido.Message("note_off", channel=channel, note=pitch)
        events.append((round(onset * 480), 2, on))
        events.append((round((onset + duration) * 480), 1, off))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    track.append(mido.Message("program_change", channel=channel, program=program))
    tick = 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=at - tick))
        tick = at
    return track


def _band_file(path: Path, *, n_bars: int = 16, shift: int = 0) -> Path:
    """A trio in a file: melody, chords, bass and drums over C Am F G7, `shift` semitones up."""
    song = mido.MidiFile(ticks_per_beat=480)
    lead = [(b / 2, 0.5, SCALE[(b + b // 8) % 8] + 12 + shift) for b in range(8 * n_bars)]
    bass, pads, drums = [], [], []
    for bar in range(n_bars):
        root, quality = CHORDS[bar % 4]
        third = 3 if quality == "min" else 4
        bass += [(4 * bar + beat, 1.0, 36 + root % 12 + shift) for beat in range(4)]
        pads += [(4.0 * bar, 4.0, 48 + root + shift + i) for i in (0, third, 7)]
        drums += [(4 * bar + b, 0.25, 36 if b % 2 == 0 else 38) for b in range(4)]
        drums += [(4 * bar + b / 2, 0.25, 42) for b in range(8)]
    signature = mido.MetaMessage("time_signature", numerator=4, denominator=4)
    song.tracks = [
        _midi_track("Lead", lead, program=73, meta=[(0.0, signature)]),
        _midi_track("Pad", pads, channel=1, program=89),
        _midi_track("Fingered", bass, channel=2, program=33),
        _midi_track("Kit", drums, channel=9),
    ]
    song.save(path)
    return path


@pytest.fixture
def tune() -> Callable[..., dict[str, Any]]:
    """Make a tune record: ``tune(name, split=..., n_bars=..., field=value)``."""
    return _tune


@pytest.fixture
def groove() -> Callable[..., dict[str, Any]]:
    """Make a drum record: ``groove(name, split=..., n_bars=..., field=value)``."""
    return _groove


@pytest.fixture
def write_events() -> Callable[..., Path]:
    """Write an event file: ``write_events(folder, records)``."""
    return _write_events


@pytest.fixture
def midi_track() -> Callable[..., mido.MidiTrack]:
    """Make a MIDI track: ``midi_track(name, notes, channel=..., program=...)``."""
    return _midi_track


@pytest.fixture
def band_file() -> Callable[..., Path]:
    """Write a MIDI file of a trio: ``band_file(path, n_bars=..., shift=...)``."""
    return _band_file


@pytest.fixture
def tunes(tmp_path: Path) -> Path:
    """Six training tunes and two held out."""
    records = [_tune(f"t{i}") for i in range(6)]
    records += [_tune("v", split="valid"), _tune("x", split="test")]
    return _write_events(tmp_path / "corpus", records)
