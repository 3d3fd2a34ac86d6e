from itertools import pairwise

import pytest

from director.score import SectionTemplate, lay_out
from musebots.harmony import Chord, Key, parse_chords
from musebots.timebase import MeterMap, TimeSignature


def template(name, bars, chords, key="C major", beats_per_bar=4.0):
    return SectionTemplate(
        name, bars, parse_chords(chords, beats_per_bar=beats_per_bar), Key.parse(key)
    )


A = template("A", 4, "C | Am | F | G")
B = template("B", 2, "Dm7 | G7")


def test_sections_follow_each_other_without_a_gap_and_start_over():
    passages = lay_out([A, B], n_bars=14, meter_map=MeterMap())
    assert [p.section.name for p in passages] == ["A", "B", "A", "B", "A"]
    ends = [p.section.end_tick for p in passages]
    starts = [p.section.start_tick for p in passages]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == 14 * 1920


@pytest.mark.parametrize("n_bars", [1, 3, 5, 8, 16])
def test_chords_cover_every_tick_and_the_last_bar_comes_home(n_bars):
    passages = lay_out([A, B], n_bars=n_bars, meter_map=MeterMap())
    spans = [span for passage in passages for span in passage.spans]
    assert spans[0].tick == 0
    for before, after in pairwise(spans):
        assert before.tick + before.duration_ticks == after.tick
    assert spans[-1].tick + spans[-1].duration_ticks == n_bars * 1920
    assert spans[-1].tick == (n_bars - 1) * 1920
    assert spans[-1].chord == Chord(0)


def test_a_minor_piece_comes_home_to_minor():
    minor = template("A", 4, "Am | Dm | E7 | Am", key="A minor")
    assert lay_out([minor], n_bars=4, meter_map=MeterMap())[-1].spans[-1].chord == Chord(9, "min")


def test_bars_are_as_long_as_their_time_signature():
    waltz = template("W", 2, "C | G", beats_per_bar=3.0)
    passages = lay_out([waltz], n_bars=4, meter_map=MeterMap.constant(TimeSignature(3, 4)))
    assert passages[-1].section.end_tick == 4 * 3 * 480


@pytest.mark.parametrize(("templates", "n_bars"), [([], 4), ([A], 0)])
def test_nothing_to_play_is_refused(templates, n_bars):
    with pytest.raises(ValueError, match=r"section|n_bars"):
        lay_out(templates, n_bars=n_bars, meter_map=MeterMap())
