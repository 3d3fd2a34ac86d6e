import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musebots.harmony import Chord, Key
from musebots.invention import invent_form
from musebots.progressions import ProgressionModel, chords_of

MODEL = ProgressionModel.shipped()
MODES_AND_STYLES = [(mode, style) for mode in ("major", "minor") for style in MODEL.styles(mode)]


def root_of(cell):
    return int(cell.split()[-1].split(":")[0])


def test_both_modes_know_folk_and_standards():
    assert [
        (mode, style) for mode in ("major", "minor") for style in ("folk", "standard")
    ] == MODES_AND_STYLES


@pytest.mark.parametrize(("mode", "style"), [*MODES_AND_STYLES, ("major", ""), ("minor", "odd")])
def test_what_follows_is_a_distribution(mode, style):
    for before, place in (((), 0), (("0:maj",), 1), (("2:min", "7:7"), 7), (("no", "idea"), 3)):
        chances = MODEL.probabilities(before, place, mode, style)
        assert math.isclose(sum(chances.values()), 1.0)
        assert min(chances.values()) > 0


def test_a_phrase_closes_in_its_eighth_bar_rather_than_in_its_fourth():
    home = [
        sum(p for c, p in MODEL.probabilities(("0:maj", "7:7"), place, "major").items()
            if root_of(c) == 0)
        for place in (3, 7)
    ]  # fmt: skip
    assert home[1] > home[0] + 0.1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_bars=st.integers(1, 20),
    what=st.sampled_from(MODES_AND_STYLES),
    ending=st.sampled_from(["closed", "open"]),
)
def test_a_progression_ends_as_it_should(seed, n_bars, what, ending):
    mode, style = what
    cells = MODEL.sampled(n_bars, Random(seed), mode=mode, style=style, ending=ending)
    assert len(cells) == n_bars
    assert root_of(cells[-1]) == (0 if ending == "closed" else 7)
    assert cells == MODEL.sampled(n_bars, Random(seed), mode=mode, style=style, ending=ending)
    assert all(len(set(cells[i : i + 3])) > 1 for i in range(n_bars - 2))


def test_seeds_think_of_different_progressions():
    tunes = {MODEL.sampled(8, Random(seed), style="standard") for seed in range(20)}
    assert len(tunes) > 15


def test_songs_are_counted_by_what_went_before():
    model = ProgressionModel.fitted([("major", "x", ("0:maj", "5:maj", "0:maj", "7:7"))] * 3)
    chances = model.probabilities(("0:maj", "5:maj"), 2, "major")
    assert max(chances, key=chances.get) == "0:maj"
    with pytest.raises(ValueError, match="n_bars must be >= 1"):
        model.sampled(0, Random(0))


def test_the_second_chord_of_a_waltz_bar_comes_on_its_third_beat():
    spans = chords_of(["0:maj 7:7"], Key(2), first_share=2 / 3)
    assert [chord for _, chord in spans] == [Chord(2), Chord(9, "7")]
    assert [bars for bars, _ in spans] == pytest.approx([2 / 3, 1 / 3])


@given(
    n_bars=st.integers(1, 300),
    seed=st.integers(0, 10**6),
    key=st.builds(Key, st.integers(0, 11), st.sampled_from(["major", "minor"])),
    bots=st.lists(st.sampled_from("abcdef"), unique=True, max_size=5),
)
def test_an_invented_form_fills_its_bars_and_somebody_always_plays(n_bars, seed, key, bots):
    form = invent_form(n_bars, Random(seed), key=key, bots=bots)
    assert sum(section.n_bars for section in form) == n_bars
    assert all(section.n_bars >= 1 for section in form)
    assert form[-1].key == form[0].key == key
    assert form == invent_form(n_bars, Random(seed), key=key, bots=bots)
    for section in form:
        assert not bots or set(section.tacet) < set(bots)
        assert 0 <= min(section.intensity, section.density) <= 1


def test_a_form_of_64_bars_has_an_intro_a_return_solos_and_an_ending():
    for seed in range(20):
        form = invent_form(64, Random(seed), key=Key(), bots=["x", "y", "z"])
        names = [section.name for section in form]
        assert names[0] == "intro"
        assert names[-1] == "ending"
        assert names.count("A") >= 3
        assert form[0].tacet
        assert any(section.solo for section in form)
        arc = [section.intensity for section in form]
        assert max(arc) > arc[0] + 0.3
        assert arc.index(max(arc)) not in (0, len(arc) - 1)


def test_the_same_section_has_the_same_key_throughout():
    keys = {}
    for section in invent_form(200, Random(4), key=Key(9, "minor"), bots=["x"]):
        assert keys.setdefault(section.name, section.key) == section.key
