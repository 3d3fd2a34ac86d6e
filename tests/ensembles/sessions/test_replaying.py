"""The same notes, bit for bit; from a bar; with another bot; in a bundle. Seed 3 throughout."""

import json
import zipfile
from dataclasses import replace

import mido
import pytest

from director.outputs.base import NoteOff, NoteOn
from ensembles.config import load_piece
from ensembles.rendering import render
from ensembles.sessions.bundle import of_one_bot, write_bundle
from ensembles.sessions.excerpt import from_bar
from ensembles.sessions.reading import read_session
from ensembles.sessions.replaying import replay, write_midi
from musebots import messages as m
from musebots.errors import ConfigError


async def meddle(director, tell):
    """A performer at work."""
    await director.clock.until(6.5)
    tell(m.Mix("bass", "gain_db", -12.0, 0.5))
    tell(m.Mix("drums", "mute", 1.0))
    await director.clock.until(9.0)
    tell(m.SetTempo(140.0, 2.0))
    tell(m.Control("melody", "density", 0.9))
    await director.clock.until(14.0)
    tell(m.Mix("drums", "mute", 0.0))
    tell(m.Panic())


async def break_off(director, tell):
    """Somebody stops it in the middle of a bar."""
    await director.clock.until(13.3)
    tell(m.Stop())


def onsets(take, bot_id):
    return [(e.tick, e.pitch) for e in take.events if isinstance(e, NoteOn) and e.bot_id == bot_id]


@pytest.mark.parametrize("script", [meddle, break_off])
def test_a_replay_is_the_recording_byte_for_byte(keep, tmp_path, script):
    folder = keep(script=script)
    report = replay(folder, midi_path=tmp_path / "again.mid")
    assert (tmp_path / "again.mid").read_bytes() == folder.recording.read_bytes()
    assert report.is_whole
    assert sum(report.notes_per_bot.values()) > 50
    assert report.wall_seconds < report.music_seconds


def test_a_session_without_meddling_is_the_rendered_piece(keep, tmp_path):
    folder = keep("waltz")
    replay(folder, midi_path=tmp_path / "again.mid")
    render(load_piece("waltz"), bars=8, midi_path=tmp_path / "rendered.mid")
    assert (tmp_path / "again.mid").read_bytes() == (tmp_path / "rendered.mid").read_bytes()


