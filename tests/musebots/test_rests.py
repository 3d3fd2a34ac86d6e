"""Who rests when: pure, with a band whose words all arrive."""

from dataclasses import replace

import numpy as np
import pytest

from musebots.form import Course, Section
from musebots.intents import Intent
from musebots.negotiation import Negotiation
from musebots.rests import may_rest
from musebots.timebase import MeterMap

BAR = 1920
METERS = MeterMap()
ROLES = {"tune": "melody", "low": "bass", "kit": "drums"}
N_BARS = 64
SEEDS = range(40)


def form(**changes):
    """AABA of eight bars, twice."""
    course = Course()
    for index, name in enumerate("AABAAABA"):
        section = Section(name, index * 8 * BAR, (index + 1) * 8 * BAR)
        course = course.joined(replace(section, **changes))
    return course


def plays(seed, *, course=None, readiness=None, roles=ROLES):
    """(3, n_bars): which of melody, bass and drums plays in a bar, on one beat at least."""
    course = course or form()
    rests = readiness or dict.fromkeys(roles, 1.0)
    bots = {bot_id: Negotiation(bot_id, seed, rests[bot_id]) for bot_id in roles}
    for bar in range(N_BARS):
        for bot in bots.values():
            for intent in bot.announcements(bar, roles, course, METERS, N_BARS * BAR):
                heard = Intent.read(intent.bot_id, intent.values(), -1)
                for other in bots.values():
                    other.intents.add(heard)
    return np.array(
        [
            [
                any(bot.activity(bar * BAR + beat * 480, course, METERS) for beat in range(4))
                for bar in range(N_BARS)
            ]
            for bot in bots.values()
        ]
    )


def test_all_three_play_as_often_as_in_real_bands_and_two_always():
    """Real: the middle half has all three in .53 to .92 of the bars; 25 % lack the melody."""
    played = np.array([plays(seed) for seed in SEEDS])
    n_playing = played.sum(axis=1)
    assert 0.7 < (n_playing == 3).mean() < 0.92
    assert n_playing.min() == 2
    silent = 1 - played.mean(axis=(0, 2))
    assert silent[0] > 0.08
    assert 0 < silent[1] < 0.05


def test_the_first_and_the_last_phrase_are_for_all():
    for seed in SEEDS:
        played = plays(seed)
        assert played[:, :4].all()
        assert played[:, -4:].all()


def test_the_theme_is_said_whole_at_first_but_for_a_bar():
    melody = np.array([plays(seed)[0, :8] for seed in SEEDS])
    assert (~melody).sum(axis=1).max() == 1


def test_the_lead_does_not_pause_for_long_twice_in_a_row():
    for seed in SEEDS:
        melody = plays(seed)[0].reshape(-1, 4)
        n_silent = (~melody).sum(axis=1)
        assert not ((n_silent[1:] > 1) & (n_silent[:-1] > 0)).any()


@pytest.mark.parametrize(
    "changes", [{"tacet": ("kit",)}, {"solo": "low"}, {"intensity": 0.8}], ids=str
)
def test_nobody_rests_where_the_piece_says_who_plays_or_is_at_its_most_intense(changes):
    course = form(**changes)
    assert not any(may_rest(bar, ROLES, course, METERS, None) for bar in range(0, N_BARS, 4))


def test_nobody_rests_in_a_duo():
    duo = {"tune": "melody", "low": "bass"}
    assert all(plays(seed, roles=duo).all() for seed in SEEDS)


def test_who_does_not_want_to_rest_plays_through():
    eager = {"tune": 0.0, "low": 1.0, "kit": 1.0}
    played = np.array([plays(seed, readiness=eager) for seed in SEEDS])
    assert played[:, 0].all()
    assert not played[:, 1].all()
    assert all(plays(seed, readiness=dict.fromkeys(ROLES, 0.0)).all() for seed in SEEDS)


def test_where_the_lead_pauses_the_others_do_more():
    for seed in SEEDS:
        course, heard = form(), []
        bots = {bot_id: Negotiation(bot_id, seed) for bot_id in ROLES}
        for bar in range(N_BARS):
            for bot in bots.values():
                for intent in bot.announcements(bar, ROLES, course, METERS, N_BARS * BAR):
                    heard.append(intent)
                    for other in bots.values():
                        other.intents.add(intent)
        masks = {(i.bot_id, i.from_tick): i.mask for i in heard if i.mask}
        for (bot_id, tick), mask in masks.items():
            if bot_id == "tune" and 0 in mask:
                others = [masks[other, tick] for other in ("low", "kit")]
                pairs = [(a, b) for other in others for a, b in zip(mask, other, strict=True)]
                assert all(other > 5 for lead, other in pairs if lead == 0)
