"""Who plays now: pure, with a band whose words all arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.form import TURNS, Course, Section
from musebots.intents import USUAL, Intent, Intents
from musebots.negotiation import BEHIND_A_SOLO, SOLO, Negotiation, complement
from musebots.timebase import MeterMap

BAR = 1920
METERS = MeterMap()
ROLES = {"tune": "melody", "low": "bass", "kit": "drums"}
PLAN_ORDER = ("kit", "low", "tune")


def course_of(*parts):
    course, bar = Course(), 0
    for n_bars, solo, tacet in parts:
        course = course.joined(
            Section("A", bar * BAR, (bar + n_bars) * BAR, solo=solo, tacet=tacet)
        )
        bar += n_bars
    return course


def band(course, n_bars, seed=1):
    """Everybody plans bar after bar, and hears what was said before."""
    bots = {bot_id: Negotiation(bot_id, seed) for bot_id in ROLES}
    for bar in range(n_bars):
        for bot_id in PLAN_ORDER:
            for intent in bots[bot_id].announcements(bar, ROLES, course, METERS):
                heard = Intent.read(bot_id, intent.values(), -1)
                for other in bots.values():
                    other.intents.add(heard)
    return bots


def activities(bot, course, n_bars):
    return [bot.activity(beat * 480, course, METERS) for beat in range(4 * n_bars)]


def test_the_others_do_less_where_the_lead_is_busy_and_more_where_it_pauses():
    course = course_of((16, "", ()))
    bots = band(course, 16)
    tune, low = (activities(bots[bot_id], course, 16)[16:] for bot_id in ("tune", "low"))
    assert len(set(tune)) > 2
    for lead, other in zip(tune, low, strict=True):
        assert other == complement((lead,))[0]
        assert (lead > USUAL) <= (other <= USUAL)
    assert min(tune) < USUAL < max(low)


def test_in_the_first_phrase_nothing_has_been_agreed_yet():
    course = course_of((8, "", ()))
    assert activities(band(course, 8)["kit"], course, 4) == [USUAL] * 16


def test_a_soloist_leads_and_the_melody_rests():
    course = course_of((4, "", ()), (8, "low", ()))
    bots = band(course, 12)
    assert activities(bots["low"], course, 8)[16:32] == list(SOLO)
    assert activities(bots["tune"], course, 8)[16:32] == list(BEHIND_A_SOLO["melody"])
    assert activities(bots["kit"], course, 8)[16:32] == list(complement(SOLO))


@given(seed=st.integers(0, 2**32))
def test_solos_go_round_and_all_agree_on_them(seed):
    course = course_of((8, "", ()), (24, TURNS, ()), (24, TURNS, ()))
    bots = band(course, 56, seed)
    solos = {
        bot_id: [bot.soloist(bar, ROLES, course, METERS) for bar in range(8, 56, 8)]
        for bot_id, bot in bots.items()
    }
    assert solos["tune"] == solos["low"] == solos["kit"]
    assert set(solos["tune"][:3]) == set(solos["tune"][3:]) == set(ROLES)


def test_who_is_tacet_or_gone_gets_no_solo():
    course = course_of((8, "", ()), (24, TURNS, ("low",)))
    bots = band(course, 32)
    solos = {bots["kit"].soloist(bar, ROLES, course, METERS) for bar in range(8, 32)}
    assert solos == {"tune", "kit"}
    assert bots["kit"].soloist(8, {"low": "bass"}, course, METERS) == ""
    named = course_of((8, "sax", ()))
    assert bots["kit"].soloist(0, ROLES, named, METERS) == ""


def test_everything_is_said_a_bar_ahead():
    course = course_of((8, "", ()), (16, TURNS, ()))
    bot = Negotiation("tune", 1)
    for bar in range(24):
        for intent in bot.announcements(bar, ROLES, course, METERS):
            assert intent.from_tick >= (bar + 1) * BAR


def test_without_a_melody_the_bass_leads():
    roles = {"low": "bass", "kit": "drums"}
    bot = Negotiation("kit", 1)
    assert bot.leader(0, roles, course_of((8, "", ())), METERS) == "low"
    assert bot.leader(0, roles, course_of((8, "", ("low",))), METERS) == "kit"
    assert bot.leader(0, {}, Course(), METERS) == ""


def test_an_intent_of_another_musebot_is_about_the_next_phrase():
    intent = Intent.read("old", ("activityMask=9_0_12_x",), 7680)
    assert intent is None
    intent = Intent.read("old", ("pitchclassPool=0_4_7", "activityMask=9_0_12_3"), 7680)
    assert intent == Intent("old", 7680, (9,) * 4 + (0,) * 4 + (9,) * 4 + (3,) * 4)


@pytest.mark.parametrize(
    "values", [(), (1, 2.0), ("wish=nan",), ("wish=x",), ("from=1.5", "wish=1"), ("activityMask=",)]
)
def test_what_is_no_intent_is_ignored(values):
    assert Intent.read("x", values, 0) is None


@given(
    mask=st.lists(st.integers(0, 9), min_size=16, max_size=16).map(tuple),
    tick=st.integers(0, 2**31 - 1),
    wish=st.none() | st.integers(0, 99),
)
def test_an_intent_is_read_as_it_was_said(mask, tick, wish):
    said = Intent("x", tick, mask, None if wish is None else float(wish))
    assert Intent.read("x", said.values(), 0) == said


def test_what_was_said_long_ago_is_forgotten():
    intents = Intents()
    for tick in range(1000):
        intents.add(Intent("x", tick, (5,) * 16, 1.0))
    assert not intents.masks(0)
    assert not intents.wishes(0)
    assert intents.masks(999)
