import hashlib
import os
import sys
from collections import defaultdict
from itertools import accumulate

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.outputs.base import InstrumentChanged, Level, NoteOff, NoteOn, TempoChange
from director.outputs.midifile import MidiFileOutput
from director.outputs.smf import midi_file, tempo_steps
from director.score import Strip
from musebots.errors import ConfigError
from musebots.notes import Note
from musebots.timebase import PPQ, MeterMap, TempoMap, TempoPoint, TimeSignature


async def written(path, score, events):
    output = MidiFileOutput(path)
    await output.open(score)
    output.start(0.0)
    for event in events:
        output.send(event)
    await output.close()
    return mido.MidiFile(path)


def timed(track):
    """A track's messages with their absolute ticks."""
    ticks = accumulate(message.time for message in track)
    return list(zip(ticks, track, strict=True))


def notes_in(track):
    """The notes of a track; fails on an end without a beginning, a double beginning, a hang."""
    begun, notes = {}, []
    for tick, message in timed(track):
        if message.type == "note_on" and message.velocity > 0:
            assert message.note not in begun, f"{message.note} began twice at {tick}"
            begun[message.note] = (tick, message.velocity)
        elif message.type in ("note_off", "note_on"):
            onset, velocity = begun.pop(message.note)
            notes.append(Note.from_ticks(onset, message.note, tick - onset, velocity))
    assert not begun, f"{begun} hang"
    return sorted(notes)


def file_seconds(file, tick):
    """When a file's tempo events say that a tick falls."""
    seconds, at, tempo = 0.0, 0, 500_000
    for change, message in timed(file.tracks[0]):
        if message.type == "set_tempo":
            if change >= tick:
                break
            seconds += (change - at) * tempo / 1e6 / PPQ
            at, tempo = change, message.tempo
    return seconds + (tick - at) * tempo / 1e6 / PPQ


async def test_the_file_has_a_conductor_and_a_named_track_per_bot_with_its_own_notes(
    tmp_path, make_score, played, two_bars
):
    score = make_score(n_bars=2)
    file = await written(tmp_path / "x.mid", score, played(score, two_bars))

    assert (file.type, file.ticks_per_beat) == (1, PPQ)
    assert [track.name for track in file.tracks] == ["a test", "mel", "low", "kit"]
    for track in file.tracks[1:]:
        assert notes_in(track) == sorted(two_bars[track.name])
    assert {timed(track)[-1][0] for track in file.tracks} == {score.end_tick}


async def test_each_track_sets_program_volume_and_pan_before_its_first_note(
    tmp_path, make_score, played, two_bars
):
    score = make_score(n_bars=2)
    file = await written(tmp_path / "x.mid", score, played(score, two_bars))
    set_up = {}
    for track in file.tracks[1:]:
        kinds = [message.type for message in track]
        before = track[: kinds.index("note_on")]
        controls = {m.control: m.value for m in before if m.type == "control_change"}
        programs = [(m.channel, m.program) for m in before if m.type == "program_change"]
        set_up[track.name] = (*programs, controls)
    assert set_up == {
        "mel": ((0, 11), {7: 107, 10: 32}),
        "low": ((1, 33), {7: 127, 10: 64}),
        "kit": ((9, 0), {7: 90, 10: 80}),
    }


async def test_another_instrument_is_another_program(tmp_path, make_score):
    change = InstrumentChanged(480, 0.5, "mel", 0, "flute", 72)
    file = await written(tmp_path / "x.mid", make_score(), [change])
    (track,) = (track for track in file.tracks if track.name == "mel")
    assert [m.program for m in track if m.type == "program_change"] == [11, 72]


