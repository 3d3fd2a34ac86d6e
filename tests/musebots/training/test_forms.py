"""What a band knows ahead is read from bars and chords alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musebots.harmony import Chord
from musebots.rnn.features import PLACES
from musebots.training.forms import others_density, places_in_section, recall_bars


def bars(symbols: str) -> list[Chord]:
    """One chord a bar of four steps."""
    return [chord for symbol in symbols.split() for chord in [Chord.parse(symbol)] * 4]


def test_a_repeated_section_comes_back_to_the_last_time() -> None:
    a, b = "C F G C Am F G C ", "Am Em Am Em F C G G "
    recalls = recall_bars(bars(a + a + b + a), 4)
    assert recalls.reshape(4, 8).tolist() == [[0] * 8, [8] * 8, [0] * 8, [16] * 8]


def test_four_bars_come_back_where_eight_do_not() -> None:
    recalls = recall_bars(bars("C F G C Am Dm G C " + "C F G C F F C C"), 4)
    assert recalls.tolist() == [0] * 8 + [8] * 4 + [0] * 4


def test_passages_begin_after_the_pickup() -> None:
    recalls = recall_bars(bars("G " + "C F G C " * 2), 4, first_bar=1)
    assert recalls.tolist() == [0] * 5 + [4] * 4


@given(chords=st.lists(st.sampled_from("CFG"), min_size=1, max_size=40), cut=st.integers(0, 40))
def test_a_recall_points_to_equal_chords_in_the_past(chords: list[str], cut: int) -> None:
    recalls = recall_bars([Chord.parse(symbol) for symbol in chords], 1)
    for bar, distance in enumerate(recalls):
        assert 0 <= distance <= bar
        assert chords[bar] == chords[bar - distance]


def test_the_first_and_last_bars_of_eight_have_their_places() -> None:
    places = [PLACES[place] for place in places_in_section(17, first_bar=1)]
    assert places[0] == ""
    assert places[1:9] == ["opening"] * 2 + ["inside"] * 5 + ["closing"]
    assert places[-1] == "final"
    assert PLACES[places_in_section(16, is_ended=False)[-1]] == "closing"


def test_the_others_are_heard_a_bar_late() -> None:
    density = others_density([0, 0, 4, 17, 99], 48, 16)
    assert np.isnan(density[:16]).all()
    assert density[16] == density[31] == 2 / 16
    assert density[32] == np.float32(1 / 16)
