"""People at a keyboard, simulated or recorded, and a band that hears them on virtual time."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from pathlib import Path

import mido
import numpy as np
import pytest

from director.director import Casting, Director
from director.outputs.memory import MemoryOutput, paired_notes
from ensembles.config import parse_piece
from ensembles.hearing import keep_with_person
from ensembles.stage import cast_of
from musebots.agent import Link
from musebots.harmony import parse_chords
from musebots.hearing.person import Person
from musebots.network import LoopbackNetwork
from musebots.notes import Note
from musebots.registry import resolve

ROOT = Path(__file__).parents[3]
PIECE = """
title = "Follow me"
key = "C major"
harmony = "follow"
[tempo]
bpm = {bpm}
ritardando = false
[[section]]
name = "A"
chords = "C"
bars = {bars}
"""


def comping(progression, *, bars, beats_per_bar=4, every=1.0, velocity=80, low=True):
    """Chords on every beat in close position, with the root in the bass on the first."""
    notes, beat = [], 0.0
    chords = parse_chords(progression, beats_per_bar=beats_per_bar)
    while beat < bars * beats_per_bar:
        for length, chord in chords:
            if low:
                notes.append(Note(beat, 36 + chord.root_pc, 0.9, velocity))
            for step in np.arange(0, length, every):
                for pc in chord.pitch_classes:
                    notes.append(
                        Note(beat + float(step), 60 + (pc - 0) % 12, 0.7 * every, velocity)
                    )
            beat += length
    return sorted(note for note in notes if note.onset < bars * beats_per_bar)


def played(notes, *, bpm=100.0, jitter_seconds=0.0, rng=None):
    """(seconds, pitch, velocity) of every key that moves; `bpm` may be a function of the beat."""
    rows = []
    seconds_at = seconds_of(bpm)
    for note in notes:
        off = rng.normal(0.0, jitter_seconds) if rng is not None else 0.0
        rows.append((seconds_at(note.onset) + off, note.pitch, note.velocity))
        rows.append((seconds_at(note.onset + note.duration) + off, note.pitch, 0))
    return sorted(rows, key=lambda row: (row[0], row[2] > 0))


def seconds_of(bpm):
    """Beats to seconds, for a tempo that may be a function of the beat."""
    if not callable(bpm):
        return lambda beat: beat * 60.0 / bpm
    beats = np.arange(0, 1000, 1 / 96)
    seconds = np.concatenate([[0.0], np.cumsum([60.0 / bpm(beat) / 96 for beat in beats])])[:-1]
    return lambda beat: float(np.interp(beat, beats, seconds))


async def accompanied(rows, *, bars, bpm=100.0, bots=("hello",), tempo=False, extra=""):
    """A band and a person who plays `rows` (seconds from the first downbeat).

    Notes by bot, the Director, the person, and when each note sounded: (tick, seconds) by bot.
    """
    text = PIECE.format(bpm=bpm, bars=bars) + "".join(
        f'[[bot]]\nid = "{bot}"\nclass = "{bot}"\n{extra}\n' for bot in bots
    )
    piece = parse_piece(text)
    score, out, network = piece.score(), MemoryOutput(), LoopbackNetwork()
    cast = cast_of(piece, score)
    cast["person"] = Casting("person", 0, '{"tempo": true}' if tempo else "{}")
    await out.open(score)
    director = Director(score, cast, [out])
    address = await director.open(network)
    person = Person.make("person")
    loop = asyncio.get_running_loop()

    async def play():
        await person.clock.started()
        anchor = person.clock.anchor_seconds
        for seconds, pitch, velocity in rows:
            await asyncio.sleep(max(0.0, anchor + seconds - loop.time()))
            if velocity:
                person.strike(pitch, velocity, loop.time())
            else:
                person.release(pitch, loop.time())

    async with asyncio.TaskGroup() as tasks:
        lives = [
            tasks.create_task(resolve(b.bot).make(b.id).run(Link(b.id, network, address)))
            for b in piece.bots
        ]
        lives.append(tasks.create_task(person.run(Link("person", network, address))))
        playing = tasks.create_task(play())
        keeping = tasks.create_task(keep_with_person(director)) if tempo else None
        report = await director.run()
        playing.cancel()
        if keeping is not None:
            keeping.cancel()
        await asyncio.gather(*lives)
    assert not report.n_late, report.n_late
    return {
        bot.bot_id: of for bot in score.strips for of in [paired_notes(out.events)[bot.bot_id]]
    }, (
        director,
        person,
        out,
    )


def recorded(n_files):
    """The first MIDI files of multitrack pieces in 4/4; skips where the corpora are not."""
    folder = Path(os.environ.get("MUSEBOTS_CORPORA", ROOT.parent / "shared" / "data"))
    file = folder / "raw" / "game_music" / "helland.tar.gz"
    if not file.is_file():
        pytest.skip("the corpora are not here: MUSEBOTS_CORPORA names their folder")
    with tarfile.open(file) as archive:
        found = [name for name in archive.getnames() if name.endswith(".mid")][:n_files]
        return [archive.extractfile(name).read() for name in found]


def pitched_notes(data):
    """All notes but the drums' of a MIDI file's first 32 bars, as one player has them."""
    midi, notes, sounding, tick = mido.MidiFile(file=io.BytesIO(data), clip=True), [], {}, 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type not in ("note_on", "note_off") or message.channel == 9:
            continue
        onset, velocity = sounding.pop((message.channel, message.note), (tick, 0))
        if onset < tick:
            beat, length = onset / midi.ticks_per_beat, (tick - onset) / midi.ticks_per_beat
            notes.append(Note(beat, message.note, length, velocity))
        if message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note] = tick, message.velocity
    return sorted(note for note in notes if note.onset < 128)