async def test_a_large_band_goes_on_at_the_next_port_of_the_file(tmp_path, make_score, played):
    symusic = pytest.importorskip("symusic", reason="symusic is in the test extra")
    strips = tuple(Strip(f"b{n}", "guest", channel=n, program=n) for n in range(40))
    score = make_score(n_bars=2, strips=strips)
    notes = {strip.bot_id: [Note.from_ticks(0, 60, 480, 90)] for strip in strips}
    file = await written(tmp_path / "x.mid", score, played(score, notes))
    for n, track in enumerate(file.tracks[1:]):
        assert notes_in(track) == notes[f"b{n}"]
        assert {m.channel for m in track if not m.is_meta} == {n % 16}
        ports = [m.port for m in track if m.type == "midi_port"]
        assert ports == ([n // 16] if n >= 16 else [])
    read = symusic.Score(str(tmp_path / "x.mid"))
    assert [len(track.notes) for track in read.tracks] == [1] * 40


async def test_another_reader_finds_the_same_notes(tmp_path, make_score, played, two_bars):
    symusic = pytest.importorskip("symusic", reason="symusic is in the test extra")
    score = make_score(n_bars=2)
    await written(tmp_path / "x.mid", score, played(score, two_bars))
    read = symusic.Score(str(tmp_path / "x.mid"))
    assert read.ticks_per_quarter == PPQ
    tracks = {track.name: track for track in read.tracks}
    for bot_id, notes in two_bars.items():
        found = sorted((n.time, n.pitch, n.duration, n.velocity) for n in tracks[bot_id].notes)
        assert found == sorted(
            (n.onset_ticks, n.pitch, n.duration_ticks, n.velocity) for n in notes
        )
        assert tracks[bot_id].is_drum == (bot_id == "kit")


RAMPS = TempoMap(
    (
        TempoPoint(0, 90, is_ramp=True),
        TempoPoint(8 * PPQ, 160),
        TempoPoint(12 * PPQ + 7, 75.3, is_ramp=True),
        TempoPoint(21 * PPQ + 11, 50),
    )
)


async def test_a_tempo_ramp_agrees_with_the_tempo_map_at_every_bar(tmp_path, make_score):
    score = make_score(n_bars=8, tempo_map=RAMPS)
    file = await written(tmp_path / "x.mid", score, [])
    for bar in range(1, 9):
        tick = score.meter_map.bar_tick(bar)
        assert file_seconds(file, tick) == pytest.approx(RAMPS.seconds_at(tick), abs=1e-4)


@given(
    st.lists(
        st.tuples(st.integers(1, 4000), st.floats(20, 300), st.booleans()), min_size=1, max_size=6
    )
)
def test_tempo_steps_keep_time_to_a_tenth_of_a_millisecond_a_beat(parts):
    ticks = [0, *accumulate(length for length, _, _ in parts[:-1])]
    points = [
        TempoPoint(tick, bpm, is_ramp=is_ramp and n < len(parts) - 1)
        for n, (tick, (_, bpm, is_ramp)) in enumerate(zip(ticks, parts, strict=True))
    ]
    tempo_map, end_tick = TempoMap(tuple(points)), sum(length for length, _, _ in parts)
    steps = tempo_steps(tempo_map, end_tick)
    seconds, ends = 0.0, [tick for tick, _ in steps[1:]] + [end_tick]
    for (tick, microseconds), end in zip(steps, ends, strict=True):
        seconds += (end - tick) * microseconds / 1e6 / PPQ
        # A ramp's last step may reach past the end of the music: compare where steps begin.
        if end < end_tick:
            assert seconds == pytest.approx(tempo_map.seconds_at(end), abs=1e-4 * (1 + end / PPQ))


async def test_a_tempo_change_while_playing_replaces_the_map_and_not_the_notes(
    tmp_path, make_score, played
):
    score = make_score(n_bars=4)
    notes = {"mel": [Note(beat, 60, 0.5) for beat in range(16)]}
    faster = score.tempo_map.with_change(4 * PPQ, 200, ramp_ticks=4 * PPQ)
    events = played(score, notes)
    events.insert(10, TempoChange(4 * PPQ, 2.0, faster))
    file = await written(tmp_path / "x.mid", score, events)
    assert notes_in(file.tracks[1]) == notes["mel"]
    for bar in range(5):
        tick = score.meter_map.bar_tick(bar)
        assert file_seconds(file, tick) == pytest.approx(faster.seconds_at(tick), abs=1e-4)


async def test_meter_and_key_changes_stand_at_their_bars(tmp_path, make_score):
    meter = MeterMap(((0, TimeSignature(3, 4)), (2, TimeSignature(6, 8)), (50, TimeSignature())))
    score = make_score(n_bars=6, meter_map=meter, keys=("A minor", "A minor", "Eb major"))
    track = timed((await written(tmp_path / "x.mid", score, [])).tracks[0])
    meters = [
        (tick, m.numerator, m.denominator, m.clocks_per_click)
        for tick, m in track
        if m.type == "time_signature"
    ]
    assert meters == [(0, 3, 4, 24), (2 * 3 * PPQ, 6, 8, 36)]
    keys = [(tick, m.key) for tick, m in track if m.type == "key_signature"]
    assert keys == [(0, "Am"), (meter.bar_tick(4), "Eb")]
    assert [m.text for _, m in track if m.type == "marker"] == ["A", "B", "C"]


async def test_levels_become_controllers_at_their_ticks_and_only_when_they_change(
    tmp_path, make_score
):
    levels = [
        Level(-960, -1.0, "low", 1, 1.0, 0.0),  # during the count-in, as the strip has it
        Level(480, 0.5, "low", 1, 0.25, 0.0),
        Level(490, 0.51, "low", 1, 0.25, 0.0),
        Level(960, 1.0, "low", 1, 4.0, 1.0),
    ]
    file = await written(tmp_path / "x.mid", make_score(), levels)
    controls = [
        (tick, m.control, m.value) for tick, m in timed(file.tracks[2]) if tick and not m.is_meta
    ]
    assert controls == [(480, 7, 64), (960, 7, 127), (960, 10, 127)]


async def test_equal_ticks_keep_the_order_in_which_they_came(tmp_path, make_score):
    events = [
        NoteOn(0, 0.0, "mel", 0, 64, 90),
        NoteOff(480, 0.5, "mel", 0, 64),
        NoteOn(480, 0.5, "mel", 0, 60, 90),
        NoteOn(480, 0.5, "mel", 0, 64, 90),
        NoteOff(960, 1.0, "mel", 0, 60),
        NoteOff(960, 1.0, "mel", 0, 64),
    ]
    file = await written(tmp_path / "x.mid", make_score(), events)
    at_480 = [(m.type, m.note) for tick, m in timed(file.tracks[1]) if tick == 480]
    assert at_480 == [("note_off", 64), ("note_on", 60), ("note_on", 64)]


async def test_notes_that_still_sound_when_it_closes_are_ended(tmp_path, make_score):
    score = make_score(n_bars=4)
    file = await written(tmp_path / "x.mid", score, [NoteOn(960, 1.0, "low", 1, 40, 90)])
    assert notes_in(file.tracks[2]) == [Note.from_ticks(960, 40, score.end_tick - 960)]


async def test_after_a_panic_the_file_ends_there_with_every_note_ended(
    tmp_path, make_score, event_loop_time
):
    path = tmp_path / "x.mid"
    output = MidiFileOutput(path)
    await output.open(make_score(n_bars=400))
    output.start(event_loop_time() - 100.0)  # 100 s at 120 bpm: tick 96000
    output.send(NoteOn(95_000, 98.96, "mel", 0, 60, 90))
    output.send(NoteOn(10**6, 1041.0, "mel", 0, 72, 90))  # committed, but not to be heard
    output.panic()
    await output.close()
    (note,) = notes_in(mido.MidiFile(path).tracks[1])
    assert note.pitch == 60
    end_tick = note.onset_ticks + note.duration_ticks
    assert 96_000 <= end_tick < 10**6
    assert timed(mido.MidiFile(path).tracks[0])[-1][0] == end_tick


async def test_an_end_without_a_note_is_left_out_and_a_doubled_note_is_ended_first(
    tmp_path, make_score
):
    events = [
        NoteOff(10, 0.0, "mel", 0, 50),
        NoteOn(100, 0.1, "mel", 0, 60, 90),
        NoteOn(200, 0.2, "mel", 0, 60, 91),
        NoteOff(300, 0.3, "mel", 0, 60),
    ]
    file = await written(tmp_path / "x.mid", make_score(), events)
    assert notes_in(file.tracks[1]) == [
        Note.from_ticks(100, 60, 100, 90),
        Note.from_ticks(200, 60, 100, 91),
    ]


@st.composite
def event_streams(draw):
    """Any events at all, one at a tick."""
    ticks = sorted(draw(st.sets(st.integers(0, 4000), max_size=40)))
    events = []
    for tick in ticks:
        pitch, bot_id = draw(st.integers(58, 62)), draw(st.sampled_from(["mel", "low", "new"]))
        channel = {"mel": 0, "low": 1, "new": 5}[bot_id]
        if draw(st.booleans()):
            events.append(NoteOn(tick, tick / 960, bot_id, channel, pitch, 80))
        else:
            events.append(NoteOff(tick, tick / 960, bot_id, channel, pitch))
    return events


@given(event_streams())
def test_whatever_is_sent_no_note_is_lost_hangs_or_overlaps(make_score_module, events):
    file = midi_file(make_score_module(), events)
    found = defaultdict(int)
    for track in file.tracks[1:]:
        found[track.name] += len(notes_in(track))  # which fails on hangs and overlaps
    sent = defaultdict(int)
    for event in events:
        if isinstance(event, NoteOn):
            sent[event.bot_id] += 1
    assert {bot: n for bot, n in found.items() if n} == dict(sent)


async def test_the_same_music_gives_the_same_bytes(tmp_path, make_score, played, two_bars):
    score, digests = make_score(n_bars=2, tempo_map=RAMPS), set()
    for name in ("a.mid", "b.mid"):
        await written(tmp_path / name, score, played(score, two_bars))
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


async def test_names_that_midi_cannot_hold_are_written_with_question_marks(tmp_path, make_score):
    file = await written(tmp_path / "x.mid", make_score(title="Żółć ♪ été"), [])
    assert file.tracks[0].name == "?ó?? ? été"


@pytest.mark.parametrize("where", ["missing/x.mid", "."])
async def test_a_path_that_cannot_be_written_is_refused_before_the_music(
    tmp_path, make_score, where
):
    with pytest.raises(ConfigError, match="cannot write") as caught:
        await MidiFileOutput(tmp_path / where).open(make_score())
    assert caught.value.exit_code == 2
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows may write everywhere"
)
async def test_a_folder_without_permission_is_refused_before_the_music(tmp_path, make_score):
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="cannot write"):
        await MidiFileOutput(tmp_path / "x.mid").open(make_score())


async def test_opening_leaves_nothing_and_keeps_the_file_that_is_there(tmp_path, make_score):
    path = tmp_path / "x.mid"
    path.write_bytes(b"an older take")
    output = MidiFileOutput(path)
    await output.open(make_score())
    assert os.listdir(tmp_path) == ["x.mid"]
    output.abort()
    await output.close()
    assert path.read_bytes() == b"an older take"


async def test_a_failure_while_writing_leaves_no_half_file(tmp_path, make_score, monkeypatch):
    path = tmp_path / "x.mid"
    output = MidiFileOutput(path)
    await output.open(make_score())

    def full_disk(file, target):
        target.write_bytes(b"MThd")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mido.MidiFile, "save", full_disk)
    with pytest.raises(ConfigError, match="No space left"):
        await output.close()
    assert os.listdir(tmp_path) == []
