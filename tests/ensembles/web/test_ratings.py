"""Words on phrases: what is kept, and what is meant by them."""

import csv
import io
import sqlite3

import pytest

from ensembles.web.member import PageMember
from ensembles.web.rating import Rater
from ensembles.web.ratings import COLUMNS, PhraseRating, Ratings, read_phrase_ratings
from musebots import messages as m
from musebots.form import Section

BAR = 1920


def rating(value=1, rater="ada", bot="bass", first=0):
    return PhraseRating(1.0, "trio-1", rater, bot, value, first, first + 4 * BAR, 0, 3, "n", 0.5,
                        "fader")  # fmt: skip


def test_what_is_kept_is_read_back(tmp_path):
    table = Ratings(tmp_path / "session" / "r.sqlite")
    table.add(rating())
    table.add(rating(-1, first=4 * BAR))
    assert read_phrase_ratings(tmp_path / "session" / "r.sqlite") == [
        rating(), rating(-1, first=4 * BAR)
    ]  # fmt: skip


def test_who_rates_again_takes_the_earlier_word_back_but_it_is_not_lost(tmp_path):
    path = tmp_path / "r.sqlite"
    table = Ratings(path)
    table.add(rating(1))
    table.add(rating(-1))
    table.add(rating(0, rater="bob"))
    assert read_phrase_ratings(path) == [rating(-1), rating(0, rater="bob")]
    table.take_back("ada", "bass", 0)
    assert read_phrase_ratings(path) == [rating(0, rater="bob")]
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT COUNT(*) FROM phrase_ratings").fetchone() == (3,)
    raw.close()


def test_the_csv_holds_what_holds(tmp_path):
    table = Ratings(tmp_path / "r.sqlite")
    assert table.csv().splitlines() == [",".join(COLUMNS)]
    table.add(rating())
    (row,) = csv.DictReader(io.StringIO(table.csv()))
    assert (row["bot_id"], row["value"], row["fader"]) == ("bass", "1", "0.5")


@pytest.mark.parametrize("change", [{"value": 2}, {"value": -2}, {"first_tick": -1}])
def test_a_rating_that_makes_no_sense_is_refused(change):
    with pytest.raises(ValueError, match=r"rating|phrase"):
        PhraseRating(**{**dict(zip(COLUMNS, _values(), strict=True)), **change})


def _values():
    return (1.0, "s", "ada", "bass", 1, 0, BAR, 0, 0, "", 0.0, "")


async def member_of(path):
    member = PageMember.make("page")
    member.stage.put("session", {"recording": "sessions/trio-7.mid", "ratings": str(path)})
    member.clock.end_tick = 16 * BAR
    for start in (0, 8 * BAR):
        member.on_message(m.Form.of(Section("A", start, start + 8 * BAR)))
    return member


async def test_a_word_says_what_was_heard(tmp_path):
    member = await member_of(tmp_path / "r.sqlite")
    member.on_message(m.Policy("nudge"))
    member.on_message(m.Steered("bass", 4 * BAR, 5 * BAR, 0.5, 0.4, 0.01, 1.0))
    member.on_message(m.Steered("bass", 9 * BAR, 10 * BAR, -1.0, 0.4, 0.01, 1.0))
    rater = Rater(member)
    rater.take(m.Rating("bass", 1, 4 * BAR, 8 * BAR, "ada"))
    (kept,) = read_phrase_ratings(tmp_path / "r.sqlite")
    assert (kept.session, kept.first_bar, kept.last_bar) == ("trio-7", 4, 7)
    assert (kept.fader, kept.policy) == (0.5, "nudge")
    assert member.stage.fact(f"rating/bass/{4 * BAR}/ada")["value"] == 1
    rater.take(m.Rating("bass", 9, 4 * BAR, 8 * BAR, "ada"))
    assert read_phrase_ratings(tmp_path / "r.sqlite") == []
    assert member.stage.fact(f"rating/bass/{4 * BAR}/ada") is None


async def test_a_band_that_agrees_to_end_ends_on_the_page(tmp_path):
    member = await member_of(tmp_path / "r.sqlite")
    member.on_message(m.Ending(8 * BAR))
    facts = member.stage.fact("session")
    assert (facts["end_tick"], facts["n_bars"], facts["recording"]) == (
        8 * BAR, 8, "sessions/trio-7.mid",
    )  # fmt: skip


@pytest.mark.parametrize(("beats", "first"), [(0, 0), (18, 0), (33, 4), (52, 8)])
async def test_without_ticks_the_last_phrase_that_has_ended_is_meant(tmp_path, beats, first):
    member = await member_of(tmp_path / "r.sqlite")
    now = member.clock.tempo_map.seconds_at(beats * 480)
    member.clock.start(member._loop.time() - now)
    Rater(member).take(m.Rating("", 0))
    (kept,) = read_phrase_ratings(tmp_path / "r.sqlite")
    assert (kept.first_bar, kept.last_bar) == (first, first + 3)


async def test_nonsense_is_refused_and_nothing_is_kept(tmp_path):
    member = await member_of(tmp_path / "r.sqlite")
    rater = Rater(member)
    for wrong in (
        m.Rating("", 5, 0, BAR),
        m.Rating("", 1, BAR, 0),
        m.Rating("", 1, 0, BAR, "x" * 99),
    ):
        with pytest.raises(ValueError, match=r"rating|phrase|name"):
            rater.take(wrong)
    assert not (tmp_path / "r.sqlite").exists()
