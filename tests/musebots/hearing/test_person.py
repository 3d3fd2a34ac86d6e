"""A band that hears a person, on virtual time. Chance is seeded with 0."""

import numpy as np

from director.outputs.base import NoteOn
from musebots.hearing.habits import Habits
from musebots.hearing.tempo import TempoEar
from musebots.messages import Heard
from musebots.notes import Note
from musebots.offline import run_offline

from .players import accompanied, comping, played, seconds_of

ROOTS = {"C": 0, "Am": 9, "F": 5, "G": 7}


def test_a_band_follows_a_players_chords_within_a_beat_and_knows_them_the_second_time():
    progression = ["C", "Am", "F", "G"]
    rows = played(comping(" | ".join(progression), bars=16))
    notes, (_, person, _) = run_offline(accompanied(rows, bars=16, bots=("hello", "bass")))
    bars = [ROOTS[progression[bar % 4]] for bar in range(15)]
    for bar, root in enumerate(bars):
        played_by_bass = [
            (n.onset - 4 * bar, n.pitch % 12)
            for n in notes["bass"]
            if 4 * bar <= n.onset < 4 * bar + 4
        ]
        first = [pc for beat, pc in played_by_bass if beat >= (1.0 if bar < 8 else 0.0)][:2]
        assert root in first, (bar, played_by_bass)
        if bar >= 8:
            assert played_by_bass[0] == (0.0, root)
    roots = [n.pitch % 12 for n in notes["hello"]]
    assert roots[32:60] == [root for root in bars[8:] for _ in range(4)]
    assert str(person._ear.key) == "C major"


def test_the_key_is_followed_and_the_piece_comes_home_in_it():
    rows = played(comping("Bb | Gm | Eb | F", bars=15))
    notes, _ = run_offline(accompanied(rows, bars=16, bots=("hello", "melody")))
    assert notes["hello"][-1].pitch % 12 == 10
    late = [note.pitch % 12 for note in notes["melody"] if note.onset >= 32]
    assert np.mean([pc in {10, 0, 2, 3, 5, 7, 9} for pc in late]) > 0.9


def test_the_band_goes_with_the_players_tempo():
    rng, bpm = np.random.default_rng(0), lambda beat: float(np.interp(beat, [16, 80], [100, 120]))
    notes = comping("C | Am | F | G", bars=29, every=0.5)
    off = {note.onset: rng.normal(0.0, 0.015) for note in notes}
    seconds = seconds_of(bpm)
    rows = [
        (seconds(beat) + off[n.onset], n.pitch, velocity)
        for n in notes
        for beat, velocity in ((n.onset, n.velocity), (n.onset + n.duration, 0))
    ]
    rows.sort(key=lambda row: (row[0], row[2] > 0))
    _, (_, _, out) = run_offline(accompanied(rows, bars=28, tempo=True))
    ours = {e.tick // 480: e.seconds for e in out.events if isinstance(e, NoteOn)}
    off = [ours[beat] - seconds(beat) for beat in range(4, 28 * 4)]
    assert np.sqrt(np.mean(np.square(off))) < 0.025


def test_without_being_asked_to_the_tempo_stays():
    rows = played(comping("C | F", bars=8), bpm=110)
    _, (director, _, _) = run_offline(accompanied(rows, bars=8))
    assert len(director.clock.tempo_map.points) == 1


def test_a_pause_gives_the_beat_back_to_the_band():
    ear = TempoEar()
    for beat in range(8):
        ear.hear(beat * 0.5, float(beat), 120.0)
    assert ear.is_sure
    ear.hear(30.0, 60.07, 120.0)
    assert not ear.is_sure
    assert ear.last_beat == 60.0


def test_triplets_and_chord_notes_are_no_beats():
    ear = TempoEar()
    for beat in np.arange(0, 8, 1 / 3):
        for late in (0.0, 0.01):
            ear.hear(beat * 0.5 + late, float(beat), 120.0)
    assert abs(ear.bpm - 120.0) < 1.0


def test_who_plays_low_loud_and_busy_gets_a_high_loud_and_busy_band():
    habits = Habits()
    for bar in range(6):
        begun = [Note(bar * 4 + step / 4, 40, 0.2, 115) for step in range(0, 16, 2)]
        habits.hear(begun, n_beats=4.0)
    assert habits.knobs["density"] > 0.7
    assert habits.knobs["intensity"] > 0.75
    assert habits.knobs["register"] > 0.75
    assert habits.arousal > 0.9
    for _ in range(8):
        habits.hear([], n_beats=4.0)
    assert habits.knobs["density"] < 0.3


def test_the_others_hear_the_notes_pedal_and_all():
    async def session():
        rows = [(0.0, 60, 90), (0.3, 60, 0), (1.2, 64, 70), (2.4, 64, 0)]
        return await accompanied(rows, bars=4, bots=("bass",))

    _, (director, person, _) = run_offline(session())
    assert [n.pitch for n in person._played] == [60, 64]
    told = list(director.reception.retained.notes(["person"]))
    assert len(told) == 2
    assert Heard.address.encode() in told[0]
