"""How a bot leans: what it is told, what holds at a tick, what it tells. Pure."""

import json

import pytest

from musebots.form import Section
from musebots.generators import Pull
from musebots.leaning import Leaning
from musebots.messages import Fader, Policy, Steer


class Steerable:
    """A generator that says what steering did to its last step."""

    n_units, alpha_range = 1, (-0.25, 0.5)
    divergence, expected_surprise = 0.02, (1.1, 1.0)


@pytest.fixture
def leaning():
    made = Leaning("melody")
    made.follow(Steerable())
    return made


def test_hand_band_policy_and_section_add_up_on_the_scale_of_the_direction(leaning):
    section = Section("A", 0, 7680, faders=(("", 0.1), ("melody", 0.1), ("bass", 0.9)))
    for message in (Fader("", 0.2), Fader("melody", 0.3), Steer("melody", 0.1, 0)):
        assert leaning.take(message, 0)
    assert leaning.value_at(0, section) == pytest.approx(0.8)
    assert leaning.alpha_at(0, section) == pytest.approx(0.4)
    leaning.take(Fader("melody", -1.0), 0)
    assert leaning.alpha_at(0, section) == pytest.approx(-0.125)


def test_at_once_means_the_first_step_that_is_open_and_a_stamped_move_its_tick(leaning):
    leaning.take(Fader("melody", 0.5), 480)
    leaning.take(Fader("", 0.5, 960), 480)
    assert [leaning.value_at(tick, None) for tick in (479, 480, 960)] == [0.0, 0.5, 1.0]


def test_what_is_said_again_is_no_news(leaning):
    assert leaning.take(Fader("melody", 0.5), 0)
    assert not leaning.take(Fader("melody", 0.5), 480)


def test_off_holds_from_where_it_is_open_and_for_all_of_it(leaning):
    leaning.take(Fader("melody", 0.5), 0)
    details = json.dumps({"units": [1], "gain": 2.0, "end_tick": 9600, "repeat": [0, 480]})
    leaning.take(Steer("melody", 0.0, 960, details), 0)
    leaning.take(Policy("off"), 1000)
    assert (leaning.value_at(999, None), leaning.value_at(1000, None)) == (0.5, 0.0)
    assert (leaning.pull_at(999), leaning.pull_at(1000)) == (Pull((1,), 2.0), None)
    assert (leaning.source_of(960), leaning.source_of(1000)) == (0, None)


def test_a_passage_comes_back_once_from_its_tick_on(leaning):
    leaning.take(Steer("melody", 0.0, 7680, json.dumps({"repeat": [3840, 7680]})), 0)
    assert leaning.source_of(7679) is None
    assert leaning.source_of(7680) == 3840
    assert leaning.source_of(11519) == 7679
    assert leaning.source_of(11520) is None


def test_a_bar_is_told_only_where_something_was_asked_for(leaning):
    leaning.observe(0, None)
    assert leaning.told(0, 1920) is None
    leaning.take(Fader("melody", 1.0), 0)
    for tick in range(0, 1920, 120):
        leaning.observe(tick, None)
    told = leaning.told(0, 1920)
    assert (told.value, told.alpha, told.share) == (1.0, 0.5, 1.0)
    assert told.kl == pytest.approx(0.02, abs=1e-4)
    assert told.cost == pytest.approx(1.1, abs=1e-4)


def test_the_gate_is_judged_before_a_bar_and_holds_from_it_on(leaning):
    leaning.take(Fader("melody", 1.0), 0)
    Steerable.divergence = 0.4
    try:
        for tick in range(0, 1920, 120):
            leaning.observe(tick, None)
    finally:
        Steerable.divergence = 0.02
    action = leaning.judge(1920)
    assert action.what == "steered 0.5 of the way"
    assert "0.40 nats" in action.why
    assert (leaning.alpha_at(1919, None), leaning.alpha_at(1920, None)) == (0.5, 0.25)


def test_all_of_it_can_be_kept_and_taken_up(leaning):
    details = json.dumps({"units": [4], "gain": 0.0, "end_tick": 9600, "repeat": [0, 480]})
    for message in (Fader("", 0.2), Steer("melody", 0.4, 960, details)):
        leaning.take(message, 0)
    for tick in range(0, 1920, 120):
        leaning.observe(tick, None)
    leaning.judge(1920)
    other = Leaning("melody")
    other.follow(Steerable())
    other.restore(leaning.snapshot())
    assert other.snapshot() == leaning.snapshot()
    assert other.alpha_at(2000, None) == leaning.alpha_at(2000, None)


def test_a_generator_without_a_range_cannot_be_steered():
    leaning = Leaning("melody")
    leaning.follow(object())
    leaning.take(Fader("melody", 1.0), 0)
    assert not leaning.is_steerable
    assert leaning.alpha_at(0, None) == 0.0
