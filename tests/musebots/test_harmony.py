from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.harmony import QUALITIES, Chord, ChordSpan, Harmony, Key, parse_chords, spans_from

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(list(QUALITIES)), st.integers(0, 11))


@given(chords)
def test_a_chord_symbol_reads_back_as_the_chord(chord):
    assert Chord.parse(str(chord)) == chord


@pytest.mark.parametrize(
    ("symbol", "pitch_classes"),
    [
        ("C", (0, 4, 7)),
        ("F#m7b5", (6, 9, 0, 4)),
        ("Bb7", (10, 2, 5, 8)),
        ("Ebmaj7/G", (3, 7, 10, 2)),
        ("Gsus4", (7, 0, 2)),
    ],
)
def test_chord_symbols_mean_what_players_mean(symbol, pitch_classes):
    assert Chord.parse(symbol).pitch_classes == pitch_classes


@pytest.mark.parametrize("symbol", ["", "H", "Cfoo", "C/", "C/Gx", "c"])
def test_a_symbol_that_is_no_chord_is_refused(symbol):
    with pytest.raises(ValueError, match=r"."):
        Chord.parse(symbol)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("C major", Key(0, "major")),
        ("F# minor", Key(6, "minor")),
        ("Bb", Key(10)),
        ("Am", Key(9, "minor")),
    ],
)
def test_keys_are_read_as_written(text, key):
    assert Key.parse(text) == key


def test_a_minor_key_shares_its_notes_with_the_relative_major():
    assert set(Key.parse("A minor").scale) == set(Key.parse("C major").scale)


def test_between_the_chords_the_last_one_holds_and_before_them_the_tonic():
    harmony = Harmony(Key(9, "minor"), (ChordSpan(480, 480, Chord(2)),))
    assert harmony.at_tick(0) == Chord(9, "min")
    assert harmony.at_tick(480) == harmony.at_tick(100_000) == Chord(2)


def test_the_next_change_skips_a_repeated_chord():
    spans = spans_from([(4.0, Chord(0)), (4.0, Chord(0)), (4.0, Chord(7))], 0)
    assert Harmony(Key(), spans).next_change(10) == (3840, Chord(7))
    assert Harmony(Key(), spans).next_change(3840) is None


def test_new_chords_replace_the_future_and_keep_the_past():
    harmony = Harmony(Key(), spans_from([(4.0, Chord(0)), (4.0, Chord(5))], 0))
    changed = harmony.replaced(Key(7), spans_from([(4.0, Chord(2))], 1920))
    assert changed.at_tick(0) == Chord(0)
    assert changed.at_tick(1920) == Chord(2)
    assert changed.key == Key(7)


def test_what_is_forgotten_is_only_what_lies_behind():
    harmony = Harmony(Key(), spans_from([(4.0, Chord(0)), (4.0, Chord(5)), (4.0, Chord(7))], 0))
    shorter = harmony.forgotten_before(2000)
    assert len(shorter.spans) == 2
    assert shorter.at_tick(2000) == Chord(5)


@given(st.lists(st.lists(chords, min_size=1, max_size=4), min_size=1, max_size=8))
def test_a_written_progression_lasts_as_long_as_its_bars(bars):
    text = " | ".join(" ".join(str(chord) for chord in bar) for bar in bars)
    if "|" not in text:
        text += " |"
    parsed = parse_chords(text, beats_per_bar=4.0)
    assert sum(beats for beats, _ in parsed) == pytest.approx(4.0 * len(bars))
    spans = spans_from(parsed, 0)
    assert all(a.tick + a.duration_ticks == b.tick for a, b in pairwise(spans))


def test_without_bars_every_chord_is_a_bar():
    assert parse_chords("C Am", beats_per_bar=3.0) == ((3.0, Chord(0)), (3.0, Chord(9, "min")))


def test_nothing_can_be_held_at_the_beginning():
    with pytest.raises(ValueError, match="holds the chord before"):
        parse_chords("% | C", beats_per_bar=4.0)