def test_a_session_that_was_cut_off_is_replayed_as_far_as_it_came(keep, tmp_path):
    whole = keep(name="whole")
    cut = keep(name="cut", is_ended=False)
    lines = cut.journal.read_text().splitlines()
    cut.journal.write_text("\n".join(lines[: len(lines) // 2]) + '\n{"event": "pla')
    report = replay(cut, midi_path=tmp_path / "cut.mid")
    assert not report.is_whole
    assert 2 <= report.n_bars < 8
    before, after = (read_session(folder).take() for folder in (cut, whole))
    for bot_id in ("melody", "bass", "drums"):
        played = onsets(before, bot_id)
        assert played == onsets(after, bot_id)[: len(played)]
    for track in mido.MidiFile(tmp_path / "cut.mid").tracks:
        ons = [x for x in track if x.type == "note_on" and x.velocity]
        assert len(ons) == len([x for x in track if x.type in ("note_on", "note_off")]) / 2


def test_from_a_bar_on_the_notes_meters_tempi_and_levels_are_those_of_the_whole(keep, tmp_path):
    take = read_session(keep(script=meddle)).take()
    bar = 5  # in the section in three
    rest = from_bar(take, bar)
    first_tick = take.score.meter_map.bar_tick(bar)
    assert rest.score.n_bars == 3
    assert rest.score.end_tick == take.score.end_tick - first_tick
    assert str(rest.score.meter_map.time_signature_at(0)) == "3/4"
    for bot_id in ("melody", "bass", "drums"):
        later = [(t - first_tick, p) for t, p in onsets(take, bot_id) if t >= first_tick]
        assert onsets(rest, bot_id) == later
        assert later
    ons, offs = ([e for e in rest.events if isinstance(e, kind)] for kind in (NoteOn, NoteOff))
    assert len(ons) == len(offs)
    assert min(event.tick for event in rest.events) >= 0
    whole_seconds = {e.tick - first_tick: e.seconds for e in take.events if isinstance(e, NoteOn)}
    for event in ons:
        moved = rest.score.tempo_map.seconds_at(event.tick)
        assert moved == pytest.approx(event.seconds, abs=1e-9)
        assert whole_seconds[event.tick] > event.seconds
    write_midi(rest, tmp_path / "rest.mid")
    levels = [x.value for x in mido.MidiFile(tmp_path / "rest.mid").tracks[2]
              if x.type == "control_change" and x.control == 7]  # fmt: skip
    assert levels[-1] < levels[0]  # the bass was turned down before
    with pytest.raises(ConfigError, match="there is no bar 9: the session has 8"):
        from_bar(take, 8)


@pytest.mark.parametrize("bot_id", ["melody", "bass", "drums"])
def test_a_bot_that_plays_its_own_part_again_plays_the_same(keep, tmp_path, bot_id):
    folder = keep(script=meddle)
    report = replay(folder, midi_path=tmp_path / "again.mid", replaced={bot_id: bot_id})
    before = read_session(folder).take()
    write_midi(of_one_bot(before, bot_id), tmp_path / "one.mid")
    again, one = (
        [
            (tick, x.type, x.note)
            for track in mido.MidiFile(tmp_path / name).tracks
            if track.name == bot_id
            for tick, x in _timed(track)
            if x.type.startswith("note_")
        ]
        for name in ("again.mid", "one.mid")
    )
    assert again == one
    assert report.notes_per_bot[bot_id] == len(onsets(before, bot_id)) > 0


LISTENER = """
from musebots import Musebot, Note

class Echo(Musebot):
    role = "melody"
    hears = ("notes",)

    async def play(self):
        async for bar in self.clock.bars(lead=0.2):
            heard = self.band.notes(start=bar * 4 - 4, end=bar * 4, role="bass")
            for note in heard:
                self.send(Note(onset=note.onset + 4, pitch=note.pitch + 24, duration=0.25))
"""


def test_another_bot_in_its_place_hears_what_the_others_played(keep, tmp_path):
    piece = (
        'title = "x"\n[[section]]\nname = "A"\nchords = "C | F | G | C"\n'
        '[[bot]]\nclass = "melody"\n[[bot]]\nclass = "bass"\n[[bot]]\nclass = "drums"\n'
    )
    folder = keep(piece)
    (tmp_path / "echo.py").write_text(LISTENER)
    before = read_session(folder).take()
    report = replay(
        folder,
        midi_path=tmp_path / "other.mid",
        replaced={"melody": str(tmp_path / "echo.py")},
    )
    assert not report.n_late_notes
    bass = onsets(before, "bass")
    expected = [(t + 1920, p + 24) for t, p in bass if t + 1920 < before.score.end_tick]
    heard = [
        (tick, x.note)
        for track in mido.MidiFile(tmp_path / "other.mid").tracks
        if track.name == "melody"
        for tick, x in _timed(track)
        if x.type == "note_on" and x.velocity
    ]
    assert sorted(heard) == sorted(expected)
    assert report.notes_per_bot["bass"] == len(bass)
    with pytest.raises(ConfigError, match="there is no bot 'flute' in it; there are melody, bass"):
        replay(folder, replaced={"flute": "hello"})


def _timed(track):
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def test_a_bundle_holds_the_journal_and_the_same_notes_and_is_the_same_every_time(keep, tmp_path):
    folder = keep()
    for name in ("a.zip", "b.zip"):
        write_bundle(folder, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("kept/journal.jsonl") == folder.journal.read_bytes()
        assert archive.read("kept/recording.mid") == folder.recording.read_bytes()
        assert json.loads(archive.read("kept/session.json"))["state"] == "whole"
        assert all(name.startswith("kept/") for name in archive.namelist())


def test_one_bot_alone_keeps_its_place(keep):
    take = read_session(keep()).take()
    alone = of_one_bot(take, "bass")
    assert onsets(alone, "bass") == onsets(take, "bass")
    assert not onsets(alone, "drums")
    assert alone.score == replace(take.score, strips=(take.score.strips[1],))
