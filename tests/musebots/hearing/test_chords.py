"""Chords and key of somebody who plays. Real music where it is there; chance is seeded with 0."""

import numpy as np
import pytest

from musebots.harmony import Chord, Key
from musebots.hearing.chords import ChordEar, predicted
from musebots.hearing.estimate import chroma_of, estimate_chords, estimate_key
from musebots.notes import Note

from .players import comping, pitched_notes, recorded


def heard(ear, notes, n_cells, cell_beats=2.0):
    """Per cell: what was expected before it, what was heard after 5/8 of a beat, and at its end."""
    rows = []
    for index in range(n_cells):
        start, expected, found = index * cell_beats, ear.next_chord, []
        for now in (start + 0.625, start + 1.125, start + cell_beats - 0.01):
            ear.listen(
                start, now, [n for n in notes if n.onset < now and n.onset + n.duration > start]
            )
            found.append(ear.chord)
        rows.append((expected, found[0], found[-1]))
    return rows


def names(chords):
    return " ".join(str(chord) for chord in chords)


def test_comped_chords_are_heard_within_a_beat_and_expected_from_the_second_time_on():
    rows = heard(ChordEar(Key()), comping("Dm7 | G7 | C | Am", bars=12), 24)
    assert names(row[1] for row in rows[:8:2]) == "Dm7 G7 C Am"
    assert names(row[0] for row in rows[11:]) == names(row[2] for row in rows[11:])


def test_a_melody_over_a_held_chord_does_not_change_it():
    chord = [Note(bar * 4.0, pitch, 4.0, 70) for bar in range(4) for pitch in (48, 60, 64, 67)]
    scale = [
        Note(beat, 72 + step, 0.5, 70) for beat, step in enumerate([0, 2, 4, 5, 7, 9, 11, 12] * 2)
    ]
    rows = heard(ChordEar(Key()), sorted(chord + scale), 8)
    assert {chord.root_pc for _, _, chord in rows} == {0}


def test_silence_and_a_single_note_say_nothing():
    ear = ChordEar(Key())
    heard(ear, [Note(0.0, 60, 1.0, 80)], 4)
    assert ear.chord is None
    assert ear.next_chord is None


def test_the_key_is_found_and_a_passing_chord_does_not_move_it():
    ear = ChordEar(Key())
    heard(ear, comping("Eb | Cm | Ab | Bb7", bars=12), 24)
    assert ear.key == Key.parse("Eb major")
    heard(ear, [Note(n.onset + 48, n.pitch, n.duration, 80) for n in comping("D7", bars=1)], 25)
    assert ear.key == Key.parse("Eb major")


def test_what_follows_is_what_followed_the_longest_stretch_that_is_like_the_present():
    c, f, g, a = (Chord.parse(name) for name in ["C", "F", "G", "Am"])
    assert predicted([c, f, g, a, c, f, g]) == a
    assert predicted([c, f]) is None
    assert predicted([a, c, f, g, c, a, f, c, f, g]) == c


@pytest.fixture(scope="module")
def performances():
    """Eight multitrack pieces in 4/4: all that is pitched, as one player has it."""
    return [pitched_notes(data) for data in recorded(8)]


def test_roots_of_real_music_are_those_that_the_whole_piece_shows(performances):
    right = np.zeros(3)
    n_cells = 0
    for notes in performances:
        edges = np.arange(0, min(128, notes[-1].onset // 4 * 4) + 1, 2.0)
        chroma = chroma_of([(n.onset, n.duration, n.pitch) for n in notes], edges)
        truth = estimate_chords(chroma, estimate_key(chroma.sum(axis=0)))
        rows = heard(ChordEar(Key()), notes, len(truth))
        for row, real in zip(rows, truth, strict=True):
            right += [chord is not None and chord.root_pc == real.root_pc for chord in row]
        n_cells += len(truth)
    expected, early, late = right / n_cells
    assert n_cells > 300
    assert late > 0.75
    assert early > 0.65
    assert expected > 0.5
